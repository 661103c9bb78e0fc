import fc from 'fast-check';

import { PartPlanner, positionsOf, RequestTooLargeError } from '../../../nodes/jsonl/split';
import type { RequestSize } from '../../../nodes/jsonl/split';

function plan(requests: RequestSize[], limits = {}) {
	const planner = new PartPlanner(limits);
	const indexes = requests.map((request) => planner.add(request));
	return { indexes, parts: planner.parts };
}

describe('PartPlanner', () => {
	it('keeps everything in one part within the limits', () => {
		const { indexes, parts } = plan([{ bytes: 10 }, { bytes: 20, embeddingInputs: 3, tokens: 7 }]);
		expect(indexes).toEqual([0, 0]);
		expect(parts).toEqual([
			{
				model: undefined,
				requests: 2,
				bytes: 30,
				embeddingInputs: 3,
				tokens: 7,
				rowBytes: 0,
				ranges: [0, 1],
			},
		]);
	});

	it('has no parts without requests', () => {
		expect(plan([]).parts).toEqual([]);
	});

	it('cuts at 50,000 requests by default', () => {
		const { parts } = plan(Array.from({ length: 50_001 }, () => ({ bytes: 1 })));
		expect(parts.map((part) => part.ranges)).toEqual([
			[0, 49_999],
			[50_000, 50_000],
		]);
	});

	it('cuts at 209,715,200 bytes by default, and fills them exactly', () => {
		const bytes = 104_857_600;
		expect(plan([{ bytes }, { bytes }, { bytes: 1 }]).indexes).toEqual([0, 0, 1]);
	});

	it('cuts at 50,000 embedding inputs by default', () => {
		const requests = Array.from({ length: 26 }, () => ({ bytes: 1, embeddingInputs: 2_000 }));
		expect(plan(requests).parts.map((part) => part.requests)).toEqual([25, 1]);
	});

	it('cuts at estimated tokens only when asked', () => {
		const requests = [
			{ bytes: 1, tokens: 6e9 },
			{ bytes: 1, tokens: 6e9 },
		];
		expect(plan(requests).indexes).toEqual([0, 0]);
		expect(plan(requests, { maxTokens: 1e10 }).indexes).toEqual([0, 1]);
	});

	it('keeps the limit where the size of a request is no number', () => {
		const requests = [NaN, 60, 60].map((tokens) => ({ bytes: 1, tokens }));
		expect(plan(requests, { maxTokens: 100 }).indexes).toEqual([0, 1, 2]);
	});

	it('gives each model its own part, which another model does not close', () => {
		const models = ['a', 'b', 'a', 'a', 'c', 'b', 'a'];
		const { indexes, parts } = plan(models.map((model) => ({ bytes: 1, model })));
		expect(indexes).toEqual([0, 1, 0, 0, 2, 1, 0]);
		expect(parts.map((part) => part.model)).toEqual(['a', 'b', 'c']);
		expect(parts[0].ranges).toEqual([0, 0, 2, 3, 6, 6]);
		expect([...positionsOf(parts[0])]).toEqual([0, 2, 3, 6]);
	});

	it('opens the next part of a model behind the parts that are there', () => {
		const models = ['a', 'b', 'a', 'b', 'a'];
		const { indexes } = plan(
			models.map((model) => ({ bytes: 1, model })),
			{ maxRequests: 2 },
		);
		expect(indexes).toEqual([0, 1, 0, 1, 2]);
	});

	it.each([
		['bytes', { maxBytes: 9 }, 10, 9],
		['embeddingInputs', { maxEmbeddingInputs: 4 }, 5, 4],
		['tokens', { maxTokens: 2 }, 3, 2],
	])('refuses a single request over the limit of %s', (measure, limits, value, max) => {
		const planner = new PartPlanner(limits);
		planner.add({ bytes: 1 });
		const add = () => planner.add({ bytes: 10, embeddingInputs: 5, tokens: 3 });
		expect(add).toThrow(RequestTooLargeError);
		try {
			new PartPlanner(limits).add({ bytes: 10, embeddingInputs: 5, tokens: 3 });
		} catch (error) {
			expect(error).toMatchObject({ position: 0, measure, value, max });
		}
		expect(planner.add({ bytes: 1 })).toBe(0);
		expect([...positionsOf(planner.parts[0])]).toEqual([0, 2]);
	});

	it('counts the head of kept fields in each part, and with a request that is too large', () => {
		const planner = new PartPlanner({ maxBytes: 100 }, 30);
		const row = { bytes: 1, rowBytes: 40 };
		expect([row, row].map((one) => planner.add(one))).toEqual([0, 1]);
		expect(planner.parts.map(({ rowBytes }) => rowBytes)).toEqual([70, 70]);
		expect(() => planner.add({ bytes: 1, rowBytes: 80 })).toThrow(
			'A single request has 110 bytes of kept fields, more than the 100 that a batch may have.',
		);
	});

	it('loses nothing, doubles nothing, keeps the order and every limit', () => {
		const limits = { maxRequests: 4, maxBytes: 50, maxEmbeddingInputs: 30, maxTokens: 40 };
		const request = fc.record({
			bytes: fc.integer({ min: 1, max: 50 }),
			model: fc.constantFrom(undefined, 'a', 'b', '__proto__'),
			embeddingInputs: fc.integer({ min: 0, max: 30 }),
			tokens: fc.integer({ min: 0, max: 40 }),
		});
		fc.assert(
			fc.property(fc.array(request), (requests) => {
				const { indexes, parts } = plan(requests, limits);
				const positions = parts.map((part) => [...positionsOf(part)]);
				parts.forEach((part, index) => {
					const own = positions[index].map((position) => requests[position]);
					const sum = (key: 'bytes' | 'embeddingInputs' | 'tokens') =>
						own.reduce((total, one) => total + one[key], 0);
					expect(part).toMatchObject({
						requests: own.length,
						bytes: sum('bytes'),
						embeddingInputs: sum('embeddingInputs'),
						tokens: sum('tokens'),
					});
					expect(part.requests).toBeLessThanOrEqual(limits.maxRequests);
					expect(part.bytes).toBeLessThanOrEqual(limits.maxBytes);
					expect(part.embeddingInputs).toBeLessThanOrEqual(limits.maxEmbeddingInputs);
					expect(part.tokens).toBeLessThanOrEqual(limits.maxTokens);
					expect(own.every((one) => one.model === part.model)).toBe(true);
					expect(positions[index].every((position) => indexes[position] === index)).toBe(true);
				});
				for (const model of new Set(requests.map((one) => one.model))) {
					const cut = positions.filter((_, index) => parts[index].model === model).flat();
					const asGiven = requests.flatMap((one, at) => (one.model === model ? [at] : []));
					expect(cut).toEqual(asGiven);
				}
				const firsts = positions.map((part) => part[0]);
				expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
			}),
		);
	});
});

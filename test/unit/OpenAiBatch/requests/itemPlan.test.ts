import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { ItemParameters } from '../../../../nodes/OpenAiBatch/parameters/itemParameters';
import type { PlannedPart } from '../../../../nodes/OpenAiBatch/requests/plan';
import { RequestPlanner } from '../../../../nodes/OpenAiBatch/requests/itemPlan';
import { RequestProblem } from '../../../../nodes/endpoints/endpoint';
import type { JsonObject } from '../../../../nodes/jsonl/json';
import { serializeRequest } from '../../../../nodes/jsonl/split';

const ENDPOINT = '/v1/embeddings';

/** One input item: what becomes of it, and whether n8n has to evaluate its expressions. */
interface Item {
	id: string;
	model: string;
	input: string | string[];
	fate: 'good' | 'slow' | 'throws' | 'invalid';
}

/** A source over items, which counts as slow what only n8n can evaluate, each time another. */
function planner(items: Item[], limits = {}) {
	const parameters = { slowEvaluations: 0 };
	const bodies: JsonObject[] = [];
	let evaluations = 0;
	const source = {
		customId: (index: number) => items[index].id,
		request: (index: number, custom_id: string) => {
			const { model, input, fate } = items[index];
			if (fate === 'throws') throw new RequestProblem('No way', 'prompt');
			const body: JsonObject = fate === 'invalid' ? { model } : { model, input };
			if (fate === 'slow') {
				parameters.slowEvaluations++;
				body.evaluation = ++evaluations;
			}
			bodies[index] ??= body;
			return { custom_id, method: 'POST', url: ENDPOINT, body };
		},
	};
	const options = { endpoint: ENDPOINT, server: 'openai' as const, limits, estimate: false };
	const made = new RequestPlanner(source, parameters as ItemParameters, options);
	/** The line of an item as it was when it was first made. */
	const line = (index: number) =>
		`${serializeRequest({ custom_id: items[index].id, method: 'POST', url: ENDPOINT, body: bodies[index] })}\n`;
	return { plan: async () => await made.plan(items.length, undefined), line };
}

async function contentOf(part: PlannedPart): Promise<Buffer> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of part.open()) chunks.push(chunk);
	return Buffer.concat(chunks);
}

const item = fc.record({
	id: fc.oneof(fc.uuid(), fc.constantFrom('', 'a', 'Ä\u2028"')),
	model: fc.constantFrom('small', 'large', 'größe'),
	input: fc.oneof(
		fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
		fc.array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
	),
	fate: fc.constantFrom<Item['fate']>('good', 'good', 'good', 'slow', 'throws', 'invalid'),
});
const limits = fc.record({
	maxRequests: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
	maxBytes: fc.option(fc.integer({ min: 130, max: 600 }), { nil: undefined }),
	maxEmbeddingInputs: fc.option(fc.integer({ min: 2, max: 8 }), { nil: undefined }),
	maxTokens: fc.option(fc.integer({ min: 5, max: 30 }), { nil: undefined }),
});

describe('a plan', () => {
	it('holds every item once: in a part, in its order, or among the bad items', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(item, { maxLength: 30 }), limits, async (items, max) => {
				const { plan, line } = planner(items, max);
				const { parts, badItems } = await plan();

				const planned = parts.flatMap((part) => [...part.itemIndexes()]);
				const bad = badItems.map(({ itemIndex }) => itemIndex);
				expect([...planned, ...bad].sort((a, b) => a - b)).toEqual([...items.keys()]);

				for (const model of new Set(items.map((one) => one.model))) {
					const own = parts.filter(({ part }) => part.model === model);
					const indexes = own.flatMap((part) => [...part.itemIndexes()]);
					expect(indexes).toEqual([...indexes].sort((a, b) => a - b));
					const content = Buffer.concat(await Promise.all(own.map(contentOf)));
					expect(content.toString()).toBe(indexes.map(line).join(''));
				}
			}),
		);
	});

	it('has the exact bytes and the hash of each part, the same on every opening', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(item, { maxLength: 30 }), limits, async (items, max) => {
				const { parts } = await planner(items, max).plan();
				for (const planned of parts) {
					const first = await contentOf(planned);
					expect(first.length).toBe(planned.part.bytes);
					expect(first.toString().split('\n')).toHaveLength(planned.part.requests + 1);
					expect(createHash('sha256').update(first).digest('hex')).toBe(planned.contentHash);
					expect((await contentOf(planned)).equals(first)).toBe(true);
				}
			}),
		);
	});

	it('keeps every part within the limits', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(item, { maxLength: 30 }), limits, async (items, max) => {
				const { parts } = await planner(items, max).plan();
				for (const { part } of parts) {
					expect(part.requests).toBeLessThanOrEqual(max.maxRequests ?? Infinity);
					expect(part.bytes).toBeLessThanOrEqual(max.maxBytes ?? Infinity);
					expect(part.embeddingInputs).toBeLessThanOrEqual(max.maxEmbeddingInputs ?? Infinity);
					expect(part.tokens).toBeLessThanOrEqual(max.maxTokens ?? Infinity);
				}
			}),
		);
	});

	it('gives the same hash to the same content only', async () => {
		const items = (input: string): Item[] => [{ id: 'a', model: 'm', input, fate: 'good' }];
		const hashOf = async (input: string) => {
			const { parts } = await planner(items(input)).plan();
			return parts[0].contentHash;
		};
		expect(await hashOf('x')).toBe(await hashOf('x'));
		expect(await hashOf('x')).not.toBe(await hashOf('y'));
	});

	it('names the id of a bad item, whatever is wrong with it', async () => {
		const items: Item[] = [
			{ id: 'a', model: 'm', input: 'x', fate: 'throws' },
			{ id: 'b', model: 'm', input: 'x', fate: 'invalid' },
			{ id: 'c', model: 'm', input: 'x'.repeat(500), fate: 'good' },
			{ id: '', model: 'm', input: 'x', fate: 'throws' },
		];
		const { badItems } = await planner(items, { maxBytes: 300 }).plan();
		const named = badItems.map(({ issues: [{ code, param, custom_id }] }) => [
			code,
			param,
			custom_id,
		]);
		expect(named).toEqual([
			['invalid_value', 'prompt', 'a'],
			['missing_required_parameter', 'body.input', 'b'],
			['request_too_large', undefined, 'c'],
			['invalid_value', 'prompt', undefined],
		]);
	});

	it('sends large content in chunks, not as one', async () => {
		const items = Array.from({ length: 100 }, (_, index): Item => {
			return { id: `${index}`, model: 'm', input: 'x'.repeat(10_000), fate: 'good' };
		});
		const [planned] = (await planner(items).plan()).parts;
		const sizes: number[] = [];
		for await (const chunk of planned.open()) sizes.push(chunk.byteLength);
		expect(sizes.length).toBeGreaterThan(5);
		expect(Math.max(...sizes)).toBeLessThan(200_000);
	});

	it('lets n8n go on with other work while it makes the requests, and while it sends them', async () => {
		let now = 0;
		const clock = jest.spyOn(Date, 'now').mockImplementation(() => (now += 60));
		const items = ['a', 'b', 'c'].map((id): Item => {
			return { id, model: 'm', input: 'x'.repeat(200_000), fate: 'good' };
		});
		const otherWork = jest.fn();

		setImmediate(otherWork);
		const [planned] = (await planner(items).plan()).parts;
		expect(otherWork).toHaveBeenCalledTimes(1);

		setImmediate(otherWork);
		await contentOf(planned);
		expect(otherWork).toHaveBeenCalledTimes(2);
		clock.mockRestore();
	});

	it('ends early when the execution is cancelled', async () => {
		const controller = new AbortController();
		controller.abort();
		const items: Item[] = [{ id: 'a', model: 'm', input: 'x', fate: 'good' }];
		const source = {
			customId: () => 'a',
			request: () => {
				throw new RequestProblem('Not asked for');
			},
		};
		const parameters = { slowEvaluations: 0 } as ItemParameters;
		const options = { endpoint: ENDPOINT, server: 'openai' as const, limits: {}, estimate: false };
		const made = new RequestPlanner(source, parameters, options);
		expect(await made.plan(items.length, controller.signal)).toEqual({
			parts: [],
			badItems: [],
			unlisted: 0,
			total: 1,
			hints: [],
		});
	});
});

test('each line is searched for files once, and the signal reaches the files', async () => {
	const searched: number[] = [];
	const signals: unknown[] = [];
	const files = {
		areIn: (text: string) => {
			searched.push(text.length);
			return text.includes('FILE');
		},
		bytesOf: (text: string) => Buffer.byteLength(text),
		identityOf: (text: string) => text,
		async *content(text: string, signal?: AbortSignal) {
			signals.push(signal);
			yield Buffer.from(text);
		},
	};
	const source = {
		files,
		customId: (index: number) => `id-${index}`,
		request: (index: number, custom_id: string) => {
			const input = index === 49 ? 'FILE' : 'some text';
			return { custom_id, method: 'POST', url: ENDPOINT, body: { model: 'small', input } };
		},
	};
	const options = { endpoint: ENDPOINT, server: 'openai' as const, limits: {}, estimate: false };
	const parameters = { slowEvaluations: 0 } as ItemParameters;
	const made = new RequestPlanner(source as never, parameters, options);
	const { parts } = await made.plan(50, undefined);
	searched.length = 0;

	const { signal } = new AbortController();
	const chunks: Uint8Array[] = [];
	for await (const chunk of parts[0].open(signal)) chunks.push(chunk);

	const bytes = Buffer.concat(chunks).length;
	expect(searched.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(bytes);
	expect(signals).toEqual([signal]);
});

it('an expression that fails without a field of the item is explained by that field', async () => {
	const failing = (absent: string | undefined) => {
		const source = {
			customId: () => 'a',
			request: () => {
				throw new TypeError("Cannot read properties of undefined (reading 'trim')");
			},
		};
		const parameters = { slowEvaluations: 0, absentField: () => absent };
		const options = { endpoint: ENDPOINT, server: 'openai' as const, limits: {}, estimate: false };
		return new RequestPlanner(source, parameters as unknown as ItemParameters, options);
	};
	const messageOf = async (absent?: string) =>
		(await failing(absent).plan(1, undefined)).badItems[0].issues[0].message;
	expect(await messageOf('$json.crew')).toBe(
		'The item has no $json.crew, which an expression needs.',
	);
	expect(await messageOf()).toBe("Cannot read properties of undefined (reading 'trim')");
});

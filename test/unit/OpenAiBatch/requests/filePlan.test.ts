import fc from 'fast-check';

import { FilePlanner } from '../../../../nodes/OpenAiBatch/requests/filePlan';
import type { RequestFile } from '../../../../nodes/OpenAiBatch/requests/inputFile';
import { IdTable } from '../../../../nodes/jsonl/idTable';
import { inUtf8 } from '../../../../nodes/jsonl/fileFormat';
import { readRecords } from '../../../../nodes/jsonl/lines';
import type { RequestLine } from '../../../../nodes/jsonl/split';

const ENDPOINT = '/v1/embeddings';

/** A file of lines, each an id and a model, which is read in small chunks; counts its readings. */
function file(lines: readonly string[], itemIndex = 0) {
	const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
	const opened = { times: 0 };
	const requestOf = (text: string): RequestLine => {
		const [custom_id, model] = text.split(' ');
		return { custom_id, method: 'POST', url: ENDPOINT, body: { model, input: 'x' } };
	};
	const source: RequestFile = {
		itemIndex,
		unit: 'line',
		read: (_signal, from) => {
			opened.times++;
			const chunks: Buffer[] = [];
			for (let at = 0; at < content.length; at += 9) chunks.push(content.subarray(at, at + 9));
			return readRecords(inUtf8(chunks, 'utf-8'), { from });
		},
		customId: ({ text }) => requestOf(text).custom_id,
		request: ({ text }) => requestOf(text),
		line: ({ text }) => text,
		emptyColumn: () => undefined,
	};
	return { source, opened };
}

const OPTIONS = { endpoint: ENDPOINT, server: 'openai' as const, estimate: false };

/** Takes all ids for one in its first attempts. */
class Mistaken extends IdTable {
	protected override hash = (_id: string) => [1, 1] as const;
}

const tables = (mistaken: number) => (attempt: number) =>
	attempt < mistaken ? new Mistaken(attempt) : new IdTable(attempt);

async function contentOf(open: () => AsyncIterable<Uint8Array>): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of open()) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const line = fc
	.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), fc.constantFrom('m', 'n', ''))
	.map(([id, model]) => `${id} ${model}`);
const limits = fc.record({
	maxRequests: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
	maxBytes: fc.option(fc.integer({ min: 8, max: 20 }), { nil: undefined }),
});

describe('a plan of files', () => {
	it('has every line once: in a part, as the plain model divides them, or among the bad ones', async () => {
		const files = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), {
			minLength: 1,
			maxLength: 3,
		});
		await fc.assert(
			fc.asyncProperty(files, limits, fc.nat({ max: 2 }), async (contents, max, mistaken) => {
				const sources = contents.map((lines, item) => file(lines, item).source);
				const options = { ...OPTIONS, limits: max };
				const plan = await new FilePlanner(sources, options, tables(mistaken)).plan(undefined);

				const used = new Set<string>();
				const parts: Array<{ model: string; lines: string[]; items: Set<number> }> = [];
				const bad: string[] = [];
				const openPart = new Map<string, (typeof parts)[number]>();
				for (const [item, lines] of contents.entries()) {
					for (const [index, one] of lines.entries()) {
						const [id, model] = one.split(' ');
						const isRepeated = used.has(id);
						used.add(id);
						if (model === '' || isRepeated) {
							bad.push(`${item}:${index + 1}`);
							continue;
						}
						let part = openPart.get(model);
						const isFull =
							part &&
							(part.lines.length >= (max.maxRequests ?? Infinity) ||
								(part.lines.length + 1) * 4 > (max.maxBytes ?? Infinity));
						if (!part || isFull) {
							part = { model, lines: [], items: new Set() };
							openPart.set(model, part);
							parts.push(part);
						}
						part.lines.push(one);
						part.items.add(item);
					}
				}
				expect(plan.badItems.map((one) => `${one.itemIndex}:${one.line}`)).toEqual(bad);
				const planned = await Promise.all(
					plan.parts.map(async ({ open, itemIndexes }) => ({
						content: await contentOf(open),
						items: [...itemIndexes()],
					})),
				);
				expect(planned).toEqual(
					parts.map(({ lines, items }) => ({
						content: `${lines.join('\n')}\n`,
						items: [...items],
					})),
				);
			}),
		);
	});

	it('names the first use of an id', async () => {
		const { source } = file(['a m', 'b m', 'a m', 'b ', 'a m']);
		const plan = await new FilePlanner([source], { ...OPTIONS, limits: {} }).plan(undefined);
		const messages = plan.badItems.map(({ line: at, issues }) => `${at}: ${issues[0].message}`);
		const used = "The custom_id 'a' is already used by line 1.";
		expect(messages).toEqual([
			expect.stringContaining(`3: ${used}`),
			expect.stringContaining("4: 'model' is empty"),
			expect.stringContaining(`5: ${used}`),
		]);
	});

	it('reads a file of different ids once, and one with repeated ids again as far as needed', async () => {
		const plan = async (lines: string[], mistaken = 0) => {
			const { source, opened } = file(lines);
			const options = { ...OPTIONS, limits: {} };
			const { badItems } = await new FilePlanner([source], options, tables(mistaken)).plan(
				undefined,
			);
			return [opened.times, badItems.length];
		};
		expect(await plan(['a m', 'b m'])).toEqual([1, 0]);
		expect(await plan(['a m', 'a m'])).toEqual([2, 1]);
		expect(await plan(['a m', 'b m'], 1)).toEqual([3, 0]);
	});

	it('holds a part of many models that alternate in two numbers for each of its runs', async () => {
		const lines = Array.from({ length: 1_000 }, (_, at) => `id${at} ${at % 2 ? 'm' : 'n'}`);
		const { source } = file(lines);
		const { parts } = await new FilePlanner([source], { ...OPTIONS, limits: {} }).plan(undefined);
		expect(parts.map(({ part }) => part.ranges.length)).toEqual([1_000, 1_000]);
		expect(await contentOf(parts[1].open)).toBe(
			`${lines.filter((one) => one.endsWith('m')).join('\n')}\n`,
		);
	});

	it('has the right lines also behind one whose tokens cannot be estimated', async () => {
		const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
		const requestOf = (text: string): RequestLine => {
			const input = (text.startsWith('b') ? JSON.parse(deep) : 'x') as string;
			return { custom_id: text, method: 'POST', url: '/v1/other', body: { model: 'm', input } };
		};
		const source: RequestFile = {
			...file(['a', 'b', 'c', 'd']).source,
			customId: ({ text }) => text,
			request: ({ text }) => requestOf(text),
		};
		const options = { ...OPTIONS, endpoint: '/v1/other', estimate: true, limits: {} };
		const { badItems, parts } = await new FilePlanner([source], options).plan(undefined);
		expect(badItems.map(({ line: at }) => at)).toEqual([2]);
		expect(await contentOf(parts[0].open)).toBe('a\nc\nd\n');
	});

	it('ends with the execution', async () => {
		const controller = new AbortController();
		controller.abort();
		const { source } = file(['a m']);
		const options = { ...OPTIONS, limits: {} };
		const plan = await new FilePlanner([source], options).plan(controller.signal);
		expect(plan).toMatchObject({ parts: [], badItems: [] });
	});
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';

import { FilePlanner } from '../../../../nodes/OpenAiBatch/requests/filePlan';
import type { RequestFile } from '../../../../nodes/OpenAiBatch/requests/inputFile';
import type { PlannedPart } from '../../../../nodes/OpenAiBatch/requests/plan';
import { IdTable } from '../../../../nodes/jsonl/idTable';
import { inUtf8 } from '../../../../nodes/jsonl/fileFormat';
import { readRecords } from '../../../../nodes/jsonl/lines';
import type { RequestLine } from '../../../../nodes/jsonl/split';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const ENDPOINT = '/v1/embeddings';

/** A file of lines, each an id and a model, which is read in small chunks; counts its readings. */
function file(lines: readonly string[], itemIndex = 0, mayStayOpen = true) {
	const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
	/** How often it was opened, and how many readings are open. */
	const opened = { times: 0, now: 0 };
	const requestOf = (text: string): RequestLine => {
		const [custom_id, model] = text.split(' ');
		return { custom_id, method: 'POST', url: ENDPOINT, body: { model, input: 'x' } };
	};
	const source: RequestFile = {
		itemIndex,
		unit: 'line',
		mayStayOpen,
		read: async function* (_signal, from) {
			opened.times++;
			opened.now++;
			const chunks: Buffer[] = [];
			for (let at = 0; at < content.length; at += 9) chunks.push(content.subarray(at, at + 9));
			try {
				yield* readRecords(inUtf8(chunks, 'utf-8'), { from });
			} finally {
				opened.now--;
			}
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

/** After all that needs no more than its turn. */
const settled = async () => await new Promise((resolve) => setImmediate(resolve));

async function contentOf(open: () => AsyncIterable<Uint8Array>): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of open()) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const ABORTS = ['aborted before', 'aborted while it is read', 'aborted, and read on'] as const;
type Abort = (typeof ABORTS)[number];

const isAbort = (how: string): how is Abort => ABORTS.some((one) => one === how);

/** Reads a content whose signal ends it. */
async function aborted(open: PlannedPart['open'], how: Abort): Promise<void> {
	const controller = new AbortController();
	if (how === 'aborted before') controller.abort();
	const content = open(controller.signal);
	const first = content.next();
	if (how === 'aborted while it is read') controller.abort();
	await first;
	controller.abort();
	while (!(await content.next()).done);
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

	it('reads each file twice for all parts in their order', async () => {
		const readings = async (mayStayOpen: boolean) => {
			const lines = Array.from({ length: 40 }, (_, at) => `id${at} m`);
			const files = [lines.slice(0, 25), lines.slice(25, 30), lines.slice(30)].map((some, item) =>
				file(some, item, mayStayOpen),
			);
			const options = { ...OPTIONS, limits: { maxRequests: 10 } };
			const sources = files.map(({ source }) => source);
			const plan = await new FilePlanner(sources, options).plan(undefined);
			const contents: string[] = [];
			for (const { open } of plan.parts) contents.push(await contentOf(open));
			expect(contents.join('')).toBe(`${lines.join('\n')}\n`);
			return files.map(({ opened }) => opened.times);
		};
		expect(await readings(true)).toEqual([2, 2, 2]);
		// The first three parts begin in the first file, and the third one goes on in the second.
		expect(await readings(false)).toEqual([4, 2, 2]);
	});

	it('has the same contents however often and in which order they are read, and leaves nothing open', async () => {
		const files = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), {
			minLength: 1,
			maxLength: 3,
		});
		const reading = fc.record({
			part: fc.nat(),
			how: fc.constantFrom('whole', 'whole', 'broken off', ...ABORTS, 'with another'),
		});
		await fc.assert(
			fc.asyncProperty(
				files,
				limits,
				fc.array(reading, { maxLength: 12 }),
				fc.boolean(),
				async (contents, max, readings, mayStayOpen) => {
					const all = contents.map((lines, item) => file(lines, item, mayStayOpen));
					const sources = all.map(({ source }) => source);
					const isOpen = async () => {
						await settled();
						return all.reduce((sum, { opened }) => sum + opened.now, 0);
					};
					const plan = () => new FilePlanner(sources, { ...OPTIONS, limits: max }).plan(undefined);
					const { parts, close } = await plan();
					if (parts.length === 0) return;
					const model = await plan();
					const expected: string[] = [];
					for (const { open } of model.parts) expected.push(await contentOf(open));
					model.close!();
					for (const { part, how } of readings) {
						const index = part % parts.length;
						const { open } = parts[index];
						if (how === 'broken off') {
							const content = open();
							await content.next();
							await content.return(undefined);
						} else if (isAbort(how)) {
							await expect(aborted(open, how)).rejects.toThrow('The file is not needed any more');
						} else if (how === 'with another') {
							const other = (index + 1) % parts.length;
							expect(await Promise.all([contentOf(open), contentOf(parts[other].open)])).toEqual([
								expected[index],
								expected[other],
							]);
						} else {
							expect(await contentOf(open)).toBe(expected[index]);
						}
					}
					close!();
					expect(await isOpen()).toBe(0);
				},
			),
		);
	});

	it('closes what is read to its end after the files were closed', async () => {
		const { source, opened } = file(['a m', 'b m']);
		const options = { ...OPTIONS, limits: { maxRequests: 1 } };
		const { parts, close } = await new FilePlanner([source], options).plan(undefined);
		const content = parts[0].open();
		await content.next();
		close!();
		expect((await content.next()).done).toBe(true);
		await settled();
		expect(opened.now).toBe(0);
	});

	it('opens a file anew that is far behind the one that was read last', async () => {
		const files = [['a m'], ['b m', 'c m'], ['d m']].map((lines, item) => file(lines, item));
		const options = { ...OPTIONS, limits: { maxRequests: 1 } };
		const sources = files.map(({ source }) => source);
		const { parts } = await new FilePlanner(sources, options).plan(undefined);
		expect(await contentOf(parts[0].open)).toBe('a m\n');
		expect(await contentOf(parts[3].open)).toBe('d m\n');
		expect(files.map(({ opened }) => opened.times)).toEqual([2, 1, 2]);
	});

	it('keeps no ids while the parts are sent', async () => {
		let table: WeakRef<IdTable>;
		const tableFor = () => {
			const made = new IdTable(0);
			table = new WeakRef(made);
			return made;
		};
		const options = { ...OPTIONS, limits: {} };
		const plan = await new FilePlanner([file(['a m']).source], options, tableFor).plan(undefined);
		await settled();
		collectGarbage();
		expect(table!.deref()).toBeUndefined();
		expect(await contentOf(plan.parts[0].open)).toBe('a m\n');
		plan.close!();
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

import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForTests } from './product';
import { binary } from '../support/engine/binaryData';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

/** The last one was cut within a character, as an expression does that shortens a title. */
const IDS = ['a', 'b', 'c', 'd', 'cut \ud83d'];
const STATUSES = ['succeeded', 'failed', 'expired', 'cancelled', 'missing'] as const;

/** What a batch has for one of its requests: nothing, or a line in one of its files. */
const outcome = fc.constantFrom('none', 'answer', 'json', 'failure', 'expired');

const batch = fc.record({
	outcomes: fc.array(fc.tuple(fc.constantFrom(...IDS), outcome), { maxLength: 6 }),
	hasTotal: fc.boolean(),
});

const history = fc.record({
	batches: fc.array(batch, { minLength: 1, maxLength: 4 }),
	/** The ids whose rows were kept, in the order of the input. */
	kept: fc.option(fc.shuffledSubarray(IDS), { nil: undefined }),
	hasHead: fc.boolean(),
	options: fc.record(
		{
			include: fc.subarray([...STATUSES], { minLength: 1 }),
			inputOrder: fc.boolean(),
			parseJson: fc.boolean(),
			includeRequest: fc.boolean(),
		},
		{ requiredKeys: [] },
	),
	isFollowed: fc.boolean(),
});

/** As many results as requests, although only one of the requests has results. */
const REPEATED = {
	batches: [{ outcomes: IDS.map(() => ['a', 'answer'] as [string, 'answer']), hasTotal: true }],
	kept: undefined,
	hasHead: false,
	options: { include: ['missing' as const], includeRequest: true },
	isFollowed: false,
};

let runs = 0;

/** Puts the batches there, each a retry of the one before. @returns the id of the first */
function add({
	batches,
	kept,
	hasHead,
}: typeof history extends fc.Arbitrary<infer T> ? T : never): string {
	const rows =
		kept &&
		product.emulator.addFile(
			(hasHead ? '{"columns":["of"]}\n' : '') +
				kept.map((id) => `${JSON.stringify({ custom_id: id, row: { of: id } })}\n`).join(''),
			{ purpose: 'batch' },
		).id;
	const start = 1_000 * ++runs;
	let before: string | undefined;
	const ids = batches.map(({ outcomes, hasTotal }, index) => {
		const lines = { output: [] as string[], error: [] as string[] };
		for (const [place, [id, what]] of outcomes.entries()) {
			const text = `batch ${index} line ${place}`;
			if (what === 'answer') lines.output.push(answerLine(id, text));
			if (what === 'json')
				lines.output.push(answerLine(id, JSON.stringify({ [`f${place}`]: text })));
			if (what === 'failure') lines.error.push(failureLine(id, 500, `code_${place}`));
			if (what === 'expired') lines.error.push(notRunLine(id, 'batch_expired'));
		}
		const requested = index === 0 ? IDS : outcomes.map(([id]) => id);
		before = addHistory(product, {
			status: 'expired',
			created_at: start + index,
			input: requested.map((id) => requestLine(id)),
			...lines,
			...(hasTotal && { request_counts: { total: requested.length } }),
			metadata: {
				...(before !== undefined && { retry_of: before }),
				...(rows !== undefined && { rows_file_id: rows }),
			},
		}).id;
		return before;
	});
	return ids[0];
}

async function resultsOf(batchId: string, options: IDataObject, returnAs: string) {
	const result = await product.run('batch', 'getResults', { batchId, options, returnAs } as never);
	if (result.error) throw result.error;
	const items = result.items('Node');
	const hints = result.hints('Node').map(({ message }) => message);
	if (returnAs === 'items') return { lines: items.map(({ json }) => json), hints };
	const text = (await binary(items[0])).toString();
	const lines = text.split('\n').slice(0, -1);
	return {
		lines: lines.map((line) => JSON.parse(line) as IDataObject),
		hints,
		item: items[0].json,
	};
}

/** Lines in any order. Which request belongs to which result of a repeated id is not known. */
const sorted = (lines: IDataObject[]) => {
	const ids = lines.map(({ custom_id: id }) => id);
	const isRepeated = (id: unknown) => ids.indexOf(id as never) !== ids.lastIndexOf(id as never);
	const of = ({ request, ...line }: IDataObject) =>
		Object.entries({ ...line, ...(!isRepeated(line.custom_id) && { request }) }).sort();
	return lines.map((line) => JSON.stringify(of(line))).sort();
};

/** Which lines are the first ones of their ids. */
const areFirst = (lines: IDataObject[]) => {
	const ids = lines.map(({ custom_id: id }) => id);
	return ids.map((id, place) => ids.indexOf(id) === place);
};

/** Items in the order of the rows as a file has it: further results of a request come last. */
function inFileOrder(lines: IDataObject[], kept: readonly string[]): IDataObject[] {
	const isFirst = areFirst(lines);
	const placeOf = ({ custom_id: id }: IDataObject, at: number) =>
		isFirst[at] && kept.includes(String(id)) ? kept.indexOf(String(id)) : Infinity;
	return lines
		.map((line, at) => ({ line, place: placeOf(line, at) }))
		.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place))
		.map(({ line }) => line);
}

test('a file has what the items have, whatever the batches and their retries returned', async () => {
	await fc.assert(
		fc.asyncProperty(history, async (what) => {
			const batchId = add(what);
			const options = { ...what.options, followRetries: what.isFollowed, includeRow: true };
			const asItems = await resultsOf(batchId, options, 'items');
			const asFile = await resultsOf(batchId, options, 'jsonl');
			const isChain = what.isFollowed && what.batches.length > 1;
			// Items of a chain stand in the place of the result that they replace.
			if (isChain) expect(sorted(asFile.lines)).toEqual(sorted(asItems.lines));
			else if (what.options.inputOrder && what.kept) {
				const unordered = { ...options, inputOrder: false };
				const { lines } = await resultsOf(batchId, unordered, 'items');
				expect(asFile.lines).toEqual(inFileOrder(lines, what.kept));
				expect(sorted(asItems.lines)).toEqual(sorted(lines));
			} else expect(asFile.lines).toEqual(asItems.lines);
			expect(asFile.hints).toEqual(asItems.hints);
			expect(asFile.item!.returned).toBe(asItems.lines.length);
			const wanted: readonly string[] = what.options.include ?? STATUSES;
			const counted = wanted.reduce((sum, status) => sum + Number(asFile.item![status]), 0);
			expect(counted).toBe(asItems.lines.length);
			for (const { custom_id: id, row } of asFile.lines) {
				expect(row).toEqual(what.kept?.includes(String(id)) ? { of: id } : undefined);
			}
			if (what.options.inputOrder && what.kept) {
				const isFirst = areFirst(asFile.lines);
				const order = asFile.lines
					.map(({ custom_id: id }, at) => (isFirst[at] ? what.kept!.indexOf(String(id)) : -1))
					.map((place) => (place === -1 ? Infinity : place));
				expect(order).toEqual([...order].sort((a, b) => (a === b ? 0 : a - b)));
			}
		}),
		{ numRuns: 60, examples: [[REPEATED]] },
	);
});

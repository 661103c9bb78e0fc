import fc from 'fast-check';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForTests } from './product';

/** Servers that accept the same custom_id several times: no answer is lost, none is paid again. */
const product = productForTests();

interface Request {
	id: string;
	succeeds: boolean;
}

const requests = fc.array(
	fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd'), succeeds: fc.boolean() }),
	{ minLength: 1, maxLength: 10 },
);

/** A batch of these requests, each with a result, in any order. */
function addBatch(all: Request[], order: Request[]) {
	const lines = order.map(({ id, succeeds }, index) =>
		succeeds ? answerLine(id, `Answer ${index}`) : failureLine(id, 500, 'server_error'),
	);
	const of = (wanted: boolean) => lines.filter((_, index) => order[index].succeeds === wanted);
	const completed = of(true).length;
	return addHistory(product, {
		input: all.map(({ id }) => requestLine(id)),
		output: of(true),
		error: of(false),
		request_counts: { total: all.length, completed, failed: all.length - completed },
	});
}

const shuffled = requests.chain((all) =>
	fc
		.shuffledSubarray(all, { minLength: all.length })
		.map((order) => ({ all, order }) as { all: Request[]; order: Request[] }),
);

const countOf = (list: Request[], id: string, succeeds?: boolean) =>
	list.filter((one) => one.id === id && (succeeds === undefined || one.succeeds === succeeds))
		.length;

const idsOf = (list: Request[]) => [...new Set(list.map(({ id }) => id))].sort();

test('Get Results returns every answer, and a hint names the ids', async () => {
	await fc.assert(
		fc.asyncProperty(shuffled, async ({ all, order }) => {
			const batch = addBatch(all, order);
			const result = await product.run('batch', 'getResults', { batchId: batch.id });
			const items = result.items('Node').map(({ json }) => json);
			expect(items).toHaveLength(all.length);
			const answers = items.flatMap(({ content }) => (content === null ? [] : [content]));
			expect(new Set(answers).size).toBe(all.filter(({ succeeds }) => succeeds).length);
			const hints = result.hints('Node').map(({ message }) => message);
			const repeated = idsOf(all).filter((id) => countOf(all, id) > 1);
			const named = /more than one request.*returned: ([^.]*)\./.exec(hints.join(' '))?.[1];
			expect((named?.split(', ') ?? []).sort()).toEqual(repeated);
		}),
		{ numRuns: 60 },
	);
});

test('Retry runs again what surely did not succeed, and names what is not known', async () => {
	await fc.assert(
		fc.asyncProperty(shuffled, async ({ all, order }) => {
			product.emulator.ledger.clear();
			const batch = addBatch(all, order);
			const { error, hints } = await product.run('batch', 'retry', { batchId: batch.id });
			const text = [
				error?.message,
				error?.description,
				...hints('Node').map((h) => h.message),
			].join(' ');
			const lost = idsOf(all).filter((id) => countOf(all, id, true) === 0);
			const unknown = idsOf(all).filter((id) => {
				const successes = countOf(all, id, true);
				return successes > 0 && successes < countOf(all, id);
			});
			const [upload] = product.emulator.ledger.uploads;
			const sent = upload ? product.emulator.file(upload.id).text() : '';
			const expected = all.filter(({ id }) => lost.includes(id)).map(({ id }) => requestLine(id));
			expect(sent).toBe(expected.map((line) => `${line}\n`).join(''));
			for (const id of unknown) expect(text).toMatch(new RegExp(`same custom_id.*: .*\\b${id}\\b`));
			expect(/requests? of batch .* succeeded/.test(text)).toBe(
				lost.length === 0 && unknown.length === 0,
			);
		}),
		{ numRuns: 60 },
	);
});

import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { addHistory, answerLine } from './batches';
import { NODE, productForTests } from './product';
import type { HarnessNode, RunResult } from '../support/engine';

const product = productForTests({ clock: 'automatic' });

type Parameters = Record<string, NodeParameterValueType>;

const ROWS = ['a', 'b', 'c', 'd', 'e'].map((key, index) => ({
	key,
	number: 10 - index,
	text: `Text ${key}`,
	mail: `${key}@example.com`,
}));

const node = (name: string, operation: string, parameters: Parameters = {}): HarnessNode => ({
	name,
	type: NODE,
	parameters: { resource: 'batch', operation, ...parameters },
});

/** Makes a line of the expression for each result: what n8n's own nodes would see there. */
const seen = (expression: string): HarnessNode => ({
	name: 'Seen',
	type: NODE,
	parameters: {
		resource: 'requestFile',
		operation: 'build',
		prompt: `={{ ${expression} }}`,
		customId: '={{ $json.custom_id }}',
	},
});

const WAIT = node('Wait', 'wait', { options: { pollInterval: 1 } });
const GET_RESULTS = node('Get Results', 'getResults');

/** What the expression gives after Get Results, by the ids of the results. */
async function valuesOf(run: RunResult): Promise<Record<string, string>> {
	if (run.error) throw run.error;
	const values: Record<string, string> = {};
	for (const item of run.items('Seen')) {
		for (const line of (await run.binary(item)).toString().trim().split('\n')) {
			const { custom_id: id, body } = JSON.parse(line) as {
				custom_id: string;
				body: { messages: [{ content: string }] };
			};
			values[id] = body.messages[0].content;
		}
	}
	return values;
}

interface Story {
	submit?: Parameters;
	/** Nodes in place of Wait and Get Results. */
	between?: HarnessNode[];
	expression?: string;
	rows?: IDataObject[];
	mode?: 'manual';
}

const MAIL = "$('Items').item.json.mail";

async function story({
	submit = {},
	between = [WAIT, GET_RESULTS],
	expression = MAIL,
	rows = ROWS,
	mode,
}: Story) {
	const nodes = [
		node('Submit', 'submit', { prompt: '={{ $json.text }}', ...submit }),
		...between,
		seen(expression),
	];
	return await product.engine.run({ nodes, input: rows, mode });
}

const MULTIPLE = 'Multiple matches';

describe('in the execution that has submitted the rows, a result is paired with its row', () => {
	it.each<[what: string, customId: string, ids: string[]]>([
		['the default id', '=item-{{ $itemIndex }}', ROWS.map((_row, index) => `item-${index}`)],
		['the index alone', '={{ $itemIndex }}', ROWS.map((_row, index) => `${index}`)],
		['a key', '=film {{ $json.key }}', ROWS.map(({ key }) => `film ${key}`)],
		['a number that is no index', '={{ $json.number }}', ROWS.map(({ number }) => `${number}`)],
	])('by %s', async (_what, customId, ids) => {
		const values = await valuesOf(await story({ submit: { customId } }));
		expect(values).toEqual(Object.fromEntries(ids.map((id, index) => [id, ROWS[index].mail])));
	});

	it('over several parts, with Whole Submission and with an item for each part', async () => {
		const submit = { customId: '={{ $json.key }}', options: { maxRequestsPerBatch: 2 } };
		const mails = Object.fromEntries(ROWS.map(({ key, mail }) => [key, mail]));
		const whole = node('Get Results', 'getResults', { options: { wholeSubmission: true } });
		expect(await valuesOf(await story({ submit, between: [WAIT, whole] }))).toEqual(mails);
		expect(await valuesOf(await story({ submit }))).toEqual(mails);
	});

	it('also where it leaves through the error output', async () => {
		product.emulator.control.requests({
			match: ({ custom_id: id }) => id === 'item-1' || id === 'item-3',
			outcome: { type: 'fail', status: 400, code: 'context_length_exceeded' },
		});
		const to = (name: string) => [{ node: name, type: 'main' as const, index: 0 }];
		const run = await product.engine.run({
			nodes: [
				node('Submit', 'submit', { prompt: '={{ $json.text }}' }),
				WAIT,
				{ ...GET_RESULTS, onError: 'continueErrorOutput' },
				seen(MAIL),
			],
			connections: {
				Items: { main: [to('Submit')] },
				Submit: { main: [to('Wait')] },
				Wait: { main: [to('Get Results')] },
				'Get Results': { main: [[], to('Seen')] },
			},
			input: ROWS,
		});
		expect(run.items('Get Results').map(({ json }) => json.custom_id)).toHaveLength(3);
		const failed = run.items('Get Results', 1).map(({ json }) => [json.custom_id, json.status]);
		expect(Object.fromEntries(failed)).toEqual({ 'item-1': 'failed', 'item-3': 'failed' });
		expect(await valuesOf(run)).toEqual({ 'item-1': ROWS[1].mail, 'item-3': ROWS[3].mail });
	});

	it('also where items were left out, and where the batch is a retry', async () => {
		let isFirst = true;
		product.emulator.control.requests({
			match: ({ custom_id }) => custom_id === 'item-3' && isFirst,
			outcome: () => {
				isFirst = false;
				return { type: 'fail', status: 503, code: 'server_is_overloaded' };
			},
		});
		const rows = [ROWS[0], { ...ROWS[1], text: '' }, ...ROWS.slice(2)];
		const onError = 'continueErrorOutput';
		const between = [WAIT, node('Retry', 'retry'), { ...WAIT, name: 'Wait Again' }, GET_RESULTS];
		const run = await product.engine.run({
			nodes: [
				{ ...node('Submit', 'submit', { prompt: '={{ $json.text }}' }), onError },
				...between,
				seen(MAIL),
			],
			input: rows,
		});
		expect(run.items('Submit', 1)).toHaveLength(1);
		expect(await valuesOf(run)).toEqual({ 'item-3': ROWS[3].mail });
	});

	it('and with nothing else, so that n8n follows one way for each of many results', async () => {
		const run = await story({});
		const pairs = run.items('Get Results').map(({ pairedItem }) => pairedItem);
		const source = { previousNode: 'Items' };
		expect(pairs).toHaveLength(ROWS.length);
		expect(pairs).toEqual(
			expect.arrayContaining(
				ROWS.map((_row, item) => ({ item, sourceOverwrite: expect.objectContaining(source) })),
			),
		);
		const { id } = run.items('Submit')[0].json;
		for (const { json } of run.items('Get Results')) expect(json.batch_id).toBe(id);
	});
});

describe('what is not certain is paired with the batch alone', () => {
	describe('an id that only n8n can make', () => {
		const hintsOf = async (submitOptions: IDataObject, options: IDataObject, mode?: 'manual') => {
			const customId = '={{ $json.key.toUpperCase() }}';
			const submit = { customId, options: submitOptions } as Parameters;
			const results = node('Get Results', 'getResults', { options } as Parameters);
			const run = await story({ submit, between: [WAIT, results], mode });
			expect(run.error?.description).toContain(MULTIPLE);
			return run.hints('Get Results').map(({ message }) => message);
		};
		const NOT_PAIRED =
			"The results are paired with their batch alone, not with its rows: the Custom ID in 'Submit' does more than insert fields.";
		const KEPT = { keepFields: 'mail' };

		it('gets a hint in the editor', async () => {
			expect(await hintsOf({}, {}, 'manual')).toEqual([
				`${NOT_PAIRED} Use one such as {{ $json.key }}, keep the rows with Keep Fields, or join rows and results by custom_id in a Merge node.`,
			]);
			expect(await hintsOf({}, {})).toEqual([]);
		});

		it('and another one where the rows were kept and are not asked for', async () => {
			expect(await hintsOf(KEPT, {}, 'manual')).toEqual([
				`${NOT_PAIRED} The rows were kept: add the option Include Row to have them in the results.`,
			]);
		});

		it('and none where the rows come with the results', async () => {
			expect(await hintsOf(KEPT, { includeRow: true }, 'manual')).toEqual([]);
		});

		it('and one alone where rows are asked for, and none were kept', async () => {
			expect(await hintsOf({}, { includeRow: true }, 'manual')).toEqual([
				expect.stringMatching(/^No rows were kept for batch \S+, so the results have no row\./),
			]);
		});
	});

	it('a result that no row is known for, beside others', async () => {
		const customId = '={{ $json.key }}';
		product.emulator.control.requests({
			match: ({ custom_id }) => custom_id === 'b',
			outcome: () => ({ type: 'lines', lines: [JSON.parse(answerLine('strange'))] }),
		});
		const run = await story({ submit: { customId }, expression: '$json.batch_id' });
		const [{ json }] = run.items('Submit');
		expect(await valuesOf(run)).toMatchObject({ a: json.id, strange: json.id });
		const pairs = new Map(run.items('Get Results').map((item) => [item.json.custom_id, item]));
		expect(pairs.get('strange')!.pairedItem).toEqual({ item: 0 });
		expect(pairs.get('a')!.pairedItem).toMatchObject({ item: 0, sourceOverwrite: {} });
	});

	it('a batch of another execution', async () => {
		const { id } = addHistory(product, { status: 'completed' });
		const run = await product.run('batch', 'getResults', { batchId: id });
		for (const { pairedItem } of run.items('Node')) expect(pairedItem).toEqual({ item: 0 });
	});
});

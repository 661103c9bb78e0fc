import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { addHistory } from './batches';
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

	it('and with the batch and its other nodes as before', async () => {
		for (const name of ['Submit', 'Wait']) {
			const expression = `$('${name}').item.json.id`;
			const run = await story({ expression });
			const [{ json }] = run.items('Submit');
			expect(new Set(Object.values(await valuesOf(run)))).toEqual(new Set([json.id]));
		}
	});
});

describe('what is not certain is paired with the batch alone', () => {
	it('an id that only n8n can make, with a hint in the editor', async () => {
		const submit = { customId: '={{ $json.key.toUpperCase() }}' };
		const run = await story({ submit, mode: 'manual' });
		expect(run.error?.description).toContain(MULTIPLE);
		expect(run.hints('Get Results').map(({ message }) => message)).toEqual([
			"The results are paired with their batch alone, not with its rows: the Custom ID in 'Submit' does more than insert fields. Use one such as {{ $json.key }}, keep the rows with Keep Fields, or join rows and results by custom_id in a Merge node.",
		]);
		expect((await story({ submit })).hints('Get Results')).toEqual([]);
	});

	it('a batch of another execution', async () => {
		const { id } = addHistory(product, { status: 'completed' });
		const run = await product.run('batch', 'getResults', { batchId: id });
		for (const { pairedItem } of run.items('Node')) expect(pairedItem).toEqual({ item: 0 });
	});
});

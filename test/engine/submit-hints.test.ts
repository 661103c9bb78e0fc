import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NODE, productForTests, remarksOf } from './product';
import type { NodeRunOptions } from '../support/engine';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const KEY = { customId: '={{ $json.key }}' };
const ROWS = [
	{ key: 'a', title: 'Alien', crew: { director: 'Scott' } },
	{ key: 'b', title: 'Brazil', crew: { director: 'Gilliam' } },
	{ key: 'c' },
];

const submit = async (parameters: Parameters, items: IDataObject[], more: NodeRunOptions = {}) =>
	await product.run('batch', 'submit', { ...KEY, ...parameters }, items, more);

const messages = ({ error, hints }: Awaited<ReturnType<typeof submit>>) => {
	expect(error).toBeUndefined();
	return remarksOf({ hints }).map(({ message }) => message);
};

const hints = async (...args: [Parameters, IDataObject[], NodeRunOptions?]) =>
	messages(await submit(...args));

const body = (content: string) =>
	`={{ { "model": "m", "messages": [{ "role": "user", "content": ${content} }] } }}`;

describe('a value that is not there', () => {
	it('gets a hint where JavaScript writes it out as undefined', async () => {
		expect(await hints({ prompt: '={{ "Film: " + $json.title }}' }, ROWS)).toEqual([
			`1 of 3 requests inserts 'undefined', first in item 2: Prompt, {{ "Film: " + $json.title }}.`,
		]);
		const json = { requestSource: 'json', body: body('`Film: ${$json.title}`') };
		expect(await hints(json, ROWS)).toEqual([
			expect.stringMatching(
				/^1 of 3 requests inserts 'undefined', first in item 2: Body, \{\{ \{ "model".*… \}\}\.$/,
			),
		]);
	});

	it.each([
		['a text of the item', { prompt: '={{ "Film: " + $json.title }}' }, { title: 'undefined' }],
		['the prompt itself', { prompt: 'Explain undefined in JavaScript' }, {}],
		['the code', { prompt: '={{ $json.title === undefined ? "undefined" : "x" }}' }, {}],
	])('gets none where the word comes from %s', async (_what, parameters, item) => {
		expect(await hints(parameters, [{ key: 'a', ...item }])).toEqual([]);
	});

	it('gets a hint where a function of it inserts nothing', async () => {
		expect(await hints({ prompt: '=Film: {{ $json.title.trim() }}' }, ROWS)).toEqual([
			'1 of 3 prompts inserts an empty field, first in item 2: {{ $json.title.trim() }}.',
		]);
	});

	it('gets a hint with what to do where every item lacks it, as after a slip of the pen', async () => {
		expect(await hints({ prompt: '=Film: {{ $json.titel }}' }, ROWS)).toEqual([
			'3 of 3 prompts insert an empty field, first in item 0: {{ $json.titel }}. Check the name of the field. If a batch was created, the operation Cancel stops it.',
		]);
	});

	it('gets a hint where a body lacks it, unless the code expects that', async () => {
		const found = async (content: string) =>
			await hints({ requestSource: 'json', body: body(content) }, ROWS);
		expect(await found('$json.title')).toEqual([
			'1 of 3 bodies inserts an empty field, first in item 2: {{ $json.title }}.',
		]);
		for (const content of ['$json.title ?? "none"', '$json.title || "none"', '$json.key']) {
			expect(await found(content)).toEqual([]);
		}
	});

	it.each([
		[
			'={{ { "model": "m", "user": $json.title, "messages": [{ "role": "user", "content": "Hi" }] } }}',
		],
		[
			'={{ JSON.stringify({ model: "m", messages: [{ role: "user", content: $json.key }], user: $json.title }) }}',
		],
	])('gets none where JSON leaves out the field of a body that has it: %s', async (given) => {
		expect(await hints({ requestSource: 'json', body: given }, ROWS)).toEqual([]);
	});

	it('gets a hint where it is inserted into the text of a body', async () => {
		const given =
			'={"model": "m", "messages": [{"role": "user", "content": "Film: {{ $json.title }}"}]}';
		expect(await hints({ requestSource: 'json', body: given }, ROWS)).toEqual([
			'1 of 3 bodies inserts an empty field, first in item 2: {{ $json.title }}.',
		]);
	});

	it.each<[what: string, parameters: Parameters, message: string]>([
		[
			'the prompt',
			{ prompt: '={{ $json.title.trim() }}' },
			'The prompt is empty. The item has no $json.title.',
		],
		[
			'the body',
			{ requestSource: 'json', body: body('$json.crew.director.trim()') },
			'The body is empty. Check its expression. The item has no $json.crew.',
		],
		[
			'a list in the prompt',
			{ prompt: '={{ $json.tags.map(tag => tag.name).join(", ") }}' },
			'The prompt is empty. The item has no $json.tags.',
		],
	])('is named where %s is empty without it', async (_what, parameters, message) => {
		const tags = [{ name: 'horror' }];
		const { error } = await submit(parameters, [{ ...ROWS[0], tags }, ROWS[2]]);
		expect(error?.message).toBe(`Item 1 cannot be submitted: ${message}`);
	});
});

it.each([
	[
		'={{ {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "a": {"b": 1}} }}',
		'{"b": 1',
	],
	['={"model": "m", "text": {{ JSON.stringify({"a": {"b": $json.title}}) }}}', '{"b": $json.title'],
])('braces that end the expression %s too early are explained', async (given, end) => {
	const { error } = await submit({ requestSource: 'json', body: given }, [ROWS[0]]);
	expect(error?.message).toMatch(
		/^Item 0 .*Body is not a valid expression\. n8n ends an expression/,
	);
	expect(error?.message).toContain(`${end}. Put a space between braces that belong to the code`);
});

describe('the name of a field in braces, in a field that is set to Fixed', () => {
	it('gets a hint when the items have this field', async () => {
		expect(await hints({ prompt: 'Which genre is {{title}}?' }, ROWS)).toEqual([
			'Prompt is set to Fixed, so {{ title }} in it is sent as it stands. To insert the field of each item, switch it to Expression and write {{ $json.title }}.',
		]);
	});

	it('gets a hint also behind a name that no item has', async () => {
		expect(await hints({ prompt: 'Rate {{x}} and {{ title }}' }, ROWS)).toEqual([
			expect.stringMatching(/^Prompt is set to Fixed, so \{\{ title \}\} in it is sent/),
		]);
	});

	it('gets none otherwise', async () => {
		expect(await hints({ prompt: 'Fill in {{ name }} and {{ x }}' }, ROWS)).toEqual([]);
		expect(await hints({ prompt: '={{ $json.title }} {{ "title" }}' }, ROWS.slice(0, 2))).toEqual(
			[],
		);
	});
});

it.each(['{{ JSON.stringify($json) }}', '{{ "Film " + $json.title }}', '{{ [$("A").all()] }}'])(
	'%s in a field that is set to Fixed is refused',
	async (prompt) => {
		const { error } = await submit({ prompt }, ROWS);
		expect(error?.message).toBe(
			`Prompt contains ${prompt}, but the field is set to Fixed, so that this text would be sent as it stands`,
		);
	},
);

describe('in the editor', () => {
	const manual = { mode: 'manual' as const };
	const INDEX = { prompt: '={{ $json.key }}', customId: '=item-{{ $itemIndex }}' };
	const ABOUT_INDEX = /^Custom ID is the index of the item, which matches no row of a table\./;

	it('a Custom ID that was left as it is gets a hint', async () => {
		expect(await hints(INDEX, ROWS, manual)).toEqual([expect.stringMatching(ABOUT_INDEX)]);
	});

	it.each<[what: string, parameters: Parameters, items: IDataObject[], more: NodeRunOptions]>([
		['a key', { ...INDEX, ...KEY }, ROWS, manual],
		['one item', INDEX, ROWS.slice(0, 1), manual],
		['kept fields', { ...INDEX, options: { keepFields: 'key' } }, ROWS, manual],
		['an execution that nobody started by hand', INDEX, ROWS, {}],
	])('%s gets none', async (_what, parameters, items, more) => {
		expect(await hints(parameters, items, more)).toEqual([]);
	});

	it('it gets none either where the results are read in the same workflow', async () => {
		const run = await product.engine.run({
			...manual,
			nodes: [
				{
					name: 'Node',
					type: NODE,
					parameters: { resource: 'batch', operation: 'submit', ...INDEX },
				},
				{ name: 'Wait', type: NODE, parameters: { resource: 'batch', operation: 'get' } },
				{ name: 'Read', type: NODE, parameters: { resource: 'batch', operation: 'getResults' } },
			],
			input: ROWS,
		});
		expect(remarksOf(run)).toEqual([]);
	});

	it('more than 20,000 items get a hint', async () => {
		const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ key: index }));
		const parameters = { prompt: '={{ $json.key }}' };
		expect(await hints(parameters, rows(20_001), manual)).toEqual([
			expect.stringMatching(/^This execution of 20001 items was started in the editor/),
		]);
		expect(await hints(parameters, rows(20_000), manual)).toEqual([]);
		expect(await hints(parameters, rows(20_001))).toEqual([]);
	});
});

describe('a model that the server does not list', () => {
	const manual = { mode: 'manual' as const };
	const asked = () => product.emulator.ledger.calls('GET', '/models').length;
	const models = [
		{ key: 'a', model: 'gpt-6-luna' },
		{ key: 'b', model: 'gpt-6-lunar' },
		{ key: 'c', model: 'gpt-6-lunar' },
	];
	const parameters = { prompt: '={{ $json.key }}', model: '={{ $json.model }}' };

	it('gets a hint in the editor, with one request', async () => {
		expect(await hints(parameters, models, manual)).toEqual([
			"The model 'gpt-6-lunar' is not in the server's list of models. If its name is wrong, all requests fail, and you can cancel the batch now. Under Model, From List shows the names.",
		]);
		expect(asked()).toBe(1);
	});

	it('is not asked about where nobody sees a hint, and before anything is sent', async () => {
		expect(await hints(parameters, models)).toEqual([]);
		expect(await hints({ ...parameters, options: { dryRun: true } }, models, manual)).toEqual([]);
		expect(asked()).toBe(0);
	});

	it.each([403, 404])('gets none where the list is answered with %s', async (status) => {
		product.emulator.faults.next({ path: '/models', fault: { type: 'status', status } });
		expect(await hints(parameters, models, manual)).toEqual([]);
		expect(asked()).toBe(1);
	});

	it('does not make the batches wait for the list', async () => {
		let release = () => {};
		const held = new Promise<void>((resolve) => (release = resolve));
		const fault = { type: 'hold', when: 'before', until: held } as const;
		product.emulator.faults.next({ path: '/models', fault });
		const creates = () => product.emulator.ledger.calls('POST', '/batches').length;
		const run = hints(parameters, models, manual);
		while (creates() < 2) await nextTurn();
		release();
		expect(await run).toHaveLength(1);
	});
});

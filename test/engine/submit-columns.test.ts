import Ajv from 'ajv';
import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { CHAT, RESPONSES } from '../support/endpointUrls';
import { productForTests, remarksOf } from './product';
import { line, uploaded } from './submitted';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

/** Rows of the panel, in the option Answer Columns. */
const withColumns = (rows: IDataObject[], more: Parameters = {}): Parameters => ({
	requestOptions: { answerColumns: { values: rows } as never, ...more },
});

const COLUMNS: IDataObject[] = [
	{ name: 'vendor', type: 'string', description: 'Who sent the invoice' },
	{ name: ' total ', type: 'number' },
	{ name: 'lines', type: 'integer' },
	{ name: 'paid', type: 'boolean', optional: true },
	{ name: 'currency', type: 'enum', values: 'EUR, USD ,CHF,', optional: true },
	{ name: 'a_tags', type: 'stringList' },
	// What n8n adds for fields that were not touched.
	{ name: 'note' },
];
const NAMES = ['vendor', 'total', 'lines', 'paid', 'currency', 'a_tags', 'note'];
const SCHEMA = {
	type: 'object',
	properties: {
		vendor: { type: 'string', description: 'Who sent the invoice' },
		total: { type: 'number' },
		lines: { type: 'integer' },
		paid: { type: ['boolean', 'null'] },
		currency: { anyOf: [{ type: 'string', enum: ['EUR', 'USD', 'CHF'] }, { type: 'null' }] },
		a_tags: { type: 'array', items: { type: 'string' } },
		note: { type: 'string' },
	},
	required: NAMES,
	additionalProperties: false,
};

describe('Answer Columns', () => {
	it('become the strict schema of a chat', async () => {
		const parameters = { endpoint: CHAT, prompt: 'a', ...withColumns(COLUMNS) };
		expect(await uploaded(product, parameters, [{}])).toBe(
			line('item-0', CHAT, {
				model: 'gpt-6-luna',
				messages: [{ role: 'user', content: 'a' }],
				response_format: {
					type: 'json_schema',
					json_schema: { name: 'answer', schema: SCHEMA, strict: true },
				},
			}),
		);
	});

	it('become the strict schema of a response, beside what shares its objects', async () => {
		const more = {
			jsonSchemaName: 'invoice',
			reasoningEffort: 'low',
			additionalFields: '{"text": {"verbosity": "low"}, "reasoning": {"summary": "auto"}}',
		};
		const parameters = { endpoint: RESPONSES, prompt: 'a', ...withColumns(COLUMNS, more) };
		expect(await uploaded(product, parameters, [{}])).toBe(
			line('item-0', RESPONSES, {
				model: 'gpt-6-luna',
				input: 'a',
				text: {
					format: { type: 'json_schema', name: 'invoice', schema: SCHEMA, strict: true },
					verbosity: 'low',
				},
				reasoning: { effort: 'low', summary: 'auto' },
			}),
		);
	});

	it('are the same in a file of Build', async () => {
		const parameters = { endpoint: RESPONSES, prompt: 'a', ...withColumns(COLUMNS) };
		const result = await product.run('requestFile', 'build', parameters, [{}]);
		expect(result.error).toBeUndefined();
		const [item] = result.items('Node');
		expect((await result.binary(item)).toString()).toBe(
			line('item-0', RESPONSES, {
				model: 'gpt-6-luna',
				input: 'a',
				text: { format: { type: 'json_schema', name: 'answer', schema: SCHEMA, strict: true } },
			}),
		);
	});

	it('can be made of fields of the item, without a slow evaluation', async () => {
		const rows = [
			{ name: '={{ $json.column }}', type: 'enum', values: '={{ $json.choices }}' },
			{ name: 'why', description: '=In {{ $json.language }}' },
		];
		const items = Array.from({ length: 2_000 }, (_, n) => ({
			column: 'genre',
			choices: ['a', n],
			language: 'English',
		}));
		const parameters = { endpoint: CHAT, prompt: 'a', ...withColumns(rows) };
		const result = await product.run('batch', 'submit', parameters, items);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toEqual([]);
		const [batch] = result.items('Node');
		const last = product.emulator.file(String(batch.json.input_file_id)).text().split('\n')[1_999];
		expect(JSON.parse(last).body.response_format.json_schema.schema.properties).toEqual({
			genre: { type: 'string', enum: ['a', '1999'] },
			why: { type: 'string', description: 'In English' },
		});
	});

	it('may be without strict, for servers that do not have it', async () => {
		const parameters = {
			endpoint: CHAT,
			prompt: 'a',
			...withColumns([{ name: 'a' }], { jsonSchemaStrict: false }),
		};
		const text = await uploaded(product, parameters, [{}]);
		expect(JSON.parse(text).body.response_format.json_schema.strict).toBe(false);
	});

	it.each([{}, { values: [] }])('that are %j ask for nothing', async (answerColumns) => {
		const parameters = {
			endpoint: CHAT,
			prompt: 'a',
			requestOptions: { answerColumns: answerColumns as never },
		};
		expect(await uploaded(product, parameters, [{}])).not.toContain('response_format');
	});

	it.each([CHAT, RESPONSES])('%s: come back as exactly these fields', async (endpoint) => {
		const parameters = {
			endpoint,
			prompt: '={{ $json.text }}',
			...withColumns(COLUMNS),
		};
		const items = Array.from({ length: 40 }, (_, n) => ({ text: `Invoice ${n}` }));
		const [batch] = await product.json('batch', 'submit', parameters, items);
		await product.finish(String(batch.id));
		const results = await product.json('batch', 'getResults', {
			batchId: String(batch.id),
			options: { parseJson: true },
		});
		expect(results).toHaveLength(40);
		const isAnswer = new Ajv({ allowUnionTypes: true }).compile(SCHEMA);
		const seen = new Set<unknown>();
		for (const { content, parse_error } of results) {
			expect(parse_error).toBeUndefined();
			const answer = content as IDataObject;
			expect(Object.keys(answer)).toEqual(NAMES);
			expect(isAnswer(answer)).toBe(true);
			seen.add(answer.currency);
		}
		expect(seen).toEqual(new Set(['EUR', 'USD', 'CHF', null]));
	});
});

describe('Answer Columns that are refused', () => {
	const schema =
		'{"type": "object", "properties": {}, "required": [], "additionalProperties": false}';

	it.each<[string, Parameters, string]>([
		[
			'a name twice',
			withColumns([{ name: 'a' }, { name: 'b' }, { name: 'a ' }]),
			"Answer Columns: Columns 1 and 3 have the same name 'a'. Rename one of them.",
		],
		[
			'no name',
			withColumns([{ name: 'a' }, { name: '' }]),
			'Answer Columns: Column 2 has no name. Enter one, such as genre.',
		],
		[
			'a name whose expression gives nothing',
			withColumns([{ name: '={{ $json.none }}' }]),
			'Answer Columns: Column 1 has no name. Enter one, such as genre.',
		],
		[
			'a name with spaces',
			withColumns([{ name: 'Invoice Number' }]),
			"Answer Columns: The name of column 1, 'Invoice Number', is not possible. A name has at most 64 letters from A to Z, digits, underscores and dashes, and begins with a letter or an underscore. Use Invoice_Number, for example.",
		],
		[
			'an enum without values',
			withColumns([{ name: 'a', type: 'enum', values: ' , ' }]),
			"Answer Columns: Column 1, 'a', is an enum without values. Enter them under Column Values, separated by commas.",
		],
		[
			'an enum with a value twice',
			withColumns([{ name: 'a', type: 'enum', values: 'x, y, x' }]),
			"Answer Columns: Column 1, 'a', has the value 'x' twice. Remove one of them.",
		],
		[
			'a type that does not exist',
			withColumns([{ name: 'a', type: '={{ "date" }}' }]),
			"Answer Columns: Column 1, 'a', has the type 'date'. Use one of: boolean, enum, integer, number, string, stringList.",
		],
		[
			'more values than the API allows',
			withColumns([
				{ name: 'a', type: 'enum', values: Array.from({ length: 1_001 }, (_, n) => n).join() },
			]),
			'Answer Columns: OpenAI does not accept so many columns and values. It has 1001 enum values, more than 1000. Make it smaller.',
		],
		[
			'a schema beside them',
			withColumns([{ name: 'a' }], { jsonSchema: schema }),
			'Answer Columns and JSON Schema both say what the answer is. Remove one of these options.',
		],
		['an object as a name', withColumns([{ name: '={{ $json }}' }]), 'Column Name has to be text.'],
	])('%s', async (_what, parameters, reason) => {
		for (const endpoint of [CHAT, RESPONSES]) {
			const all = { endpoint, prompt: 'a', ...parameters };
			const { error } = await product.run('batch', 'submit', all, [{ a: 1 }]);
			expect(error?.message).toBe(`Item 0 cannot be submitted: ${reason}`);
			expect(product.emulator.ledger.requests).toEqual([]);
		}
	});

	it.each([
		['name', '{{ $json.a }}', 'Column Name of column 2'],
		['description', 'In {{ $json.a }}', 'Description of column 2'],
	])('an expression in the %s that is set to Fixed', async (field, value, label) => {
		const rows = [{ name: 'a' }, { name: 'b', [field]: value }];
		const { error } = await product.run('batch', 'submit', { prompt: 'a', ...withColumns(rows) });
		expect(error?.message).toMatch(new RegExp(`^${label} contains \\{\\{ \\$json\\.a \\}\\}, but`));
		expect(error?.description).toContain(`Switch the field ${label} to Expression.`);
	});

	it('an object in a description', async () => {
		const rows = [{ name: 'b', description: '=Of {{ $json.film }}' }];
		const { error } = await product.run('batch', 'submit', { prompt: 'a', ...withColumns(rows) }, [
			{ film: { title: 'Heat' } },
		]);
		expect(error?.message).toMatch(
			/^Item 0 cannot be submitted: Description of column 1 has '\[object Object\]' in its text/,
		);
	});
});

import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import { uploaded } from './submitted';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const submit = async (parameters: Parameters, items: IDataObject[], more = {}) =>
	await product.run('batch', 'submit', parameters, items, more);

const FILM = { id: 'a', title: 'Alien', crew: { director: 'Ridley' }, tags: ['horror', 'space'] };
const WROTE = { ...FILM, id: 'b', crew: '[object Object]' };

describe('an object inserted into a text', () => {
	it.each<[string, Parameters, string]>([
		[
			'the prompt',
			{ prompt: '=Film: {{ $json.title }} by {{ $json.crew }}' },
			'Prompt has .* {{ $json.crew }}',
		],
		[
			'a list in the prompt',
			{ prompt: '=By {{ $json.crews }}' },
			'Prompt has .* {{ $json.crews }}',
		],
		[
			'the prompt, by n8n',
			{ prompt: '=By {{ $json.crew + "" }}' },
			'Prompt has .* {{ $json.crew + "" }}',
		],
		[
			'the prompt, by code alone',
			{ prompt: '={{ "By " + $json.crew }}' },
			'Prompt has .* {{ "By " + $json.crew }}',
		],
		[
			'the system message',
			{ prompt: 'Hi', requestOptions: { systemMessage: '=For {{ $json.crew }}' } },
			'System Message has .* {{ $json.crew }}',
		],
		[
			'the id',
			{ prompt: 'Hi', customId: '=item-{{ $json.crew }}' },
			'Custom ID has .* {{ $json.crew }}',
		],
		[
			'a JSON body',
			{
				requestSource: 'json',
				body: '={{ { model: "m", messages: [{ role: "user", content: "By " + $json.crew }] } }}',
			},
			'Body has .* {{ {',
		],
		[
			'a JSON body that is text',
			{
				requestSource: 'json',
				body: '={ "model": "m", "messages": [{ "role": "user", "content": "By {{ $json.crew }}" }] }',
			},
			'Body has .* {{ $json.crew }}',
		],
	])('%s is refused with the field', async (_what, parameters, reason) => {
		const items = [
			{ ...FILM, id: 0, crew: 'R', crews: 'R' },
			{ ...FILM, crews: [{ a: 1 }] },
		];
		const { error } = await submit(parameters, items);
		const pattern = reason.replace(/[{}$+"]/g, '\\$&');
		expect(error?.message).toMatch(new RegExp(`^Item 1 cannot be submitted: ${pattern}`));
		expect(error?.message).toMatch(/JSON\.stringify\(\)\.$/);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('is told from the same words in the texts of an item, or of the user', async () => {
		const items = [WROTE, { ...WROTE, id: 'c', crew: [] }];
		for (const prompt of [
			'=By {{ $json.crew }}',
			'=By {{ $json.crew + "" }}',
			'=Explain [object Object] to {{ $json.title }}',
			'=Explain [object Object] to {{ $json.title.trim() }}',
			'Explain [object Object]',
		]) {
			const text = await uploaded(product, { prompt, customId: '={{ $json.id }}' }, items);
			expect(text).toContain(prompt.includes('Explain') ? 'Explain [object Object]' : 'By [obj');
		}
		const messages = [{ role: 'user', content: '[object Object]' }];
		const body = { model: 'm', messages };
		const parameters = { requestSource: 'json', body: '={{ $json.body }}' };
		expect(await uploaded(product, parameters, [{ body }])).toContain('[object Object]');
		const line = { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body };
		expect(await uploaded(product, { requestSource: 'lines' }, [line as never])).toContain(
			'[object Object]',
		);
	});

	it('is refused also beside such words, when n8n need not evaluate the expression', async () => {
		const items = [{ ...FILM, note: '[object Object]' }];
		const { error } = await submit({ prompt: '={{ $json.note }} {{ $json.crew }}' }, items);
		expect(error?.message).toContain('{{ $json.crew }}');
	});

	/** A prompt that reads from an earlier node, whose items do not arrive here. */
	const fromEarlier = async (prompt: string, films: IDataObject[]) =>
		await product.engine.run({
			nodes: [
				{
					name: 'Between',
					type: 'openAiBatch',
					parameters: { resource: 'requestFile', operation: 'build', prompt: 'Hi' },
				},
				{
					name: 'Submit',
					type: 'openAiBatch',
					parameters: { resource: 'batch', operation: 'submit', prompt },
				},
			],
			input: films,
		});

	it.each([
		'=By {{ $("Items").first().json.crew }}',
		'={{ "By " + $("Items").first().json.crew }}',
		'={{ `By ${$("Items").first().json.crew} for $5` }}',
		"=On {{ $now }} by {{ $('Items').all()[0].json.crew }}",
		'=A \\ and {{ $("Items").first().json.crew }}',
	])('is refused when it comes from another node: %s', async (prompt) => {
		const { error } = await fromEarlier(prompt, [FILM]);
		expect(error?.message).toMatch(/^Item 0 cannot be submitted: Prompt has .* \{\{ .*Items/);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each([
		'=By {{ $("Items").first().json.crew }}',
		'={{ "By " + $("Items").first().json.crew }}',
		'=By {{ $node["Items"].json.crew }}',
		'=By {{ $items("Items")[0].json.crew }}',
		'=By {{ $(`Items`).first().json.crew }}',
	])('is told from the same words in the items of another node: %s', async (prompt) => {
		const { items, error } = await fromEarlier(prompt, [WROTE]);
		expect(error).toBeUndefined();
		const [{ json }] = items('Submit');
		expect(product.emulator.file(String(json.input_file_id)).text()).toContain('By [object Obj');
	});

	it('is told from the same words in other items', async () => {
		const prompt = '=By {{ $input.last().json.crew }}';
		const text = await uploaded(product, { prompt, customId: '={{ $json.id }}' }, [
			{ ...FILM, crew: 'Ridley' },
			WROTE,
		]);
		expect(text.match(/By \[object Object\]/g)).toHaveLength(2);
		const { error } = await submit({ prompt }, [FILM]);
		expect(error?.message).toContain('{{ $input.last().json.crew }}');
	});

	it('lets lists of texts, dates and numbers be', async () => {
		const parameters = { prompt: '={{ $json.tags }}, {{ $now }}, {{ 1 }}', customId: 'a' };
		const text = await uploaded(product, parameters, [FILM]);
		expect(text).toContain('horror,space, 2');
	});

	it('becomes an item of its own when the node continues', async () => {
		const parameters = { prompt: '=By {{ $json.crew }}', customId: '={{ $json.id }}' };
		const items = [FILM, { ...FILM, id: 'c', crew: 'Ridley' }];
		const result = await submit(parameters, items, { onError: 'continueRegularOutput' });
		const [batch, bad] = result.items('Node');
		expect(batch.json).toMatchObject({ status: 'validating', requests: 1 });
		expect(bad).toMatchObject({
			json: { code: 'invalid_value', param: 'prompt', custom_id: 'a' },
			pairedItem: { item: 0 },
		});
	});
});

describe('an expression in a field that is set to Fixed', () => {
	it.each<[string, Parameters, string]>([
		['Prompt', { prompt: 'Which genre is {{ $json.title }}?' }, '{{ $json.title }}'],
		['Prompt', { prompt: '{{$json["title"]}}' }, '{{ $json["title"] }}'],
		['Prompt', { prompt: '{{ $("Films").item.json.title }}' }, '{{ $("Films").item.json.title }}'],
		['Custom ID', { prompt: 'Hi', customId: '{{ $json.id }}' }, '{{ $json.id }}'],
		['Model', { prompt: 'Hi', model: '{{ $json.model }}' }, '{{ $json.model }}'],
		[
			'Model',
			{ prompt: 'Hi', model: { __rl: true, mode: 'id', value: '{{ $json.model }}' } as never },
			'{{ $json.model }}',
		],
		[
			'System Message',
			{ prompt: 'Hi', requestOptions: { systemMessage: 'For {{ $json.title }}' } },
			'{{ $json.title }}',
		],
		[
			'Body',
			{
				requestSource: 'json',
				body: '{"model":"m","messages":[{"role":"user","content":"{{ $json.title }}"}]}',
			},
			'{{ $json.title }}',
		],
	])('%s: %j is refused', async (name, parameters, code) => {
		const { error } = await submit(parameters, [FILM]);
		expect(error?.message).toBe(
			`${name} contains ${code}, but the field is set to Fixed, so that this text would be sent as it stands`,
		);
		expect(error?.description).toBe(
			`Switch the field ${name} to Expression. If the text is meant as it stands, put it into a field of the items and insert that field.`,
		);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each<[string, Parameters]>([
		['braces without a variable', { prompt: 'Fill in {{ title }} and {{name}}' }],
		['JSON', { prompt: '{{"a": 1}}' }],
		['an expression that inserts such a text', { prompt: '={{ $json.template }}' }],
		[
			'a schema that explains expressions',
			{
				prompt: 'Hi',
				requestOptions: {
					jsonSchema:
						'{"type":"object","description":"{{ $json.title }}","properties":{},"required":[]}',
				},
			},
		],
	])('%s is sent as it is', async (_what, parameters) => {
		const template = 'Which genre is {{ $json.title }}?';
		await uploaded(product, parameters, [{ template }]);
	});
});

describe('a field that is empty', () => {
	const hints = async (parameters: Parameters, items: IDataObject[]) => {
		const result = await submit({ ...parameters, customId: '=item-{{ $itemIndex }}' }, items);
		expect(result.error).toBeUndefined();
		return remarksOf(result).map(({ message }) => message);
	};
	const rows = [
		{ a: 'x', b: 'y' },
		{ a: 'x', b: 'y' },
		{ a: 'x', b: '' },
	];

	it('in the text of a prompt gets a hint with the first item', async () => {
		expect(await hints({ prompt: '=Is {{ $json.a }} {{ $json.b }}?' }, rows)).toEqual([
			'1 of 3 prompts inserts an empty field, first in item 2: {{ $json.b }}.',
		]);
		const none = [{}, { a: null, b: 1 }, { a: 'x', b: '  ' }, { a: 0, b: false }];
		expect(await hints({ prompt: '=Is {{ $json.a }} {{ $json.b }}?' }, none)).toEqual([
			'3 of 4 prompts insert an empty field, first in item 0: {{ $json.a }}.',
		]);
	});

	it('is found beside code that only n8n can evaluate', async () => {
		const prompt = '=Is {{ $json.a.toUpperCase() }} {{ $json.b }}?';
		expect(await hints({ prompt }, rows)).toEqual([
			'1 of 3 prompts inserts an empty field, first in item 2: {{ $json.b }}.',
		]);
	});

	it('gets none where nothing is empty, and where the prompt is the field', async () => {
		expect(await hints({ prompt: '=Is {{ $json.a }} {{ 1 }}?' }, rows)).toEqual([]);
		expect(await hints({ prompt: '={{ $json.a }}' }, rows)).toEqual([]);
		expect(await hints({ prompt: 'Hi' }, rows)).toEqual([]);
	});
});

it.each([
	['/v1/chat/completions', 'gpt-6-luna'],
	['/v1/responses', 'gpt-6-luna'],
	['/v1/moderations', 'omni-moderation-latest'],
	['/v1/images/edits', 'gpt-image-1.5'],
])('%s: an image that is not there is refused by its item', async (endpoint, model) => {
	const items = [{ image: 'iVBORw0KGgo=' }, { picture: 'iVBORw0KGgo=' }];
	const parameters = {
		endpoint,
		model,
		prompt: 'Hi',
		requestOptions: {
			attachments: {
				values: [{ source: 'url', url: '=data:image/png;base64,{{ $json.image + "" }}' }],
			},
		},
	};
	const { error } = await submit(parameters, items);
	expect(error?.message).toBe(
		"Item 1 cannot be submitted: 'Attachments' has a data URL whose content is 'undefined', which is not base64. Check the expression that inserts the content.",
	);
	expect(product.emulator.ledger.requests).toEqual([]);
});

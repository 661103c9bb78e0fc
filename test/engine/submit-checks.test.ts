import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { productForTests } from './product';
import { EMBED_TEXT } from './support/submitParameters';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const TEXT = { prompt: '={{ $json.text }}', customId: '={{ $json.id }}' };

interface NodeError {
	message: string;
	description?: string;
	context: IDataObject;
}

/** Submits what must be refused, and gives the error; nothing may have been sent. */
async function refused(parameters: Parameters, items: IDataObject[] = [{}]): Promise<NodeError> {
	const { error } = await product.run('batch', 'submit', parameters, items);
	expect(product.emulator.ledger.requests).toEqual([]);
	return error as unknown as NodeError;
}

/** The first pair says where the rows are, so that Get Results finds them. n8n 1 leaves out zeros. */
const FROM_ITEMS = expect.objectContaining({ previousNode: 'Items' }) as unknown;

describe('bad items', () => {
	it('are named together, and nothing is sent', async () => {
		const items = [
			{ id: 'a', text: 'fine' },
			{ id: 'b', text: null },
			{ id: 'a', text: 'same id' },
			{ id: '', text: 'no id' },
		];
		const error = await refused(TEXT, items);
		expect(error.message).toBe('3 of 4 items cannot be submitted; nothing was sent');
		expect(error.context.itemIndex).toBe(1);
		expect(error.description?.split('<br>')).toEqual([
			'Item 1: The prompt is empty.',
			"Item 2: The custom_id 'a' is already used by item 0. Each request needs an id of its own, such as the key of its row.",
			"Item 3: 'custom_id' is empty. Give each request an id of its own.",
			'To submit the other items, set On Error to Continue in the settings of the node.',
		]);
	});

	it('are listed up to the twentieth, and the rest is counted', async () => {
		const items = Array.from({ length: 50 }, (_, id) => ({ id, text: id < 5 ? 'fine' : '' }));
		const error = await refused(TEXT, items);
		expect(error.message).toBe('45 of 50 items cannot be submitted; nothing was sent');
		const lines = error.description!.split('<br>');
		expect(lines).toHaveLength(22);
		expect(lines[0]).toBe('Item 5: The prompt is empty.');
		expect(lines[19]).toBe('Item 24: The prompt is empty.');
		expect(lines[20]).toBe('… and 25 more');
		expect(lines[21]).toMatch(/^To submit the other items, set On Error to Continue/);
	});

	it('have the reason in the message when there is one only', async () => {
		const error = await refused(TEXT, [{ id: 1, text: 'fine' }, { id: 2 }]);
		expect(error.message).toBe(
			'Item 1 cannot be submitted: The prompt is empty. The item has no $json.text.',
		);
		expect(error.context.itemIndex).toBe(1);
	});

	const mixed = [
		{ id: 'a', text: 'one', row: 1 },
		{ id: 'b', text: null, row: 2 },
		{ id: 'c', text: 'two', row: 3 },
		{ id: 'c', text: 'three', row: 4 },
	];
	const badB = { error: 'The prompt is empty.', code: 'invalid_value', custom_id: 'b' };
	const badC = {
		error: expect.stringContaining("'c' is already used by item 2"),
		code: 'duplicate_custom_id',
		param: 'custom_id',
		custom_id: 'c',
	};

	it('become items of their own when the node continues, and the rest is submitted', async () => {
		const onError = 'continueRegularOutput' as const;
		const result = await product.run('batch', 'submit', TEXT, mixed, { onError });
		const [batch, ...bad] = result.items('Node');
		expect(batch.json).toMatchObject({ status: 'validating', requests: 2 });
		expect(batch.pairedItem).toEqual([{ item: 0, sourceOverwrite: FROM_ITEMS }, { item: 2 }]);
		expect(bad).toMatchObject([
			{ json: badB, pairedItem: { item: 1 } },
			{ json: badC, pairedItem: { item: 3 } },
		]);
		expect(product.emulator.ledger.batches).toHaveLength(1);
	});

	it('go to the error output with their own fields and the reason', async () => {
		const onError = 'continueErrorOutput' as const;
		const result = await product.run('batch', 'submit', TEXT, mixed, { onError });
		expect(result.items('Node', 0).map(({ json }) => json.requests)).toEqual([2]);
		expect(result.items('Node', 1).map(({ json }) => json)).toMatchObject([
			{ ...badB, id: 'b', row: 2 },
			{ ...badC, id: 'c', row: 4 },
		]);
	});

	it('are all that comes out when there is no good one', async () => {
		const onError = 'continueRegularOutput' as const;
		const result = await product.run('batch', 'submit', TEXT, [{ id: 1 }], { onError });
		expect(result.items('Node').map(({ json }) => json)).toMatchObject([
			{ error: 'The prompt is empty. The item has no $json.text.', custom_id: '1' },
		]);
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

describe('values of expressions', () => {
	it.each([
		[
			'an unset prompt',
			{ prompt: '={{ $json.nothing }}' },
			'The prompt is empty. The item has no $json.nothing.',
		],
		['an empty prompt', { prompt: '={{ "" }}' }, 'The prompt is empty.'],
		[
			'an object as the prompt',
			{ prompt: '={{ $json }}' },
			'The prompt is an object. Turn it into text first.',
		],
		[
			'a date as the prompt',
			{ prompt: '={{ { at: $now } }}' },
			'The prompt is an object. Turn it into text first.',
		],
		[
			'a list of texts as messages',
			{ prompt: '={{ ["a", "b"] }}' },
			"Invalid type for 'messages[0]': expected an object, but got a string instead.",
		],
		[
			'an object as the id',
			{ customId: '={{ $json }}' },
			"Invalid type for 'custom_id': expected a string, but got an object instead.",
		],
		[
			'no id',
			{ customId: '={{ $json.nothing }}' },
			"Missing required parameter: 'custom_id'. Give each request an id of its own. The item has no $json.nothing.",
		],
		[
			'no model',
			{ model: '={{ $json.nothing }}' },
			"Missing required parameter: 'model'. Name the model, for example 'gpt-6-luna'. The item has no $json.nothing.",
		],
		['a list as the model', { model: '={{ [["a"]] }}' }, 'The model has to be text.'],
	])('%s is refused by its item', async (_what, parameters: Parameters, reason) => {
		const error = await refused({ prompt: 'a', ...parameters });
		expect(error.message).toBe(`Item 0 cannot be submitted: ${reason}`);
	});

	it.each([
		['NaN', { temperature: '={{ NaN }}' }, 'Temperature has to be a number between 0 and 2.'],
		['text', { temperature: 'hot' }, 'Temperature has to be a number between 0 and 2.'],
		['a list', { temperature: '={{ [1] }}' }, 'Temperature has to be a number between 0 and 2.'],
		['too much', { temperature: 2.5 }, 'Temperature has to be a number between 0 and 2.'],
		['too little', { topP: -1 }, 'Top P has to be a number between 0 and 1.'],
		['half a token', { maxTokens: 1.5 }, 'Max Tokens has to be a whole number of at least 1.'],
		['no token', { maxTokens: 0 }, 'Max Tokens has to be a whole number of at least 1.'],
		[
			'a broken schema',
			{ jsonSchema: '{"type": object}' },
			/^JSON Schema is not valid JSON: Unexpected token .*\.$/,
		],
		['a list as schema', { jsonSchema: '[]' }, 'JSON Schema has to be a JSON object.'],
		[
			'a name with spaces',
			{ jsonSchemaName: 'my film' },
			'JSON Schema Name can have only letters, digits, underscores and dashes, and at most 64 of them.',
		],
		['a system object', { systemMessage: '={{ $json }}' }, 'System Message has to be text.'],
		[
			'a file as image',
			{ attachments: { values: [{ source: 'url', url: 'cat.png' }] } },
			"URL of an attachment has to be a web address or a data URL, but 'cat.png' is neither.",
		],
		[
			'a list as additional fields',
			{ additionalFields: '={{ [{}] }}' },
			'Additional Body Fields has to be a JSON object.',
		],
	])('%s in the request options is refused', async (_what, requestOptions: Parameters, reason) => {
		const error = await refused({ prompt: 'a', requestOptions });
		const prefix = 'Item 0 cannot be submitted: ';
		expect(error.message.slice(0, prefix.length)).toBe(prefix);
		expect(error.message.slice(prefix.length)).toEqual(
			typeof reason === 'string' ? reason : expect.stringMatching(reason),
		);
	});

	it.each([
		['/v1/images/edits', {}, 'There is no image to edit. Add the option Attachments.'],
		[
			'/v1/images/generations',
			{ prompt: '={{ ["a"] }}' },
			"Invalid type for 'prompt': expected a string, but got an array instead.",
		],
		[
			'/v1/moderations',
			{
				prompt: '={{ ["a"] }}',
				requestOptions: {
					attachments: { values: [{ source: 'url', url: 'https://example.com/a.png' }] },
				},
			},
			'Attachments need a prompt that is text. Put them into the list instead.',
		],
		['/v1/embeddings', { prompt: '={{ [] }}' }, "'input' is an empty array."],
	])('%s refuses what it cannot take', async (endpoint, parameters: Parameters, reason) => {
		const error = await refused({ endpoint, prompt: 'a', model: 'of-another-kind', ...parameters });
		expect(error.message).toBe(`Item 0 cannot be submitted: ${reason}`);
	});

	it('the default model, left in the field for an endpoint that it is not for, is refused', async () => {
		const error = await refused({ endpoint: '/v1/embeddings', prompt: 'a' });
		expect(error.message).toBe(
			'Item 0 cannot be submitted: gpt-6-luna is not a model for /v1/embeddings. Choose one under Model, for example text-embedding-3-small.',
		);
	});

	it.each([
		[
			'text that is not JSON',
			'={"a": "{{ $json.text }}"}',
			/^The body is not valid JSON: .*JSON\.stringify\(\)\.$/,
		],
		[
			'a list',
			'={{ [{ model: "m" }] }}',
			'The body has to be a JSON object, and this is a list. Return one object for each item, or split the list into items first.',
		],
		[
			'a list as text',
			'[{ "model": "m" }]',
			'The body has to be a JSON object, and this is a list. Return one object for each item, or split the list into items first.',
		],
		[
			'an object inside of text',
			'= {{ { model: "m" } }}',
			"The body has to be a JSON object, and this is the text '[object Object]': the expression has text or spaces around it. Remove everything outside of {{ }}.",
		],
		['nothing', '={{ null }}', 'The body is empty. Check its expression.'],
		[
			'an object without messages',
			'={{ { model: "gpt-6-luna" } }}',
			'Missing required parameter: \'messages\'. It is a list such as [{"role": "user", "content": "…"}].',
		],
	])('%s as the body is refused', async (_what, body, reason) => {
		const error = await refused({ requestSource: 'json', body }, [{ text: 'say "a"' }]);
		expect(error.message.replace('Item 0 cannot be submitted: ', '')).toEqual(
			typeof reason === 'string' ? reason : expect.stringMatching(reason),
		);
	});

	it('lines are refused for what the API would refuse after the upload', async () => {
		const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'a' }] };
		const url = '/v1/chat/completions';
		const error = await refused({ requestSource: 'lines' }, [
			{ custom_id: 'a', method: 'GET', url, body },
			{ custom_id: 'b', method: 'POST', url: '/v1/responses', body },
			{ custom_id: 'c', method: 'POST', url, body: JSON.stringify(body) },
			{ text: 'a row' },
			{ data: `${JSON.stringify({ custom_id: 'a', body })}\n{}` },
			{ requests: [{ custom_id: 'a' }] },
			{ custom_id: 1, model: 'gpt-6-luna', messages: [] },
			{},
		]);
		expect(error.description?.split('<br>')).toEqual([
			"Item 0: The method 'GET' is not supported in a batch. Use 'POST'.",
			expect.stringMatching(/^Item 1: The url '\/v1\/responses' does not match/),
			"Item 2: Invalid type for 'body': expected an object, but got a string instead. The body is JSON inside of a text. Write the object itself, without quotes around it.",
			"Item 3: This item is not a request: it has 'text', but not custom_id, method, url and body.",
			"Item 4: This item is not a request: it has 'data', but not custom_id, method, url and body. 'data' holds whole requests: make an item of each, or upload them as a file and create the batch from it.",
			"Item 5: This item is not a request: it has 'requests', but not custom_id, method, url and body. 'requests' holds whole requests: make an item of each, or upload them as a file and create the batch from it.",
			"Item 6: Missing required parameter: 'method'. Use 'POST'. Missing required parameter: 'url'. Use '/v1/chat/completions'. Missing required parameter: 'body'. 'model' and 'messages' belong into 'body'.",
			expect.stringMatching(/^Item 7: Missing required parameter: 'custom_id'/),
		]);
	});

	it('an expression that fails names its item', async () => {
		const items = [{ text: 'a' }, { text: 5 }];
		const error = await refused({ prompt: '={{ $json.text.toUpperCase() }}' }, items);
		expect(error.message).toMatch(/^Item 1 cannot be submitted: /);
	});
});

describe('settings of the whole submission', () => {
	it.each([
		[
			{ maxRequestsPerBatch: '={{ NaN }}' },
			'Max Requests per Batch has to be a whole number of at least 1',
		],
		[{ maxBytesPerBatch: 0 }, 'Max Bytes per Batch has to be a whole number of at least 1'],
		[{ maxTokensPerBatch: 'many' }, 'Max Tokens per Batch has to be a whole number of at least 1'],
		[{ inputExpiresAfter: 0.5 }, 'Input File Expires After has to be between 1 and 720 hours'],
		[{ outputExpiresAfter: 721 }, 'Output Files Expire After has to be between 1 and 720 hours'],
		[
			{ inputPricePerMillion: 'cheap' },
			'Input Price per Million Tokens has to be a number of at least 0',
		],
	])('%j is refused', async (options: Parameters, message) => {
		expect((await refused({ prompt: 'a', options })).message).toBe(message);
	});

	it('an endpoint that is not a path is refused', async () => {
		const parameters = { endpoint: 'other', otherEndpoint: 'chat/completions', prompt: 'a' };
		const error = await refused(parameters);
		expect(error.message).toBe('The endpoint has to be a path');
		expect(error.description).toBe(
			"The endpoint 'chat/completions' does not begin with a slash. Use '/v1/chat/completions'. A path begins with a slash, for example /v1/chat/completions.",
		);
	});

	it('fields for an endpoint that the node does not know are refused', async () => {
		const parameters = { endpoint: 'other', otherEndpoint: '/v2/rerank', prompt: 'a' };
		const error = await refused(parameters);
		expect(error.message).toBe('Requests for /v2/rerank cannot be made from fields');
		expect(error.description).toContain('JSON Body');
	});

	it.each([
		['https://api.openai.com/v1/responses', /whole address.*'\/v1\/responses'/],
		['//api.openai.com/v1/responses', /whole address/],
		['={{ "" }}', /^It is empty\./],
	])('%s as the endpoint is refused', async (otherEndpoint, description) => {
		const error = await refused({ endpoint: 'other', otherEndpoint, prompt: 'a' });
		expect(error.description).toMatch(description);
	});

	it('an endpoint that is nearly one that the node knows is named', async () => {
		const parameters = { endpoint: 'other', otherEndpoint: '/v1/chat/completion', prompt: 'a' };
		const error = await refused(parameters);
		expect(error.description).toMatch(
			/^The endpoint .* Did you mean '\/v1\/chat\/completions'\? Set/,
		);
	});

	it('metadata that would be lost is refused, and numbers are written out', async () => {
		const pairs = [
			{ key: 'run', value: 7 },
			{ key: 'list', value: '={{ [1] }}' },
		];
		const metadata = { pairs } as never;
		const error = await refused({ prompt: 'a', metadata });
		expect(error.message).toContain("'metadata.list': expected a string, but got an array");

		const [batch] = await product.json('batch', 'submit', {
			prompt: 'a',
			metadata: { pairs: [pairs[0], { key: 'on', value: '={{ true }}' }] } as never,
		});
		expect(batch.metadata).toMatchObject({ run: '7', on: 'true' });
	});
});

test.each([
	['continueRegularOutput', 0],
	['continueErrorOutput', 1],
] as const)(
	'a submission that fails as a whole is one error item with %s',
	async (onError, output) => {
		product.emulator.faults.next({ path: '/batches', fault: { type: 'status', status: 403 } });
		const run = await product.run('batch', 'submit', EMBED_TEXT, [{ text: 'a' }], { onError });
		expect(run.error).toBeUndefined();
		// n8n would pass the input on as if it were the output.
		expect(run.items('Node', 1 - output)).toEqual([]);
		expect(run.items('Node', output).map(({ json }) => json)).toEqual([
			expect.objectContaining({ error: expect.anything() }),
		]);
	},
);

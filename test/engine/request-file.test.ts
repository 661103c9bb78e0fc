import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';
import { requestLine } from './batches';
import { productForTests } from './product';

const product = productForTests();

afterEach(() => {
	// None of it calls the API.
	expect(product.emulator.ledger.requests).toEqual([]);
});

const memoryBinary = (content: string): IBinaryData => ({
	data: Buffer.from(content).toString('base64'),
	mimeType: 'application/jsonl',
	fileName: 'films.jsonl',
});

const fileItem = (content: string): INodeExecutionData => ({
	json: { job: 'films' },
	binary: { data: memoryBinary(content) },
});

const run = async (
	operation: string,
	parameters = {},
	input: INodeExecutionData[] | object[] = [{}],
	more = {},
) =>
	await product.run('requestFile', operation, parameters, input as INodeExecutionData[], {
		// Nor does it need a credential.
		credentialData: {},
		...more,
	});

const films = [
	{ id: 7, title: 'Alien' },
	{ id: 8, title: 'Amélie \u2028 "quoted"' },
	{ id: 9, title: 'Heat' },
];

const FIELDS = {
	endpoint: '/v1/chat/completions',
	requestSource: 'fields',
	model: 'gpt-6-luna',
	prompt: '=Which genre is {{ $json.title }}?',
	customId: '={{ $json.id }}',
};

const filmLine = ({ id, title }: { id: number; title: string }) =>
	JSON.stringify({
		custom_id: String(id),
		method: 'POST',
		url: '/v1/chat/completions',
		body: {
			model: 'gpt-6-luna',
			messages: [{ role: 'user', content: `Which genre is ${title}?` }],
		},
	});

describe('Build', () => {
	test('makes the body of an endpoint whatever version stands before it', async () => {
		const otherEndpoint = '/v4/chat/completions';
		const { items, binary } = await run(
			'build',
			{ ...FIELDS, endpoint: 'other', otherEndpoint },
			films,
		);
		const content = films.map((film) => `${filmLine(film)}\n`).join('');
		const [item] = items('Node');
		expect((await binary(item)).toString()).toBe(content.replaceAll('/v1/', '/v4/'));
		// And Validate checks it as one.
		const line = requestLine('a', { messages: [] }, otherEndpoint);
		const report = await run('validate', {}, [fileItem(line)]);
		expect(report.items('Node')[0].json).toMatchObject({
			valid: false,
			errors: [{ line: 1, message: expect.stringMatching(/'messages' is an empty array/) }],
		});
	});

	test('writes all items into one file', async () => {
		const { items, binary, error } = await run('build', FIELDS, films);
		expect(error).toBeUndefined();
		const content = films.map((film) => `${filmLine(film)}\n`).join('');
		const [item, ...others] = items('Node');
		expect(others).toEqual([]);
		expect(item.json).toEqual({
			part: 1,
			parts: 1,
			requests: 3,
			bytes: Buffer.byteLength(content),
			model: 'gpt-6-luna',
		});
		expect(item.pairedItem).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
		expect(item.binary!.data).toMatchObject({
			fileName: 'n8n-batch.jsonl',
			mimeType: 'application/jsonl',
		});
		expect((await binary(item)).toString()).toBe(content);
	});

	test('cuts by limits and models, and numbers the files', async () => {
		const bodies = ['a', 'b', 'a', 'a'].map((model) => ({
			body: { model, messages: [{ role: 'user', content: 'Hi' }] },
		}));
		const parameters = {
			requestSource: 'json',
			body: '={{ $json.body }}',
			binaryPropertyName: 'requests',
			options: { fileName: 'mixed.jsonl', maxRequestsPerBatch: 2 },
		};
		const { items, binary } = await run('build', parameters, bodies);
		expect(
			items('Node').map(({ json, binary: files, pairedItem }) => [
				json.part,
				json.parts,
				json.model,
				json.requests,
				files!.requests.fileName,
				pairedItem,
			]),
		).toEqual([
			[1, 3, 'a', 2, 'mixed-1-of-3.jsonl', [{ item: 0 }, { item: 2 }]],
			[2, 3, 'b', 1, 'mixed-2-of-3.jsonl', [{ item: 1 }]],
			[3, 3, 'a', 1, 'mixed-3-of-3.jsonl', [{ item: 3 }]],
		]);
		const last = await binary(items('Node')[2], 'requests');
		expect(JSON.parse(last.toString())).toMatchObject({ custom_id: 'item-3' });
		expect(last.byteLength).toBe(items('Node')[2].json.bytes);
	});

	test('writes large files in pieces that fit together', async () => {
		const rows = Array.from({ length: 3_000 }, (_, id) => ({
			id,
			title: `${'é'.repeat(200)}${id}`,
		}));
		const { items, binary } = await run('build', FIELDS, rows);
		const content = rows.map((row) => `${filmLine(row)}\n`).join('');
		expect((await binary(items('Node')[0])).toString()).toBe(content);
	});

	test('takes ready-made lines', async () => {
		const lines = ['a', 'b'].map((id) => JSON.parse(requestLine(id)) as object);
		const { items, binary } = await run('build', { requestSource: 'lines' }, lines);
		expect((await binary(items('Node')[0])).toString()).toBe(
			`${requestLine('a')}\n${requestLine('b')}\n`,
		);
	});

	test('says how bad items are left out, since it submits nothing', async () => {
		const rows = [{ id: 1, title: 'A' }, { id: 1, title: 'B' }, { id: 2 }, { id: 1, title: 'C' }];
		const { error } = await run('build', FIELDS, rows);
		expect(error?.message).toBe('2 of 4 items cannot become requests; no file was made');
		expect(error?.description).toMatch(
			/To leave bad items out, set On Error to Continue in the settings of the node\.$/,
		);
	});

	test('names a bad item by its index', async () => {
		const rows = [
			{ id: 1, title: 'A' },
			{ id: 1, title: 'B' },
		];
		const { error, items } = await run('build', FIELDS, rows);
		expect(error?.message).toMatch(
			/^Item 1 cannot become a request: The custom_id '1' is already used/,
		);
		expect(items('Node')).toEqual([]);
	});

	test('leaves bad items out where the user continues', async () => {
		const rows = [
			{ id: 1, title: 'A' },
			{ id: 1, title: 'B' },
		];
		const { items } = await run('build', FIELDS, rows, { onError: 'continueErrorOutput' });
		expect(items('Node', 0).map(({ json }) => json.requests)).toEqual([1]);
		expect(items('Node', 1).map(({ json }) => [json.code, json.custom_id])).toEqual([
			['duplicate_custom_id', '1'],
		]);
	});

	test('without a name for the field nothing is made', async () => {
		const { error } = await run('build', { ...FIELDS, binaryPropertyName: ' ' }, films);
		expect(error?.message).toBe('The name of the binary field is missing');
	});
});

describe('Validate', () => {
	test('reports a good file', async () => {
		const content = films.map((film) => `${filmLine(film)}\n`).join('');
		const { items } = await run('validate', {}, [fileItem(content)]);
		expect(items('Node').map(({ json }) => json)).toEqual([
			{
				valid: true,
				requests: 3,
				bytes: Buffer.byteLength(content),
				models: ['gpt-6-luna'],
				endpoints: ['/v1/chat/completions'],
				error_count: 0,
				errors: [],
			},
		]);
		expect(items('Node')[0].binary!.data).toMatchObject({ fileName: 'films.jsonl' });
	});

	test('lists what is wrong, with the line, the request and the code', async () => {
		const content = [
			requestLine('a'),
			'not JSON',
			requestLine('a'),
			requestLine('b', {}, '/v1/responses'),
		].join('\n');
		const { items } = await run('validate', {}, [fileItem(content)]);
		const { json } = items('Node')[0];
		expect(json).toMatchObject({ valid: false, requests: 4, error_count: 4 });
		expect(
			(json.errors as Array<Record<string, unknown>>).map(({ message, ...rest }) => rest),
		).toEqual([
			{ line: null, custom_id: null, code: 'invalid_url' },
			{ line: 2, custom_id: null, code: 'invalid_json_line' },
			{ line: 3, custom_id: 'a', code: 'duplicate_custom_id' },
			{ line: 4, custom_id: 'b', code: 'missing_required_parameter' },
		]);
	});

	test('checks against an endpoint, and lists as many errors as wanted', async () => {
		const options = { endpoint: '/v1/embeddings', maxErrors: 1 };
		const content = `${requestLine('a')}\n${requestLine('b')}`;
		const { items } = await run('validate', { options }, [fileItem(content)]);
		const { json } = items('Node')[0];
		expect(json).toMatchObject({ valid: false, error_count: 4 });
		expect(json.errors).toEqual([
			expect.objectContaining({ line: 1, custom_id: 'a', code: 'invalid_url' }),
		]);
	});

	test.each([
		['https://api.openai.com/v1/chat/completions', /whole address.*'\/v1\/chat\/completions'/],
		['/v1/chat/completion', /Did you mean '\/v1\/chat\/completions'/],
		['v1/chat/completions', /does not begin with a slash.*'\/v1\/chat\/completions'/],
	])('without an endpoint refuses the url %s', async (url, message) => {
		const content = requestLine('a', {}, url);
		const { items } = await run('validate', {}, [fileItem(content)]);
		expect(items('Node')[0].json).toMatchObject({
			valid: false,
			error_count: 1,
			errors: [{ line: 1, code: 'invalid_url', message: expect.stringMatching(message) }],
		});
		const { error } = await run('validate', { options: { endpoint: url } }, [fileItem(content)]);
		expect(error?.message).toBe('Endpoint has to be the path of an endpoint');
		expect((error as { description?: string }).description).toMatch(message);
	});

	test.each(['/v4/chat/completions', '/v1/score', '/v1/messages', '/v1/rerank'])(
		'takes the url %s, which another server may have',
		async (url) => {
			const { items } = await run('validate', {}, [fileItem(requestLine('a', {}, url))]);
			expect(items('Node')[0].json).toMatchObject({ valid: true, endpoints: [url] });
		},
	);

	test.each([
		[
			'one JSON list',
			`[${requestLine('a')},${requestLine('b')}]`,
			null,
			/one JSON document, a list/,
		],
		['objects as text', '[object Object]\n[object Object]\n', null, /JSON\.stringify/],
		['CSV', 'custom_id,prompt\na,Hi\n', null, /CSV/],
		['Python dictionaries', "{'custom_id': 'a'}\n", null, /Python/],
		['rows', '{"id":1,"title":"Alien"}', 1, /is not a request: it has 'id', 'title'/],
		['a list on a later line', `${requestLine('a')}\n[1]`, 2, /A line is one request/],
		[
			'the body as text',
			requestLine('a').replace(/"body":(.*)\}$/, (_, body) => `"body":${JSON.stringify(body)}}`),
			1,
			/The body is JSON inside of a text/,
		],
		['a request as text', JSON.stringify(requestLine('a')), 1, /turned into JSON twice/],
		[
			'model and messages beside the id',
			'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","model":"m","messages":[]}',
			1,
			/'model' and 'messages' belong into 'body'/,
		],
	])('names %s for what they are', async (_name, content, line, message) => {
		const { items } = await run('validate', {}, [fileItem(content)]);
		const { valid, errors } = items('Node')[0].json as { valid: boolean; errors: object[] };
		expect(valid).toBe(false);
		expect(errors).toMatchObject([{ line, message: expect.stringMatching(message) }]);
	});

	test('takes as many requests as the user sets, since servers differ', async () => {
		const lines = Array.from({ length: 50_001 }, (_, index) => requestLine(`r-${index}`));
		const input = [fileItem(lines.join('\n'))];
		const over = (most: number) => ({
			code: 'too_many_requests',
			message: `The file has 50001 requests, more than the ${most} that a batch can have. Split the file, or set Max Requests per Batch for a server that takes more: Azure takes 100,000, for example.`,
		});
		const reportFor = async (options: Record<string, number | string>) => {
			const result = await run('validate', { options }, input);
			return { ...result.items('Node')[0].json, hints: result.hints('Node') };
		};
		expect(await reportFor({})).toMatchObject({ valid: false, errors: [over(50_000)] });
		expect(await reportFor({ maxRequestsPerBatch: 100_000 })).toMatchObject({
			valid: true,
			requests: 50_001,
			hints: [],
		});
		expect(await reportFor({ maxRequestsPerBatch: 50_000, server: 'compatible' })).toMatchObject({
			valid: false,
			errors: [over(50_000)],
		});
		expect(await reportFor({ server: 'compatible' })).toMatchObject({
			valid: true,
			hints: [
				{
					message: `OpenAI would refuse the file: ${over(50_000).message} Another server may accept it.`,
				},
			],
		});
	});

	test('leaves to other servers what only OpenAI refuses, with hints', async () => {
		const part = { type: 'video_url', video_url: { url: 'a' } };
		const content = [
			requestLine('a', { stream: true, messages: [{ role: 'ipython', content: 'Hi' }] }),
			requestLine('b', { model: 'other', messages: [{ role: 'user', content: [part] }] }),
		].join('\n');
		const strict = await run('validate', {}, [fileItem(content)]);
		expect(strict.items('Node')[0].json).toMatchObject({ valid: false, error_count: 3 });
		const options = { server: 'compatible' };
		const result = await run('validate', { options }, [fileItem(content)]);
		expect(result.items('Node')[0].json).toMatchObject({ valid: true, errors: [] });
		expect(result.hints('Node').map(({ message }) => message)).toEqual([
			expect.stringMatching(/^OpenAI would refuse the file: The requests name 2 models .*\.$/),
			expect.stringMatching(/^OpenAI would refuse 1 of 2 .* line 1: Streaming .*\.$/),
		]);
		// What no server can do anything with stays an error.
		const broken = [requestLine('a'), requestLine('a'), '{"custom_id":"b"}'].join('\n');
		const report = await run('validate', { options }, [fileItem(broken)]);
		expect(report.items('Node')[0].json).toMatchObject({ valid: false, error_count: 4 });
	});

	test('Build makes files for other servers, too', async () => {
		const parameters = {
			requestSource: 'json',
			body: '={{ { model: "m", stream: true, messages: [{ role: "ipython", content: $json.title }] } }}',
		};
		const { error } = await run('build', parameters, films);
		expect(error?.message).toMatch(/^3 of 3 items cannot become requests; no file was made$/);
		const options = { server: 'compatible' };
		const result = await run('build', { ...parameters, options }, films);
		expect(result.items('Node')).toMatchObject([{ json: { requests: 3 } }]);
		expect(result.hints('Node').map(({ message }) => message)).toEqual([
			"OpenAI would refuse 3 of 3 requests, the first in item 0: Streaming is not supported in the Batch API. Remove 'stream' from the body. Another server may accept them.",
		]);
	});

	test('gives a hint for what OpenAI may refuse, and calls the file valid', async () => {
		const lines = ['a', 'b'].map((id) => requestLine(id, { model: 'gpt-5.6-sol', temperature: 0 }));
		const result = await run('validate', {}, [fileItem(lines.join('\n'))]);
		expect(result.items('Node')[0].json).toMatchObject({ valid: true, errors: [] });
		expect(result.items('Node')[0].json).not.toHaveProperty('hints');
		expect(result.hints('Node')).toMatchObject([
			{
				message:
					"OpenAI may refuse 2 of 2 requests, the first in line 1: gpt-5.6-sol probably refuses 'temperature' while it reasons. Leave it out, or set the reasoning effort to 'none'.",
			},
		]);
	});

	test('reads files from the binary storage, as Build leaves them', async () => {
		const { items } = await product.engine.run({
			nodes: [
				{
					name: 'Build',
					type: 'openAiBatch',
					parameters: { ...FIELDS, resource: 'requestFile', operation: 'build' },
				},
				{
					name: 'Validate',
					type: 'openAiBatch',
					parameters: { resource: 'requestFile', operation: 'validate' },
				},
				{
					name: 'Cost',
					type: 'openAiBatch',
					parameters: { resource: 'requestFile', operation: 'estimateCost' },
				},
			],
			input: films,
		});
		expect(items('Validate')[0].json).toMatchObject({ valid: true, requests: 3 });
		expect(items('Cost')[0].json).toMatchObject({ requests: 3, regular_cost: null });
	});

	test.each([
		['an item without the file', { binaryPropertyName: 'other' }, /binary/],
		['a nonsensical number', { options: { maxErrors: 0 } }, /^Max Errors has to be/],
	])('refuses %s', async (_name, parameters, said) => {
		const { error } = await run('validate', parameters, [fileItem(requestLine('a'))]);
		expect(error?.message).toMatch(said);
	});

	test('one item without a file does not stop the others, when the user continues', async () => {
		const input = [{ json: {} }, fileItem(requestLine('a'))];
		const { items } = await run('validate', {}, input, { onError: 'continueErrorOutput' });
		expect(items('Node', 0).map(({ json, pairedItem }) => [json.valid, pairedItem])).toEqual([
			[true, { item: 1 }],
		]);
		expect(items('Node', 1)).toHaveLength(1);
	});
});

describe('Estimate Cost', () => {
	const embedding = (id: string, input: string) =>
		requestLine(id, { model: 'text-embedding-3-small', input }, '/v1/embeddings');

	test('gives tokens, and costs with and without a batch', async () => {
		// 4,000 bytes of prompt are 1,000 tokens by the estimate, and vectors are no tokens.
		const content = `${embedding('a', 'x'.repeat(2_000))}\n${embedding('b', 'y'.repeat(2_000))}\n`;
		const parameters = { inputPricePerMillion: 20, outputPricePerMillion: 80 };
		const { items } = await run('estimateCost', parameters, [fileItem(content)]);
		expect(items('Node').map(({ json }) => json)).toEqual([
			{
				requests: 2,
				estimated_tokens: 1_000,
				attachments_not_estimated: 0,
				regular_cost: 0.02,
				batch_cost: 0.01,
				savings: 0.01,
				method: expect.stringContaining('Prices: as given, 50% less in a batch.'),
			},
		]);
	});

	test('counts the output limits, and gives no costs without prices', async () => {
		const content = requestLine('a', {
			messages: [{ role: 'user', content: 'x'.repeat(400) }],
			max_completion_tokens: 50,
		});
		const { items } = await run('estimateCost', {}, [fileItem(content)]);
		const { json } = items('Node')[0];
		expect(json.requests).toBe(1);
		expect(json.estimated_tokens).toBeGreaterThanOrEqual(150);
		expect(json.estimated_tokens).toBeLessThan(160);
		expect([json.regular_cost, json.batch_cost, json.savings]).toEqual([null, null, null]);
	});

	test('stops at a line that is not a request', async () => {
		const content = `${embedding('a', 'x')}\n\n{"custom_id":"b"}\n`;
		const { error } = await run('estimateCost', {}, [fileItem(content)]);
		expect(error?.message).toBe('Line 3 of the file is not a request');
		expect((error as { description?: string }).description).toBe(
			"Missing required parameter: 'body'. Validate lists everything that is wrong with the file.",
		);
	});

	test.each([
		['[{"custom_id":"a"}]', 'The file is not a request file', /one JSON document, a list/],
		['id,prompt\n1,Hi\n', 'The file is not a request file', /CSV/],
		["{'custom_id': 'a'}\n", 'The file is not a request file', /Python/],
		['"a"\n{"x":1}\n', 'Line 1 of the file is not a request', /expected an object/],
		[`${requestLine('a')}\n{'b': 1}\n`, 'Line 2 of the file is not a request', /Python/],
		[`${requestLine('a')}\n{"id":1}\n`, 'Line 2 of the file is not a request', /it has 'id'/],
	])('names what %j is', async (content, message, description) => {
		const { error } = await run('estimateCost', {}, [fileItem(content)]);
		expect(error?.message).toBe(message);
		expect((error as { description?: string }).description).toMatch(description);
	});

	test('refuses a price that is not a number', async () => {
		const parameters = { inputPricePerMillion: '={{ "cheap" }}' };
		const { error } = await run('estimateCost', parameters, [fileItem(requestLine('a'))]);
		expect(error?.message).toBe('Input Price per Million Tokens has to be a number of at least 0');
	});
});

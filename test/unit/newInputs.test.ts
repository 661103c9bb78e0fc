import { endpointOf } from '../../nodes/endpoints';
import { extractContent } from '../../nodes/endpoints/answers';
import { checkBody } from '../../nodes/endpoints/body';
import type { JsonObject } from '../../nodes/jsonl/json';
import { parseJsonContent } from '../../nodes/jsonl/parseJson';
import { foreignFormat } from '../../nodes/jsonl/fileFormat';
import { validateRequests } from '../../nodes/OpenAiBatch/requestFile/validate/validateFile';
import { RequestChecker } from '../../nodes/OpenAiBatch/requests/requestChecker';
import { CHAT, RESPONSES } from '../support/endpointUrls';

/**
 * Inputs that were made up before anybody looked whether the product can read them, with what is
 * right for somebody who has paid for the answers.
 */

const issuesOf = (path: string, body: object, server?: 'compatible') =>
	checkBody(endpointOf(path), body as JsonObject, server);

describe('nothing of an answer is dropped', () => {
	const chat = (message: object, more: object = {}) =>
		extractContent(CHAT, {
			object: 'chat.completion',
			choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
			...more,
		});

	it('images as a list of addresses', () => {
		const { content, images } = chat({
			content: 'Here it is',
			images: ['data:image/png;base64,iVBORw0KGgo='],
		});
		expect(content).toBe('Here it is');
		expect(images).toEqual([{ b64_json: 'iVBORw0KGgo=', output_format: 'png' }]);
	});

	it('the sources beside the choices', () => {
		const { sources } = chat({ content: 'So it is [1]' }, { citations: ['https://example.com/a'] });
		expect(sources).toEqual([{ url: 'https://example.com/a', title: null }]);
	});

	it.each<[string, object]>([
		['reasoning_details', { reasoning_details: [{ type: 'reasoning.text', text: 'Let me see' }] }],
		['thinking_blocks', { thinking_blocks: [{ type: 'thinking', thinking: 'Let me see' }] }],
	])('thoughts in %s', (_, fields) => {
		expect(chat({ content: 'Yes', ...fields }).reasoning_summary).toBe('Let me see');
	});

	it('one call that is not in a list', () => {
		const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
		expect(chat({ content: null, tool_calls: call }).tool_calls).toEqual([call]);
	});

	it('calls beside the message', () => {
		const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
		const { tool_calls } = extractContent(CHAT, {
			choices: [{ index: 0, message: { role: 'assistant', content: null }, tool_calls: [call] }],
		});
		expect(tool_calls).toEqual([call]);
	});

	it('a delta in place of a message', () => {
		const body = { choices: [{ index: 0, delta: { content: 'Yes' }, finish_reason: 'stop' }] };
		expect(extractContent(CHAT, body).content).toBe('Yes');
	});

	it('sound in an answer of the Responses API', () => {
		const part = { type: 'output_audio', data: 'UklGRg==', transcript: 'Yes' };
		const { content, audio } = extractContent(RESPONSES, {
			object: 'response',
			status: 'completed',
			output: [{ type: 'message', role: 'assistant', content: [part] }],
		});
		expect(content).toBe('Yes');
		expect(audio).toMatchObject({ data: 'UklGRg==' });
	});

	it('a part of a kind that is not known in an answer of the Responses API', () => {
		const content = [{ type: 'output_json', json: { a: 1 } }];
		const answer = extractContent(RESPONSES, {
			object: 'response',
			status: 'completed',
			output: [{ type: 'message', role: 'assistant', content }],
		});
		expect(JSON.stringify(answer)).toContain('{"a":1}');
	});

	it('a text that stands beside an empty output', () => {
		const body = { object: 'response', status: 'completed', output: [], output_text: 'Yes' };
		expect(extractContent(RESPONSES, body).content).toBe('Yes');
	});
});

describe('what OpenAI refuses hours later is refused before the upload', () => {
	const chat = (more: object) => ({
		model: 'gpt-4.1-mini',
		messages: [{ role: 'user', content: 'Hi' }],
		...more,
	});
	const responses = (more: object) => ({ model: 'gpt-4.1-mini', input: 'Hi', ...more });
	const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } };
	const schema = { type: 'object', properties: { city: { type: 'string' } } };

	it.each<[string, string, object, RegExp]>([
		[
			'a tool message that answers no call',
			CHAT,
			chat({
				messages: [
					{ role: 'user', content: 'Hi' },
					{ role: 'assistant', content: null, tool_calls: [call] },
					{ role: 'tool', content: 'sunny' },
				],
			}),
			/tool_call_id/,
		],
		[
			'a call whose arguments are an object',
			CHAT,
			chat({
				messages: [
					{
						role: 'assistant',
						content: null,
						tool_calls: [{ ...call, function: { name: 'f', arguments: { a: 1 } } }],
					},
					{ role: 'tool', tool_call_id: 'c', content: 'sunny' },
				],
			}),
			/arguments/,
		],
		[
			'a tool of the Responses API in a chat completion',
			CHAT,
			chat({ tools: [{ type: 'function', name: 'f', parameters: schema }] }),
			/function/,
		],
		[
			'a tool of chat completions in the Responses API',
			RESPONSES,
			responses({ tools: [{ type: 'function', function: { name: 'f', parameters: schema } }] }),
			/name/,
		],
		[
			'a tool with a space in its name',
			CHAT,
			chat({ tools: [{ type: 'function', function: { name: 'get weather' } }] }),
			/get weather/,
		],
		[
			'a strict tool whose schema is not strict',
			CHAT,
			chat({
				tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: schema } }],
			}),
			/additionalProperties/,
		],
		[
			'a strict tool of the Responses API whose schema is not strict',
			RESPONSES,
			responses({ tools: [{ type: 'function', name: 'f', strict: true, parameters: schema }] }),
			/additionalProperties/,
		],
		['a temperature as text', CHAT, chat({ temperature: '0.2' }), /temperature/],
		['a temperature above two', CHAT, chat({ temperature: 20 }), /temperature/],
		['a limit as text', RESPONSES, responses({ max_output_tokens: '100' }), /max_output_tokens/],
		['a format as text', CHAT, chat({ response_format: 'json_object' }), /response_format/],
		[
			'JSON without the word in the messages',
			CHAT,
			chat({ response_format: { type: 'json_object' } }),
			/json/i,
		],
		[
			'JSON without the word in the input',
			RESPONSES,
			responses({ text: { format: { type: 'json_object' } } }),
			/json/i,
		],
		[
			'a picture in a folder of this machine',
			CHAT,
			chat({
				messages: [
					{
						role: 'user',
						content: [{ type: 'image_url', image_url: { url: '/files/cat.png' } }],
					},
				],
			}),
			/cat\.png/,
		],
		[
			'a picture in a bucket',
			RESPONSES,
			responses({
				input: [
					{ role: 'user', content: [{ type: 'input_image', image_url: 's3://films/cat.png' }] },
				],
			}),
			/s3:/,
		],
		[
			'a picture on this machine',
			RESPONSES,
			responses({
				input: [
					{
						role: 'user',
						content: [{ type: 'input_image', image_url: 'http://localhost:5678/cat.png' }],
					},
				],
			}),
			/localhost/,
		],
		['too many stops', CHAT, chat({ stop: ['a', 'b', 'c', 'd', 'e'] }), /stop/],
		['metadata that is not text', RESPONSES, responses({ metadata: { row: 17 } }), /metadata/],
		['top_logprobs without logprobs', CHAT, chat({ top_logprobs: 3 }), /logprobs/],
	])('%s', (_, path, body, words) => {
		const issues = issuesOf(path, body).filter(({ isHint }) => !isHint);
		expect(issues).not.toEqual([]);
		expect(issues.map(({ message, param }) => `${param} ${message}`).join(' ')).toMatch(words);
		// With a compatible server it passes.
		expect(issuesOf(path, body, 'compatible').filter(({ isHint }) => !isHint)).toEqual([]);
	});
});

describe('what is valid, though unusual, is no error', () => {
	it.each<[string, string, object]>([
		[
			'a chat with answered calls, a tool of one’s own and contents in parts',
			CHAT,
			{
				model: 'gpt-4.1',
				messages: [
					{ role: 'developer', content: [{ type: 'text', text: 'Be brief' }] },
					{ role: 'user', name: 'ann', content: '' },
					{
						role: 'assistant',
						content: null,
						tool_calls: [
							{ id: 'c1', type: 'function', function: { name: 'f', arguments: '' } },
							{ id: 'c2', type: 'custom', custom: { name: 'g', input: 'x' } },
						],
					},
					{ role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: '1' }] },
					{ role: 'tool', tool_call_id: 'c2', content: '' },
				],
				tools: [
					{ type: 'function', function: { name: 'f' } },
					{
						type: 'custom',
						custom: {
							name: 'g',
							format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
						},
					},
				],
				tool_choice: { type: 'function', function: { name: 'f' } },
				parallel_tool_calls: false,
			},
		],
		[
			'items of the Responses API that are no messages',
			RESPONSES,
			{
				model: 'gpt-6-luna',
				input: [
					{ type: 'item_reference', id: 'msg_1' },
					{ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' },
					{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
					{
						type: 'function_call_output',
						call_id: 'c',
						output: [
							{ type: 'input_text', text: 'sunny' },
							{ type: 'input_image', file_id: 'file-1' },
						],
					},
				],
				tools: [
					{ type: 'web_search' },
					{
						type: 'mcp',
						server_label: 'x',
						connector_id: 'connector_gmail',
						require_approval: 'never',
					},
					{ type: 'code_interpreter', container: { type: 'auto' } },
					{ type: 'function', name: 'f', parameters: null, strict: null },
				],
				tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] },
				include: ['reasoning.encrypted_content'],
				store: false,
			},
		],
		[
			'a recursive schema whose properties have the names of keywords',
			CHAT,
			{
				model: 'gpt-4.1',
				messages: [{ role: 'user', content: 'Hi' }],
				response_format: {
					type: 'json_schema',
					json_schema: {
						name: 'tree',
						strict: true,
						schema: {
							type: 'object',
							additionalProperties: false,
							required: ['not', 'oneOf', 'required', 'children', 'parent'],
							properties: {
								not: { type: 'string', description: 'negation' },
								oneOf: { type: ['string', 'null'], enum: ['a', null] },
								required: { type: 'boolean' },
								children: { type: 'array', items: { $ref: '#' } },
								parent: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
							},
							$defs: {
								node: {
									type: 'object',
									additionalProperties: false,
									required: ['id'],
									properties: { id: { type: 'integer', minimum: 0 } },
								},
							},
						},
					},
				},
			},
		],
		[
			'a reasoning model with neutral parameters and nulls',
			CHAT,
			{
				model: 'o4-mini',
				messages: [{ role: 'user', content: 'Hi' }],
				temperature: 1,
				top_p: 1,
				stop: null,
				reasoning_effort: null,
				response_format: { type: 'text' },
				max_completion_tokens: 100,
				n: 2,
				metadata: null,
				tools: null,
			},
		],
		[
			'addresses and data URLs in unusual spellings',
			CHAT,
			{
				model: 'gpt-4.1',
				messages: [
					{
						role: 'user',
						content: [
							{ type: 'image_url', image_url: { url: 'HTTPS://Example.com/a%20b.png?x=1#y' } },
							{ type: 'image_url', image_url: { url: 'http://203.0.113.7:8080/a', detail: 'low' } },
							{
								type: 'image_url',
								image_url: { url: 'data:image/png;name=cat.png;base64,iVBORw0KGgo=' },
							},
						],
					},
				],
			},
		],
		[
			'lists of tokens',
			'/v1/embeddings',
			{
				model: 'text-embedding-3-small',
				input: [
					[1, 2],
					[3, 4],
				],
				dimensions: 256,
				encoding_format: 'base64',
			},
		],
		[
			'JSON by a prompt that is stored',
			RESPONSES,
			{
				model: 'gpt-4.1',
				prompt: { id: 'pmpt_1', variables: { city: 'Rome' } },
				text: { format: { type: 'json_object' } },
			},
		],
		[
			'JSON where the word stands in a part of another message',
			CHAT,
			{
				model: 'gpt-4.1',
				messages: [
					{ role: 'developer', content: [{ type: 'text', text: 'Antworte als JSON-Objekt.' }] },
					{ role: 'user', content: '映画' },
				],
				response_format: { type: 'json_object' },
			},
		],
		[
			'JSON where the word stands in the instructions',
			RESPONSES,
			{
				model: 'gpt-4.1',
				instructions: 'Reply in json.',
				input: [{ role: 'user', content: [{ type: 'input_text', text: 'Return JSON' }] }],
				text: { format: { type: 'json_object' }, verbosity: 'low' },
			},
		],
	])('%s', (_, path, body) => {
		expect(issuesOf(path, body).filter(({ isHint }) => !isHint)).toEqual([]);
	});
});

describe('JSON with something around it', () => {
	it.each<[string, string, unknown]>([
		[
			'the channels of gpt-oss',
			'<|channel|>analysis<|message|>The user wants {genre}.<|end|><|start|>assistant<|channel|>final<|message|>{"a":1}<|return|>',
			{ a: 1 },
		],
		['line breaks inside of its strings', '{"a":"one\ntwo\tthree"}', { a: 'one\ntwo\tthree' }],
		['a byte order mark before a list', '\ufeff[{"a":1}]', [{ a: 1 }]],
		['a list of one object after a word', 'Result: [{"a":1}]', [{ a: 1 }]],
		['a list in a tag', '<json>[{"a":1},{"a":2}]</json>', [{ a: 1 }, { a: 2 }]],
		['JSON that was made twice', '"{\\"a\\":1}"', { a: 1 }],
		[
			'another code fence before it',
			'```python\nprint({"x": 2})\n```\nThis gives:\n```json\n{"a":1}\n```',
			{ a: 1 },
		],
		['a fence with tildes', '~~~json\n[1,2]\n~~~', [1, 2]],
		['a fence in the line of the prose', 'Sure: ```json [1,2]```', [1, 2]],
		['the mark of an end', '[1,2]<|im_end|>', [1, 2]],
		[
			'a heading and a note with brackets',
			'## Answer [v2]\n{"a":1}\n\n*Note: {x} is unknown.*',
			{ a: 1 },
		],
	])('%s', (_, text, value) => {
		expect(parseJsonContent(text)).toEqual({ ok: true, value });
	});
});

describe('messages say what to do', () => {
	const validate = async (content: string | Buffer) =>
		await validateRequests([Buffer.from(content)]);
	const said = ({ errors }: Awaited<ReturnType<typeof validate>>) =>
		errors.map(({ message }) => message).join(' ');

	it('a file of results', async () => {
		const line = { id: 'batch_req_1', custom_id: 'a', response: { status_code: 200 }, error: null };
		const report = await validate(`${JSON.stringify(line)}\n`);
		expect(report.error_count).toBe(1);
		expect(said(report)).toMatch(/result/i);
	});

	it('a request of Anthropic', async () => {
		const params = { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] };
		const report = await validate(`${JSON.stringify({ custom_id: 'a', params })}\n`);
		expect(said(report)).toMatch(/params.*body|Anthropic/);
	});

	it('a request of Gemini', async () => {
		const request = { contents: [{ parts: [{ text: 'Hi' }] }] };
		const report = await validate(`${JSON.stringify({ key: 'a', request })}\n`);
		expect(said(report)).toMatch(/Gemini/);
	});

	it('base64 of a file', async () => {
		const report = await validate(Buffer.from('{"custom_id":"a"}\n'.repeat(9)).toString('base64'));
		expect(said(report)).toMatch(/base64/i);
	});

	it.each<[string, Buffer, RegExp]>([
		['an old Excel workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), /Excel/],
		['Parquet', Buffer.from('PAR1\x15\x04\x15'), /Parquet/],
		['an image', Buffer.from('89504e470d0a1a0a', 'hex'), /image|PNG/],
		['another compression', Buffer.from('28b52ffd04009100', 'hex'), /compressed/],
	])('%s', (_, head, words) => {
		expect(foreignFormat(head)).toMatch(words);
	});

	const item = { custom_id: 'a', method: 'POST', url: CHAT, body: { model: 'm', messages: [] } };

	it.each<[string, object, RegExp]>([
		['an item in an item', { json: item }, /'json'.*request/],
		['a request as text', { line: JSON.stringify(item) }, /'line' holds/],
		['a file as base64', { data: Buffer.from(JSON.stringify(item)).toString('base64') }, /base64/],
		[
			'names in camel case',
			{ customId: 'a', method: 'POST', url: CHAT, body: item.body },
			/customId/,
		],
	])('%s', (_, request, words) => {
		const issues = new RequestChecker({ unit: 'item' }).check(request, 0);
		expect(issues.map(({ message }) => message).join(' ')).toMatch(words);
	});
});

import {
	cancelBatch,
	getBatch,
	listBatchPage,
	tryCreateBatch,
	tryListBatchPage,
} from '../../nodes/openai/api/batches';
import { inspect } from 'node:util';
import { NodeApiError } from 'n8n-workflow';
import type { OpenAiClient } from '../../nodes/openai/client';
import { deleteFile, findFile } from '../../nodes/openai/api/files';
import type { ClientNode } from './support/clientNode';
import { startClientNode } from './support/clientNode';
import type { Answer } from './support/scriptedServer';
import {
	answer,
	refuse,
	reset,
	serverForTests,
	stall,
	startScriptedServer,
} from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const API_KEY = 'key-of-the-user-0123456789';
const HEADER_VALUE = 'Token gateway-secret-987';

const server = serverForTests();
let node: ClientNode;

beforeAll(async () => {
	node = await startClientNode({ apiKey: API_KEY, url: server.url });
});

const list = async (client: OpenAiClient) => await tryListBatchPage(client);

const create = async (client: OpenAiClient) =>
	await tryCreateBatch(client, {
		input_file_id: 'file-1',
		endpoint: '/v1/embeddings',
		completion_window: '24h',
		metadata: { constructor: 'kept' },
	});

/** What a call throws. */
const thrown = async (
	call: (client: OpenAiClient) => Promise<unknown>,
	...more: [itemIndex?: number, credential?: Record<string, string | boolean>]
): Promise<NodeApiError> => {
	const [itemIndex, credential] = more;
	return await node.run(
		async (client) =>
			await call(client).then(
				() => {
					throw new Error('It did not throw');
				},
				(error: unknown) => error as NodeApiError,
			),
		{ itemIndex },
		credential,
	);
};

describe('on the wire', () => {
	test('the key as a bearer token, and JSON exactly as it was given', async () => {
		server.script();
		await node.run(create);
		const [{ method, url, headers, body }] = server.seen;
		expect([method, url]).toEqual(['POST', '/v1/batches']);
		expect(headers.authorization).toBe(`Bearer ${API_KEY}`);
		expect(headers['content-type']).toMatch(/^application\/json/);
		expect(body).toBe(
			'{"input_file_id":"file-1","endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"constructor":"kept"}}',
		);
		for (const name of ['openai-organization', 'openai-project', 'api-key', 'x-gateway']) {
			expect(headers[name]).toBeUndefined();
		}
	});

	test('the key as Azure takes it, organization, project and a header of the user', async () => {
		server.script();
		await node.run(
			list,
			{},
			{
				authScheme: 'apiKeyHeader',
				organizationId: ' org-1 ',
				projectId: 'proj_1',
				header: true,
				headerName: 'X-Gateway',
				headerValue: HEADER_VALUE,
			},
		);
		const [{ headers }] = server.seen;
		expect(headers).toMatchObject({
			'api-key': API_KEY,
			'openai-organization': 'org-1',
			'openai-project': 'proj_1',
			'x-gateway': HEADER_VALUE,
		});
		expect(headers.authorization).toBeUndefined();
	});

	test.each([
		['/v1/', '/v1/batches?limit=1'],
		['/openai/v1', '/openai/v1/batches?limit=1'],
		['', '/batches?limit=1'],
		['/v1?api-version=2026-01-01', '/v1/batches?api-version=2026-01-01&limit=1'],
	])('the path of a base URL ending in %p', async (path, expected) => {
		server.script();
		const url = `http://127.0.0.1:${server.port}${path}`;
		await node.run(async (client) => await listBatchPage(client, { limit: 1 }), {}, { url });
		expect(server.seen.map((request) => request.url)).toEqual([expected]);
	});

	test('nothing, when the base URL is not a web address', async () => {
		server.script();
		const error = await thrown(list, 0, { url: 'api.openai.com/v1' });
		expect(error.message).toBe('The Base URL in the credential is not a web address');
		expect(error.description).toContain('https://');
		expect(server.seen).toEqual([]);
	});
});

describe('repeats', () => {
	test.each<[string, Answer]>([
		['a 503', refuse(503)],
		['a 429 with a wait', refuse(429, { code: 'rate_limit_exceeded' }, { 'retry-after-ms': '5' })],
		['a 400 that asks for it', refuse(400, {}, { 'x-should-retry': 'true' })],
		['a broken connection', reset],
		['an answer that never comes', stall],
		["a proxy's page", answer(200, '<html>Log in</html>', { 'content-type': 'text/html' })],
		["a proxy's error page", answer(502, '<html>Bad gateway</html>')],
		['broken JSON', answer(200, '{"data": [')],
		['an empty answer', answer(200, '')],
		['another JSON', answer(200, { status: 'ok' })],
		['JSON that is no object', answer(200, [1])],
	])('after %s', async (_name, fault) => {
		server.script(fault, fault);
		await expect(node.run(list)).resolves.toMatchObject({ ok: true, value: { data: [] } });
		expect(server.seen).toHaveLength(3);
	});

	test('four times and no more', async () => {
		server.script(...Array<Answer>(9).fill(refuse(500)));
		await expect(node.run(list)).resolves.toMatchObject({ ok: false, fault: { status: 500 } });
		expect(server.seen).toHaveLength(5);
	});
});

describe('does not repeat', () => {
	test.each<[string, Answer]>([
		['a 400', refuse(400)],
		['a 401', refuse(401, { code: 'invalid_api_key' })],
		['a 404', refuse(404)],
		['a quota that is used up', refuse(429, { type: 'insufficient_quota' })],
		['what the server says not to', refuse(503, {}, { 'x-should-retry': 'false' })],
		['a wait of more than a minute', refuse(429, {}, { 'retry-after': '3600' })],
		['an error under a good status', answer(200, { error: { message: 'No.' } })],
	])('%s', async (_name, fault) => {
		server.script(fault);
		await expect(node.run(list)).resolves.toMatchObject({ ok: false });
		expect(server.seen).toHaveLength(1);
	});

	test('the cancelling of a batch that is over', async () => {
		server.script(refuse(409, { message: 'Cannot cancel a batch with status completed.' }));
		const error = await thrown(async (client) => await cancelBatch(client, 'batch_1'));
		expect(error.message).toBe('Cannot cancel a batch with status completed.');
		expect(server.seen).toHaveLength(1);
	});

	test.each<[string, Answer]>([
		['reset', reset],
		['stalled', stall],
		['answered with a 500', refuse(500)],
		['answered with a 409', refuse(409)],
		["answered with a proxy's page", answer(200, '<html>')],
		['answered with something else', answer(200, { status: 'ok' })],
	])('a create that was %s', async (_name, fault) => {
		server.script(fault);
		const result = await node.run(create);
		expect(result).toMatchObject({ ok: false, fault: { mayHaveExecuted: true } });
		expect(server.seen).toHaveLength(1);
	});

	test('but a create that was certainly not done', async () => {
		server.script(refuse(429, { code: 'rate_limit_exceeded' }));
		await expect(node.run(create)).resolves.toMatchObject({ ok: true });
		expect(server.seen).toHaveLength(2);
	});

	test.each([301, 302, 307, 308])('a redirect (%i), nor follows it', async (status) => {
		const elsewhere = await startScriptedServer();
		server.script(answer(status, '', { location: `${elsewhere.url}/batches` }));
		const result = await node.run(create);
		await elsewhere.close();
		expect(result).toMatchObject({
			ok: false,
			fault: { kind: 'answer', mayHaveExecuted: false },
		});
		expect(server.seen).toHaveLength(1);
		expect(elsewhere.seen).toEqual([]);
	});
});

test('a server that is not there is asked again, and then told of', async () => {
	const gone = await startScriptedServer();
	await gone.close();
	const error = await thrown(async (client) => await listBatchPage(client), 0, { url: gone.url });
	expect(error.message).toBe('The server refused the connection');
	expect(error.context).toMatchObject({ code: 'ECONNREFUSED' });
	const result = await node.run(create, {}, { url: gone.url });
	expect(result).toMatchObject({ ok: false, fault: { mayHaveExecuted: false } });
});

test('what n8n refuses to send is told in its words, and not repeated', async () => {
	server.script();
	const result = await node.run(
		create,
		{},
		{
			header: true,
			headerName: 'Not a header name',
			headerValue: 'x',
		},
	);
	expect(result).toMatchObject({ ok: false, fault: { kind: 'blocked', mayHaveExecuted: false } });
	expect(JSON.stringify(result)).toContain('Not a header name');
	expect(server.seen).toEqual([]);
});

describe('the deadline', () => {
	test('lets no wait begin that would pass it', async () => {
		server.script(refuse(503, {}, { 'retry-after': '30' }));
		const result = await node.run(list, { deadline: Date.now() + 20_000 });
		expect(result).toMatchObject({ ok: false, fault: { status: 503, retryAfterMs: 30_000 } });
		expect(server.seen).toHaveLength(1);
	});

	test('ends a request that is still unanswered', async () => {
		server.script(stall);
		const result = await node.run(list, { deadline: Date.now() + 20_000 });
		expect(result).toMatchObject({ ok: true });
		expect(server.seen).toHaveLength(2);
	});

	test('lets no request begin after it', async () => {
		server.script();
		const result = await node.run(list, { deadline: Date.now() - 1 });
		expect(result).toMatchObject({
			ok: false,
			fault: { kind: 'stalled', mayHaveExecuted: false },
		});
		expect(server.seen).toEqual([]);
	});
});

describe('errors', () => {
	test("hold the API's message and its details", async () => {
		const details = { message: 'Wrong.', type: 'invalid_request_error', param: 'x', code: 'bad' };
		server.script(refuse(400, details, { 'x-request-id': 'req_1' }));
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'), 3);
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error.message).toBe('Wrong.');
		expect(error.httpCode).toBe('400');
		expect(error.context).toEqual({
			itemIndex: 3,
			http_status: 400,
			type: 'invalid_request_error',
			param: 'x',
			code: 'bad',
			request_id: 'req_1',
		});
		expect(error.description).toBe('(HTTP status: 400, code: bad, param: x, request id: req_1)');
	});

	test.each<[Answer, object | undefined, RegExp]>([
		[refuse(401), { cause: 'credential-invalid' }, /API key/],
		[refuse(404), { cause: 'configuration-invalid' }, /same project/],
		[refuse(429, { type: 'insufficient_quota' }), { cause: 'quota-exhausted' }, /billing/],
		[
			refuse(429, {}, { 'retry-after': '90' }),
			{ cause: 'rate-limited', retryAfterMs: 90_000 },
			/later/,
		],
		[refuse(400), undefined, /^\(HTTP status: 400\)$/],
	])('say what n8n and the user can do (%#)', async (fault, failure, advice) => {
		server.script(fault);
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'));
		expect(error.failure).toEqual(failure);
		expect(error.description).toMatch(advice);
	});

	test('hold what came in place of an answer, in short', async () => {
		const page = `<html>${'Please log in. '.repeat(100)}</html>`;
		server.script(answer(403, page), answer(404, page));
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'));
		expect(error.message).toMatch(/^(Please log in\. ?){13}Pleas$/);
		server.script(...Array<Answer>(5).fill(answer(200, page, { 'content-type': 'text/html' })));
		const other = await thrown(async (client) => await getBatch(client, 'batch_1'));
		expect(other.message).toMatch(
			/^The server did not answer as the OpenAI API does: text\/html: <html>Please log in\./,
		);
		expect(other.message.length).toBeLessThan(220);
		expect(other.description).toContain('Base URL');
	});

	test("keep a message in which n8n's errors would read a connection code", async () => {
		server.script(refuse(404, { message: 'ResourceNotFound: no such batch' }));
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'));
		expect(error.message).toBe('ResourceNotFound: no such batch');
	});

	test('cut a message that is a book', async () => {
		server.script(refuse(400, { message: 'x'.repeat(100_000) }));
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'));
		expect(error.message.length).toBeLessThan(2_100);
	});

	const credential = {
		apiKey: ` ${API_KEY}\n`,
		header: true,
		headerName: 'X-Gateway',
		headerValue: HEADER_VALUE,
	};
	const echo = `You sent Bearer ${API_KEY} and ${HEADER_VALUE}, or gateway-secret-987, not sk-proj-abc123def456`;

	test.each<[string, Answer[]]>([
		[
			'message, code, type, param and request id',
			[
				refuse(
					400,
					{ message: echo, code: API_KEY, type: HEADER_VALUE, param: `a ${API_KEY}` },
					{ 'x-request-id': `req-${API_KEY}` },
				),
			],
		],
		['an error text', [answer(400, { error: echo })]],
		["a proxy's page", Array<Answer>(5).fill(answer(200, echo))],
		// The secret lies across the place where the text is cut.
		['a long page', Array<Answer>(5).fill(answer(200, `${'x'.repeat(105)} ${API_KEY}`))],
		['a redirect', [answer(302, '', { location: `http://127.0.0.1:1/?key=${API_KEY}` })]],
		['a header that n8n does not send', []],
	])('never show the key or the custom header (%s)', async (name, answers) => {
		server.script(...answers);
		const broken = name.startsWith('a header') ? { headerName: 'bad name' } : {};
		const error = await thrown(async (client) => await getBatch(client, 'batch_1'), 0, {
			...credential,
			...broken,
		});
		const everything = [
			inspect(error, { depth: Infinity, showHidden: true }),
			JSON.stringify(error),
			error.message,
			error.description,
			error.stack,
			JSON.stringify(error.context),
			JSON.stringify(error.messages),
			inspect(error.cause),
			inspect(error.errorResponse),
		].join('\n');
		expect(everything).not.toContain(API_KEY.slice(0, 10));
		expect(everything).not.toContain('gateway-secret');
		expect(everything).not.toContain('sk-proj-abc');
	});
});

describe('deleting a file', () => {
	test('is done when a repeated request finds it gone', async () => {
		server.script(reset, refuse(404));
		const deleted = await node.run(async (client) => await deleteFile(client, 'file-1'));
		expect(deleted).toEqual({ id: 'file-1', deleted: true });
	});

	test('that was gone before is an error', async () => {
		server.script(refuse(404, { message: 'No such File object: file-1' }));
		const error = await thrown(async (client) => await deleteFile(client, 'file-1'));
		expect(error.message).toBe('No such File object: file-1');
	});
});

test('a file that may be gone is looked up', async () => {
	server.script(refuse(404), answer(200, { id: 'file-1' }), refuse(403));
	const find = async (client: OpenAiClient) => await findFile(client, 'file-1');
	await expect(node.run(find)).resolves.toBeUndefined();
	await expect(node.run(find)).resolves.toEqual({ id: 'file-1' });
	// Some servers have the content of a file and cannot describe it.
	await expect(node.run(find)).resolves.toEqual({ id: 'file-1' });
});

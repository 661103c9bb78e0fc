import fastify, { type FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';
import { CREDENTIAL, productForTests } from './product';

const product = productForTests();

describe('the test button', () => {
	const test = async (data: Record<string, unknown>) =>
		await product.engine.testCredential(CREDENTIAL, {
			apiKey: product.emulator.apiKey,
			url: product.emulator.url,
			...data,
		} as never);

	it('asks for one batch, since the nodes need access to batches', async () => {
		expect(await test({})).toEqual({ status: 'OK', message: 'Connection successful!' });
		expect(product.emulator.ledger.requests).toMatchObject([
			{ method: 'GET', path: '/v1/batches', query: { limit: '1' }, status: 200 },
		]);
	});

	it.each([
		['slashes', '/'],
		['two slashes and spaces', '// '],
	])('accepts a Base URL with %s at its end', async (_what, end) => {
		expect(await test({ url: `${product.emulator.url}${end}` })).toMatchObject({ status: 'OK' });
	});

	it('keeps a query of the Base URL', async () => {
		const url = `${product.emulator.url}/?api-version=preview`;
		expect(await test({ url })).toMatchObject({ status: 'OK' });
		expect(product.emulator.ledger.requests).toMatchObject([
			{ path: '/v1/batches', query: { 'api-version': 'preview', limit: '1' } },
		]);
	});

	it.each([
		['a wrong key', { apiKey: 'sk-wrong' }, 'The server does not accept this API key'],
		[
			'another path',
			{ url: 'BASE/v2' },
			'There is no Batch API at this Base URL, which usually ends with /v1',
		],
	])('says what is wrong with %s', async (_what, data: Record<string, string>, message) => {
		const base = product.emulator.url.replace('/v1', '');
		const url = data.url?.replace('BASE', base) ?? product.emulator.url;
		expect(await test({ ...data, url })).toEqual({ status: 'Error', message });
	});
});

describe('the test button at a server that is none of the API', () => {
	let server: FastifyInstance;
	let base: string;
	const bodies: Record<string, [type: string, body: string]> = {
		page: ['text/html', '<!doctype html><title>Welcome</title>'],
		late: ['text/html; charset=utf-8', '\n <html><body>Welcome</body></html>'],
		marked: ['text/html', '\ufeff<html></html>'],
		empty: ['application/json', '[]'],
		bare: ['application/json', '[{"id":"batch_1","status":"completed"}]'],
		list: ['application/json', '\n{"object": "list", "data": [{"id": "<b>"}]}'],
		text: ['text/plain', '{"object":"list","data":[]}'],
	};

	beforeAll(async () => {
		server = fastify();
		server.get('/:name/batches', async (request, reply) => {
			const [type, body] = bodies[(request.params as { name: string }).name];
			return await reply.header('content-type', type).send(body);
		});
		await server.listen({ host: '127.0.0.1', port: 0 });
		base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
	});

	afterAll(async () => await server.close());

	const test = async (url: string) =>
		await product.engine.testCredential(CREDENTIAL, { apiKey: 'k', url } as never);

	it.each(['page', 'late', 'marked'])('says that it is a web page: %s', async (name) => {
		expect(await test(`${base}/${name}`)).toEqual({
			status: 'Error',
			message:
				'There is a web page at this Base URL and not an API. The Base URL usually ends with /v1.',
		});
	});

	it.each(['empty', 'bare', 'list', 'text'])('accepts a list in any form: %s', async (name) => {
		expect(await test(`${base}/${name}`)).toMatchObject({ status: 'OK' });
	});

	it('the first operation says what the button cannot: that nobody answers there', async () => {
		const free = fastify();
		await free.listen({ host: '127.0.0.1', port: 0 });
		const url = `http://127.0.0.1:${(free.server.address() as AddressInfo).port}/v1`;
		await free.close();
		expect(await test(url)).toMatchObject({ status: 'Error' });
		const { error } = await product.run('batch', 'getAll', {}, [{}], {
			credentialData: { [CREDENTIAL]: { apiKey: 'k', url } as never },
		});
		expect(error?.message).toBe('The server refused the connection');
		expect(error?.description).toMatch(
			/^Check the host and the port in the Base URL of the credential, and that the server runs\./,
		);
	});
});

describe('the headers of requests', () => {
	let server: FastifyInstance;
	let url: string;
	const seen: Array<Record<string, unknown>> = [];

	beforeAll(async () => {
		server = fastify();
		server.get('/batches/:id', async (request) => {
			seen.push(request.headers);
			return { id: 'batch_1', status: 'completed' };
		});
		server.get('/moved/batches/:id', async (_request, reply) =>
			reply.redirect(`http://localhost:${url.split(':').at(-1)}/batches/batch_1`),
		);
		await server.listen({ host: '127.0.0.1', port: 0 });
		url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
	});

	beforeEach(() => {
		seen.length = 0;
	});

	afterAll(async () => await server.close());

	const get = async (data: Record<string, unknown>) =>
		await product.run('batch', 'get', { batchId: 'batch_1' }, [{}], {
			credentialData: { [CREDENTIAL]: { apiKey: 'sk-secret-key', url, ...data } as never },
		});

	it('sends the key as a bearer token, and nothing that was not entered', async () => {
		await get({});
		expect(seen).toHaveLength(1);
		expect(seen[0].authorization).toBe('Bearer sk-secret-key');
		for (const name of ['api-key', 'openai-organization', 'openai-project']) {
			expect(seen[0]).not.toHaveProperty(name);
		}
	});

	it('sends the key in the header that Azure expects', async () => {
		await get({ authScheme: 'apiKeyHeader' });
		expect(seen[0]['api-key']).toBe('sk-secret-key');
		expect(seen[0]).not.toHaveProperty('authorization');
	});

	it('sends organization, project and the custom header, without spaces around them', async () => {
		await get({
			apiKey: ' sk-secret-key\n',
			organizationId: 'org-1 ',
			projectId: ' proj_1',
			header: true,
			headerName: 'X-Gateway-Key ',
			headerValue: 'open sesame',
		});
		expect(seen[0]).toMatchObject({
			authorization: 'Bearer sk-secret-key',
			'openai-organization': 'org-1',
			'openai-project': 'proj_1',
			'x-gateway-key': 'open sesame',
		});
	});

	it('does not send a custom header that is turned off', async () => {
		await get({ header: false, headerName: 'X-Gateway-Key', headerValue: 'open sesame' });
		expect(seen[0]).not.toHaveProperty('x-gateway-key');
	});

	it('lets a custom header replace the one of the key, whatever its case', async () => {
		await get({ header: true, headerName: 'authorization', headerValue: 'Basic abc' });
		expect(seen[0].authorization).toBe('Basic abc');
	});

	it('does not send the key to another host', async () => {
		const { error } = await get({ url: `${url}/moved` });
		expect(seen).toEqual([]);
		expect(error?.message).toContain('a redirect (HTTP status 302)');
		expect(JSON.stringify(error)).not.toContain('sk-secret-key');
	});
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Rest } from '../../support/lab/n8n/rest';
import { Session } from '../../support/lab/n8n/session';

type Answer = { status?: number; headers?: Record<string, string | string[]>; body: unknown };

/** A server that gives prepared answers, in order, and notes what it was asked. */
class Prepared {
	readonly seen: Array<{ method?: string; url?: string; cookie?: string; body: unknown }> = [];
	private server?: Server;

	async start(answers: Answer[]): Promise<string> {
		this.server = createServer(async (request, response) => {
			const body = await textOf(request);
			const { method, url, headers } = request;
			this.seen.push({ method, url, cookie: headers.cookie, body: body && JSON.parse(body) });
			const { status = 200, headers: sent = {}, body: answer } = answers.shift()!;
			response.writeHead(status, sent);
			response.end(typeof answer === 'string' ? answer : JSON.stringify({ data: answer }));
		});
		await new Promise<void>((resolve) => this.server!.listen(0, '127.0.0.1', resolve));
		return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		this.server?.closeAllConnections();
		await new Promise((resolve) => this.server?.close(resolve));
	}
}

async function textOf(request: IncomingMessage): Promise<string> {
	let text = '';
	for await (const chunk of request) text += String(chunk);
	return text;
}

let prepared: Prepared;
beforeEach(() => (prepared = new Prepared()));
afterEach(async () => await prepared.stop());

describe('Session', () => {
	it('stays signed in with the cookie of the first answer', async () => {
		const cookies = ['other=1; Path=/', 'n8n-auth=secret; HttpOnly'];
		const url = await prepared.start([
			{ headers: { 'set-cookie': cookies }, body: { id: 1 } },
			{ body: { id: 2 } },
		]);
		const session = new Session(url);
		expect(await session.call('POST', '/login', { a: 1 })).toEqual({ id: 1 });
		expect(await session.call('GET', '/me')).toEqual({ id: 2 });
		expect(prepared.seen).toMatchObject([
			{ method: 'POST', url: '/login', cookie: '', body: { a: 1 } },
			{ method: 'GET', url: '/me', cookie: 'n8n-auth=secret' },
		]);
	});

	it.each([
		['{"code":400,"message":"No such workflow"}', 'GET /x with 400: No such workflow'],
		['Bad gateway', 'GET /x with 400: Bad gateway'],
	])('reports what n8n says: %s', async (body, message) => {
		const session = new Session(await prepared.start([{ status: 400, body }]));
		await expect(session.call('GET', '/x')).rejects.toThrow(`n8n answered ${message}`);
	});
});

describe('Rest', () => {
	const workflow = { versionId: 'v1' };
	const publication = (status: string, triggers: unknown[] = []) => ({
		body: { status, triggers },
	});

	it('waits until the triggers of a published workflow run', async () => {
		const url = await prepared.start([
			{ body: workflow },
			{ body: {} },
			publication('in_progress'),
			publication('published'),
		]);
		await new Rest(url).activate('w1');
		expect(prepared.seen[1]).toMatchObject({
			url: '/rest/workflows/w1/activate',
			body: { versionId: 'v1' },
		});
		expect(prepared.seen).toHaveLength(4);
	});

	it('reports why a trigger did not start', async () => {
		const failed = publication('failed', [{ errorMessage: 'Too short.' }, { errorMessage: null }]);
		const url = await prepared.start([{ body: workflow }, { body: {} }, failed]);
		await expect(new Rest(url).activate('w1')).rejects.toThrow('did not start: Too short.');
	});

	it('waits on when n8n seems to know nothing of a publication once, as just before its end', async () => {
		const url = await prepared.start([
			{ body: workflow },
			{ body: {} },
			publication('not_published'),
			publication('published'),
		]);
		await new Rest(url).activate('w1');
		expect(prepared.seen).toHaveLength(4);
	});

	it('reports that n8n has given a publication up', async () => {
		const url = await prepared.start([
			{ body: workflow },
			{ body: {} },
			publication('in_progress'),
			publication('not_published'),
			publication('not_published'),
		]);
		await expect(new Rest(url).activate('w1')).rejects.toThrow('could not publish the workflow w1');
	});

	it('reads the data of an execution only when it has ended', async () => {
		const list = (status: string) => ({ body: { results: [{ id: '7', status }] } });
		const data = '[{"resultData":"1"},{"runData":"2"},{}]';
		const url = await prepared.start([
			list('running'),
			list('success'),
			{ body: { id: '7', status: 'success', data } },
		]);
		const execution = await new Rest(url).finished('w1', '7');
		expect(execution).toMatchObject({ status: 'success', data: { resultData: { runData: {} } } });
		expect(prepared.seen.map((request) => request.url?.split('?')[0])).toEqual([
			'/rest/executions',
			'/rest/executions',
			'/rest/executions/7',
		]);
	});

	it('reads all pages of a data table', async () => {
		const page = (from: number, size: number) => ({
			body: { data: Array.from({ length: size }, (_, index) => ({ id: from + index })) },
		});
		const url = await prepared.start([{ body: { id: 'p1' } }, page(1, 250), page(251, 3)]);
		const rows = await new Rest(url).dataTableRows('t1');
		expect(rows).toHaveLength(253);
		expect(rows.at(-1)).toEqual({ id: 253 });
		expect(prepared.seen[2].url).toContain('/projects/p1/data-tables/t1/rows?skip=250&take=250');
	});
});

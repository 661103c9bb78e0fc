import type { OpenAiClient } from '../../nodes/openai/client';
import { tryUploadFile } from '../../nodes/openai/api/files';
import { submissionIdFor, submissionKey } from '../../nodes/openai/submissions/submission';
import { Submissions } from '../../nodes/openai/submissions/submissions';
import type { ClientNode } from './support/clientNode';
import { startClientNode } from './support/clientNode';
import { deferred } from './support/deferred';
import type { Answer } from './support/scriptedServer';
import { answer, refuse, reset, serverForTests, stall } from './support/scriptedServer';

/** What is cancelled would take at least so long otherwise. */
const WAIT_MS = 30_000;

const server = serverForTests();
let node: ClientNode;

beforeAll(async () => {
	node = await startClientNode({ apiKey: 'sk-cancel', url: server.url });
});

/** Does something, cancels the execution at the request number `requests`, and takes the time. */
async function cancelled<T>(requests: number, run: Parameters<typeof node.start<T>>[0]) {
	const execution = node.start(run);
	for (let seen = 0; seen < requests; seen++) await server.arrival();
	const cancelledAt = performance.now();
	execution.cancel();
	const outcome = await execution.outcome.catch((error: unknown) => error);
	return { outcome, took: performance.now() - cancelledAt };
}

const list = async (client: OpenAiClient) =>
	await client.tryJson({ method: 'GET', path: ['batches'], shape: (body) => body });

test.each<[string, Answer]>([
	['a wait before the next attempt', refuse(503, {}, { 'retry-after': String(WAIT_MS / 1000) })],
	['a request without an answer', stall],
])('cancelling ends %s', async (_name, fault) => {
	server.script(fault);
	const { outcome, took } = await cancelled(1, list);
	expect(outcome).toMatchObject({ ok: false });
	expect(took).toBeLessThan(WAIT_MS);
	expect(server.seen).toHaveLength(1);
});

test('no request follows a cancel, and none may have been executed', async () => {
	server.script(stall);
	const { outcome } = await cancelled(1, async (client) => {
		await list(client);
		return await list(client);
	});
	expect(outcome).toMatchObject({ fault: { kind: 'cancelled', mayHaveExecuted: false } });
	expect(server.seen).toHaveLength(1);
});

test('cancelling ends the look for a batch whose create had no answer', async () => {
	server.script(answer(200, { data: [] }), reset);
	let memory: unknown;
	const { outcome, took } = await cancelled(2, async (client, context) => {
		memory = context.getContext('node');
		const settings = {
			endpoint: '/v1/embeddings',
			completionWindow: '24h',
			metadata: {},
			outputExpiresAfter: undefined,
		};
		const place = { part: 1, parts: 1 };
		const part = { contentHash: 'h', input: { fileId: 'f' }, settings, place };
		return await new Submissions(client, context, { submissionKey: 'k' }).create(part);
	});
	expect((outcome as Error).message).toMatch(/^The batch may or may not have been created/);
	const key = submissionKey('key:k', 'h', submissionIdFor('key:k', ['h']));
	expect(memory).toEqual({
		createdBatches: { [key]: '' },
		sentCreates: { [key]: { fileId: 'f', at: expect.any(Number) } },
	});
	expect(took).toBeLessThan(WAIT_MS);
	expect(server.seen).toHaveLength(2);
});

test('cancelling ends an upload that the server does not take, and closes its source', async () => {
	server.script((request) => request.pause());
	const begun = deferred<void>();
	const closed = deferred<void>();
	const execution = node.start(async (client) => {
		async function* open() {
			try {
				for (let chunk = 0; chunk < 1_000; chunk++) {
					if (chunk === 2) begun.resolve();
					yield Buffer.alloc(100_000);
				}
			} finally {
				closed.resolve();
			}
		}
		const source = { fileName: 'a.jsonl', contentType: 'text/plain', bytes: 100_000_000, open };
		return await tryUploadFile(client, { source, purpose: 'batch' });
	});
	await begun.promise;
	const cancelledAt = performance.now();
	execution.cancel();
	await expect(execution.outcome).resolves.toMatchObject({
		fault: { kind: 'cancelled', mayHaveExecuted: true },
	});
	await closed.promise;
	expect(performance.now() - cancelledAt).toBeLessThan(WAIT_MS);
});

test('a download that is refused closes its connection, although the answer goes on', async () => {
	const closed = deferred<void>();
	server.script((_request, response) => {
		response.on('close', () => closed.resolve());
		response.writeHead(404, { 'content-type': 'application/json' });
		response.write('x'.repeat(100_000));
	});
	const opened = await node.run(
		async (client) => await client.open({ method: 'GET', path: ['files', 'file-1', 'content'] }),
	);
	expect(opened.ok).toBe(false);
	await closed.promise;
});

test('cancelling ends a download that stalls', async () => {
	server.script((_request, response) => {
		response.writeHead(200, { 'content-length': '1000' });
		response.write('only this');
	});
	let received = '';
	const { outcome, took } = await cancelled(1, async (client) => {
		for await (const chunk of client.download('file-1')) received += String(chunk);
	});
	expect((outcome as Error).message).toBe(
		'File file-1 could not be downloaded: The execution was cancelled',
	);
	expect(took).toBeLessThan(WAIT_MS);
	expect(received === '' || received === 'only this').toBe(true);
});

test('cancelling ends a download whose reader is busy', async () => {
	server.script((_request, response) => {
		response.writeHead(200, { 'content-length': '100000' });
		response.write('only this\n'.repeat(5_000));
	});
	const { promise: isRead, resolve: read } = deferred<void>();
	const { promise: isCancelled, resolve: goOn } = deferred<void>();
	const execution = node.start(async (client) => {
		for await (const _chunk of client.download('file-1')) {
			read();
			await isCancelled;
		}
	});
	await isRead;
	execution.cancel();
	goOn();
	await expect(execution.outcome).rejects.toThrow('The execution was cancelled');
});

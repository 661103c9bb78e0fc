import type { DialectName } from '../support/emulator';
import { A_WHILE, startServer, submitParameters, type Server } from './servers';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const HEADER = { header: true, headerName: 'x-litellm-model', headerValue: 'gpt-6-luna' };
const ROWS = [
	{ id: 'a', text: 'Hello' },
	{ id: 'b', text: 'Goodbye' },
];

let server: Server;

const start = async (dialect: DialectName) => (server = await startServer(dialect, {}, HEADER));

afterEach(async () => await server.stop());

const submit = async () =>
	(await server.json('batch', 'submit', submitParameters(server.dialect), ROWS))[0];

/** Submits the rows as a batch that completes. */
async function finished(): Promise<{ batchId: string }> {
	const { id } = await submit();
	await server.emulator.advance(A_WHILE);
	return { batchId: id as string };
}

describe('in front of any provider', () => {
	it('keeps the name of the model in what it returns, although the header has it too', async () => {
		const model = 'azure-gpt-4o-mini';
		server = await startServer('litellm', {}, { ...HEADER, headerValue: model });
		const { id } = await submit();
		server.emulator.batch(String(id)).metadata!.model = model;
		const [batch] = await server.json('batch', 'get', { batchId: id as string });
		expect(batch.metadata).toMatchObject({ model });
	});

	it('gets the custom header with every request, also with the test of the credential', async () => {
		await start('litellm');
		expect(await server.testCredential()).toMatchObject({ status: 'OK' });
		const poller = server.poller();
		await poller.activate();
		const parameters = await finished();
		await poller.tick();
		await server.json('batch', 'getResults', parameters);
		await server.json('file', 'getAll');
		const headers = server.emulator.ledger.requests.map((request) => request.headers);
		expect(headers.length).toBeGreaterThan(8);
		expect(new Set(headers.map((each) => each['x-litellm-model']))).toEqual(
			new Set(['gpt-6-luna']),
		);
	});

	it("passes on the provider's own words, without the Python around them", async () => {
		await start('litellm');
		const { batchId } = await finished();
		const error = await server.failure('batch', 'cancel', { batchId });
		expect(error?.message).toBe("Cannot cancel a batch with status 'completed'.");
	});

	it('answers a deletion with the file, which is deleted', async () => {
		await start('litellm');
		const { input_file_id: fileId } = await submit();
		const deleted = await server.json('file', 'delete', { fileId: fileId as string });
		expect(deleted).toEqual([{ id: fileId, deleted: true }]);
	});
});

describe('in front of Bedrock', () => {
	it('has lines in the form of AWS, which are named as such and are no success', async () => {
		await start('litellm-bedrock');
		const results = await server.json('batch', 'getResults', await finished());
		const unread = results.filter(({ status }) => status === 'failed');
		expect(unread).toHaveLength(2);
		for (const { error } of unread) {
			expect(error).toMatchObject({ message: expect.stringMatching(/modelOutput.*recordId/) });
		}
	});

	it('is not paid again for answers that cannot be read', async () => {
		await start('litellm-bedrock');
		const parameters = await finished();
		const error = await server.failure('batch', 'retry', parameters);
		expect(error?.message).toMatch(/^2 of the results .*modelOutput.*recordId/);
		expect(error?.description).toMatch(/turn on Retry Unreadable/);
		expect(server.emulator.ledger.uploads).toHaveLength(1);
		expect(server.emulator.ledger.batches).toHaveLength(1);
	});

	it('has results although it cannot describe their file', async () => {
		await start('litellm-bedrock');
		const parameters = await finished();
		const results = await server.json('batch', 'getResults', parameters);
		expect(results.length).toBeGreaterThanOrEqual(2);
		expect(server.emulator.ledger.calls('GET', /files\/[^/]+$/)[0].status).toBe(500);
	});

	it('says that it has no list of files and no deletion', async () => {
		await start('litellm-bedrock');
		const { input_file_id: fileId } = await submit();
		const listed = await server.failure('file', 'getAll');
		expect(listed?.message).toMatch(/does not support file listing/);
		const deleted = await server.failure('file', 'delete', { fileId: fileId as string });
		expect(deleted?.message).toMatch(/does not support file deletion/);
	});
});

describe('in front of Vertex', () => {
	it('has results, whose file is shorter than it is described', async () => {
		await start('litellm-vertex');
		const parameters = await finished();
		const results = await server.json('batch', 'getResults', parameters);
		expect(results.map(({ custom_id: id, status }) => [id, status])).toEqual(
			expect.arrayContaining([
				['a', 'succeeded'],
				['b', 'succeeded'],
			]),
		);
	});

	it('has an input file whose lines have no ids, so that nothing is retried', async () => {
		await start('litellm-vertex');
		const parameters = await finished();
		const error = await server.failure('batch', 'retry', parameters);
		expect(error?.message).toMatch(/^No line of the input file .* has a custom_id/);
		expect(server.emulator.ledger.uploads).toHaveLength(1);
		expect(server.emulator.ledger.batches).toHaveLength(1);
	});

	it('reports the end of a batch although it gives no time for it', async () => {
		await start('litellm-vertex');
		const poller = server.poller();
		await poller.activate();
		const { batchId } = await finished();
		const { items } = await poller.tick();
		expect(items?.map(({ json }) => json)).toMatchObject([
			{ event: 'batch.completed', id: batchId, event_time: null, duration_seconds: null },
		]);
	});
});

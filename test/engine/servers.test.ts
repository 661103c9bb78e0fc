import type { IDataObject } from 'n8n-workflow';
import type { DialectName } from '../support/emulator';
import { A_WHILE, chatPath, reported, startServer, submitParameters, type Server } from './servers';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const ROWS = [
	{ id: 'good', text: 'Hello' },
	{ id: 'too long', text: '[[emulator:fail 400 context_length_exceeded]]' },
	{ id: 'server error', text: '[[emulator:fail 500 server_error]]' },
	{ id: 'lost', text: '[[emulator:missing]]' },
];

const STATUSES = {
	good: 'succeeded',
	'too long': 'failed',
	'server error': 'failed',
	lost: 'missing',
};

/** The words with which the server says what was wrong with the request that is too long. */
const REASON = /maximum context length is 128000 tokens/;

/** What is different from OpenAI when rows go through a server. */
interface Differences {
	/** The requests that a retry sends again, where a line says less of what became of it. */
	retried?: string[];
	/** The reasons of failed requests, where the server hides those of the model. */
	reason?: RegExp;
	/** Whether the server gives no time at which a batch ended. */
	hasNoEndTime?: boolean;
	/** Whether the server counts no requests. */
	hasNoCounts?: boolean;
	/** How the server refuses to list or to delete files. */
	filesError?: RegExp;
	/** Whether the server deletes the input file at the end, so that nothing can be retried. */
	hasNoInputFile?: boolean;
	/** Whether the server forgets the metadata, so that a batch does not lead to its retries. */
	hasNoMetadata?: boolean;
}

const SERVERS = {
	openai: {},
	alibaba: {},
	azure: {},
	'azure-iso': {},
	bella: { hasNoMetadata: true },
	// All failed lines have the same code, which means that the request itself is wrong.
	deepinfra: { retried: ['lost'] },
	doubleword: { reason: /status code: 400/ },
	groq: {},
	litellm: {},
	maritaca: {},
	nebius: {},
	novita: {},
	siliconflow: {},
	vllm: { hasNoCounts: true, filesError: /Method Not Allowed/ },
	zhipu: { hasNoInputFile: true },
} satisfies Partial<Record<DialectName, Differences>>;

describe.each(Object.entries<Differences>(SERVERS))(
	'rows through %s',
	(
		name,
		{
			filesError,
			hasNoCounts,
			hasNoEndTime,
			hasNoInputFile,
			hasNoMetadata,
			reason = REASON,
			retried = ['server error', 'lost'],
		},
	) => {
		let server: Server;
		let batch: IDataObject;
		let before: IDataObject[];
		let event: IDataObject[];

		beforeAll(async () => {
			server = await startServer(name as DialectName);
			const { json, emulator, dialect } = server;
			const poller = server.poller();
			await poller.activate();
			[batch] = await json('batch', 'submit', submitParameters(dialect), ROWS);
			before = reported(await poller.tick());
			await emulator.advance(A_WHILE);
			event = reported(await poller.tick());
			expect(reported(await poller.tick())).toEqual([]);
		});

		afterAll(async () => await server.stop());

		const byId = (items: IDataObject[]) =>
			Object.fromEntries(items.map((item) => [item.custom_id, item]));

		it('pass the test of the credential', async () => {
			expect(await server.testCredential()).toMatchObject({ status: 'OK' });
		});

		it('are submitted as one batch', () => {
			expect(batch).toMatchObject({ status: 'validating', requests: 4, adopted: false });
			expect(server.emulator.ledger.batches.map(({ id }) => id)).toEqual([batch.id]);
		});

		it('are reported by the trigger once, when the batch has ended', () => {
			expect(before).toEqual([]);
			expect(event).toHaveLength(1);
			const created = Date.parse(String(batch.created_at)) / 1000;
			expect(event[0]).toMatchObject({
				event: 'batch.completed',
				event_id: `${String(batch.id)}:completed`,
				id: batch.id,
				created_at: created,
				event_time: hasNoEndTime ? null : created + 80,
				duration_seconds: hasNoEndTime ? null : 80,
				progress: 100,
				request_counts: hasNoCounts ? expect.anything() : { total: 4, completed: 1, failed: 2 },
			});
		});

		it('are waited for', async () => {
			const [waited] = await server.json('batch', 'wait', { batchId: batch.id as string });
			expect(waited).toMatchObject({ id: batch.id, status: 'completed', progress: 100 });
		});

		it('have results, and reasons in the words of the server', async () => {
			const results = await server.json('batch', 'getResults', { batchId: batch.id as string });
			const statuses = results.map(({ custom_id: id, status }) => [id, status]);
			// A request without a result is found in the input file.
			const { lost: _, ...found } = STATUSES;
			expect(Object.fromEntries(statuses)).toEqual(hasNoInputFile ? found : STATUSES);
			const { good, 'too long': tooLong } = byId(results);
			expect(good).toMatchObject({ content: expect.stringMatching(/\w/), error: null });
			expect((tooLong.error as IDataObject).message).toMatch(reason);
		});

		it('are retried where another try can help, with the endpoint of the lines', async () => {
			const { emulator, json, failure } = server;
			const parameters = { batchId: batch.id as string };
			if (hasNoInputFile) {
				const error = await failure('batch', 'retry', parameters);
				expect(error?.message).toMatch(/input file .* is no longer there/);
				return;
			}
			const [retry] = await json('batch', 'retry', parameters);
			expect(emulator.ledger.calls('POST', '/batches').at(-1)?.body).toMatchObject({
				endpoint: chatPath(server.dialect),
			});
			const ids = emulator
				.file(emulator.ledger.batches[1].input_file_id)
				.text()
				.match(/"custom_id":"[^"]*"/g)
				?.map((pair) => pair.slice(13, -1));
			expect(ids).toEqual(retried);
			expect(retry).toMatchObject({ status: 'validating', retry_of: batch.id });
			await emulator.advance(A_WHILE);
			const options = { followRetries: true };
			const results = await json('batch', 'getResults', { ...parameters, options });
			// What is lost again has no result that names the retry.
			const isKnown = !hasNoMetadata && retried.some((id) => id !== 'lost');
			expect(results.map(({ batch_id: id }) => id)).toContain(isKnown ? retry.id : batch.id);
		});

		it('leave files that can be listed and deleted', async () => {
			const { failure, json } = server;
			const fileId = batch.input_file_id as string;
			if (filesError) {
				expect((await failure('file', 'getAll'))?.message).toMatch(filesError);
				expect((await failure('file', 'delete', { fileId }))?.message).toMatch(filesError);
				return;
			}
			const ids = async () =>
				(await json('file', 'getAll', { returnAll: true })).map(({ id }) => id);
			if (!hasNoInputFile) {
				expect(await ids()).toContain(fileId);
				expect(await json('file', 'delete', { fileId })).toEqual([{ id: fileId, deleted: true }]);
			}
			expect(await ids()).not.toContain(fileId);
			expect(await ids()).toContain(server.emulator.batch(batch.id as string).output_file_id);
		});
	},
);

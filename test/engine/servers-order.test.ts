import { remarksOf } from './product';
import type { IDataObject } from 'n8n-workflow';
import type { Dialect } from '../support/emulator';
import { DIALECTS } from '../support/emulator';
import {
	A_WHILE,
	addPast,
	startServer,
	submitParameters,
	WITHOUT_TIMES,
	type Server,
} from './servers';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const { openai, bella } = DIALECTS;

let server: Server;

afterEach(async () => await server.stop());

describe('batches without times of their creation', () => {
	it('are found again by their key all the same', async () => {
		server = await startServer(WITHOUT_TIMES);
		const parameters = submitParameters(server.dialect, { submissionKey: 'films' });
		const input = [{ id: 'a', text: 'Hello' }];
		const [first] = await server.json('batch', 'submit', parameters, input);
		const [again] = await server.json('batch', 'submit', parameters, input);
		expect(again).toMatchObject({ id: first.id, adopted: true });
	});
});

describe('a list that begins with the oldest batch', () => {
	const oldestFirst: Dialect = { ...openai, batchList: bella.batchList };

	it('is searched to its end for a batch that exists', async () => {
		server = await startServer(oldestFirst);
		addPast(server, 120);
		const parameters = submitParameters(server.dialect, { submissionKey: 'films' });
		const input = [{ id: 'a', text: 'Hello' }];
		const [first] = await server.json('batch', 'submit', parameters, input);
		const [again] = await server.json('batch', 'submit', parameters, input);
		expect(again).toMatchObject({ id: first.id, adopted: true });
	});

	it('is returned from its newest batch on', async () => {
		server = await startServer(oldestFirst);
		addPast(server, 120);
		const listed = async (parameters: IDataObject) =>
			(await server.json('batch', 'getAll', parameters as never)).map(({ id }) => id);
		expect(await listed({ limit: 2 })).toEqual(['past_119', 'past_118']);
		const createdAfter = new Date(Date.now() - 41 * 86_400_000).toISOString();
		expect(await listed({ returnAll: true, filters: { createdAfter } })).toHaveLength(120);
	});
});

describe('a server that does not keep metadata', () => {
	it('gets no second batch when the answer to the first creation is lost', async () => {
		server = await startServer('bella');
		server.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'reset', when: 'after' },
		});
		const input = [{ id: 'a', text: 'Hello' }];
		const [batch] = await server.json('batch', 'submit', submitParameters(openai), input);
		expect(server.emulator.ledger.batches.map(({ id }) => id)).toEqual([batch.id]);
	});

	it('gets no second batch of a part when a later part is tried again', async () => {
		server = await startServer('bella');
		const fault = { type: 'status', status: 400 } as const;
		let creations = 0;
		server.emulator.ledger.onRequest = ({ method, path }, stage) => {
			if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/batches')) return;
			if (++creations === 2) server.emulator.faults.next({ path: '/batches', fault });
		};
		const parameters = submitParameters(openai, { maxRequestsPerBatch: 1 });
		const input = [
			{ id: 'a', text: 'Hello' },
			{ id: 'b', text: 'Hello' },
		];
		const retries = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 };
		const { error } = await server.run('batch', 'submit', parameters, input, retries);
		expect(error).toBeUndefined();
		expect(server.emulator.ledger.batches).toHaveLength(2);
	});

	it('gets one batch of each part that waits for room, over several executions', async () => {
		server = await startServer('bella');
		const input = ['a', 'b', 'c'].map((id) => ({ id, text: 'Hello' }));
		const limit = { maxRequestsPerBatch: 1, maxEnqueuedTokens: 1 };
		await server.json('batch', 'submit', submitParameters(openai, limit), input);
		for (let run = 0; run < 8; run++) {
			await server.json('batch', 'submitWaiting', {});
			if (run % 2 === 1) await server.emulator.advance(A_WHILE);
		}
		const { batches, uploads } = server.emulator.ledger;
		expect(batches).toHaveLength(3);
		expect(new Set(batches.map(({ input_file_id: file }) => file)).size).toBe(3);
		expect(uploads).toHaveLength(4);
		const files = await server.json('file', 'getAll', { returnAll: true });
		expect(files.map(({ filename }) => filename)).not.toContainEqual(
			expect.stringMatching(/^n8n-submission/),
		);
	});

	it('is named in a hint, since another run cannot find the batch', async () => {
		server = await startServer('bella');
		const input = [{ id: 'a', text: 'Hello' }];
		const result = await server.run('batch', 'submit', submitParameters(openai), input);
		expect(remarksOf(result).map(({ message }) => message)).toEqual([
			expect.stringMatching(/^The server returned batch BATCH-\S+ without its metadata/),
		]);
	});
});

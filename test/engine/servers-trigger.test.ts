import { DIALECTS } from '../support/emulator';
import {
	A_WHILE,
	addPast,
	reported,
	startServer,
	submitParameters,
	WITHOUT_TIMES,
	type Server,
} from './servers';

/** The polling trigger on servers whose lists are not like OpenAI's. */
jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const { openai, bella } = DIALECTS;

let server: Server;

afterEach(async () => await server.stop());

const submit = async () => {
	const input = [{ id: 'a', text: 'Hello' }];
	return (await server.json('batch', 'submit', submitParameters(server.dialect), input))[0];
};

describe('a list whose batches have no creation times', () => {
	it('cannot be put in order, which the trigger says when the workflow is published', async () => {
		server = await startServer(WITHOUT_TIMES);
		await submit();
		const { error } = await server.poller().activate();
		expect(error?.message).toMatch(/order.*creat|creat.*order/);
	});

	it('cannot be put in order, which the trigger says when the first batch appears', async () => {
		server = await startServer(WITHOUT_TIMES);
		const poller = server.poller();
		expect((await poller.activate()).error).toBeUndefined();
		await submit();
		const { error, items } = await poller.tick();
		expect(items).toBeNull();
		expect(error?.message).toMatch(/order.*creat|creat.*order/);
	});
});

it('one batch without a creation time, the newest or not, does not hide the others', async () => {
	const withoutTime = new Set<string>();
	server = await startServer({
		...openai,
		batch: (batch) => {
			const { created_at, ...rest } = batch;
			return { ...rest, ...(!withoutTime.has(String(batch.id)) && { created_at }) } as never;
		},
	});
	addPast(server, 120);
	withoutTime.add('past_119').add('past_20');
	const poller = server.poller();
	expect((await poller.activate()).error).toBeUndefined();
	const { id } = await submit();
	const other = await submit();
	withoutTime.add(other.id as string);
	await server.emulator.step(id as string, 'completed');
	expect(reported(await poller.tick()).map((event) => event.id)).toEqual([id]);
});

it('a list that begins with the oldest batch is not taken for the newest part of one', async () => {
	server = await startServer({ ...openai, batchList: bella.batchList });
	addPast(server, 120);
	const poller = server.poller();
	const { error } = await poller.activate();
	if (error) {
		expect(error.message).toMatch(/order/);
		return;
	}
	const { id } = await submit();
	await server.emulator.step(id as string, 'completed');
	expect(reported(await poller.tick()).map((event) => event.id)).toEqual([id]);
});

it('a list in pages that begin at a cursor, as Groq has it, is read to its end', async () => {
	server = await startServer('groq');
	const batch = await submit();
	const created_at = Date.parse(String(batch.created_at)) / 1000;
	for (let n = 0; n < 30; n++) server.emulator.addBatch({ id: `batch_${n}`, created_at });
	const poller = server.poller();
	await poller.activate();
	await server.emulator.advance(A_WHILE);
	const events = [...reported(await poller.tick()), ...reported(await poller.tick())];
	expect(events.map(({ id }) => id)).toEqual([batch.id]);
});

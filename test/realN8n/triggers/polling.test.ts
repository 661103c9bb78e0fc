import { Stage } from './stage';
import { eventIds } from './told';
import { pollingWorkflow } from './workflows';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.open();
});
afterEach(async () => await stage.unpublishAll());
afterAll(async () => await stage?.close());

const workflow = (name: string, events?: Parameters<typeof pollingWorkflow>[0]['events']) =>
	pollingWorkflow({ name, events, credential: stage.n8n.credential });

describe('the polling trigger in n8n', () => {
	it('tells each event of each batch once', async () => {
		const id = await stage.publish(
			workflow('kinds', ['created', 'completed', 'failed', 'expired', 'cancelled']),
		);
		const endings = ['completed', 'failed', 'expired', 'cancelled'] as const;
		const batches = await Promise.all(endings.map(async () => await stage.batch('kinds')));
		const created = batches.map((batch) => `${batch}:created`);
		await stage.untilTold(id, created);
		for (const [index, ending] of endings.entries()) {
			await stage.emulator.step(batches[index], ending);
		}
		const ended = endings.map((ending, index) => `${batches[index]}:${ending}`);
		await stage.untilTold(id, ended);
		await stage.twoMorePolls();

		const found = await stage.told(id);
		expect(eventIds(found)).toEqual([...created, ...ended].sort());
		expect(found.map(({ status }) => status)).toEqual(found.map(() => 'success'));
		expect(found.find(({ eventId }) => eventId === ended[0])?.item).toMatchObject({
			event: 'batch.completed',
			id: batches[0],
			status: 'completed',
			metadata: { case: 'kinds' },
			progress: 100,
		});
	});

	it('starts each of several workflows for its own batches only', async () => {
		const names = ['first', 'second', 'third'];
		const ids = await Promise.all(names.map(async (name) => await stage.publish(workflow(name))));
		const wanted = await Promise.all(
			names.map(async (name) => [
				`${await stage.batch(name, 'completed')}:completed`,
				`${await stage.batch(name, 'expired')}:expired`,
			]),
		);
		await Promise.all(ids.map(async (id, index) => await stage.untilTold(id, wanted[index])));
		await stage.twoMorePolls();

		const found = await Promise.all(ids.map(async (id) => eventIds(await stage.told(id))));
		expect(found).toEqual(wanted.map((events) => events.sort()));
	});

	it('tells what ended while it was unpublished once, when it is published again', async () => {
		const id = await stage.publish(workflow('pause'));
		const before = await stage.batch('pause', 'completed');
		const during = await stage.batch('pause', 'in_progress');
		await stage.untilTold(id, [`${before}:completed`]);
		await stage.unpublish(id);
		await stage.emulator.step(during, 'completed');
		const unseen = await stage.batch('pause', 'failed');
		await stage.republish(id);
		const wanted = [`${before}:completed`, `${during}:completed`, `${unseen}:failed`];
		await stage.untilTold(id, wanted);
		await stage.twoMorePolls();

		expect(eventIds(await stage.told(id))).toEqual(wanted.sort());
	});
});

import { Stage } from './stage';
import { eventIds } from '../../support/lab/n8n/events';
import { pollingWorkflow } from '../../support/lab/workflows/triggers';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.open();
});
afterEach(async () => await stage.unpublishAll());
afterAll(async () => await stage?.close());

const workflow = (name: string, events?: Parameters<typeof pollingWorkflow>[0]['events']) =>
	pollingWorkflow({ name, events, credential: stage.account.credential });

describe('the polling trigger in n8n', () => {
	it('reports each event of each batch once', async () => {
		const id = await stage.publish(
			workflow('kinds', ['created', 'completed', 'failed', 'expired', 'cancelled']),
		);
		const endings = ['completed', 'failed', 'expired', 'cancelled'] as const;
		const batches = await Promise.all(endings.map(async () => await stage.account.batch('kinds')));
		const created = batches.map((batch) => `${batch}:created`);
		await stage.untilReported(id, created);
		for (const [index, ending] of endings.entries()) {
			await stage.account.emulator.step(batches[index], ending);
		}
		const ended = endings.map((ending, index) => `${batches[index]}:${ending}`);
		await stage.untilReported(id, ended);
		await stage.twoMorePolls();

		const found = await stage.reported(id);
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
				`${await stage.account.batch(name, 'completed')}:completed`,
				`${await stage.account.batch(name, 'expired')}:expired`,
			]),
		);
		await Promise.all(ids.map(async (id, index) => await stage.untilReported(id, wanted[index])));
		await stage.twoMorePolls();

		const found = await Promise.all(ids.map(async (id) => eventIds(await stage.reported(id))));
		expect(found).toEqual(wanted.map((events) => events.sort()));
	});

	it('reports once what finished while it was unpublished, when it is published again', async () => {
		const id = await stage.publish(workflow('pause'));
		const before = await stage.account.batch('pause', 'completed');
		const during = await stage.account.batch('pause', 'in_progress');
		await stage.untilReported(id, [`${before}:completed`]);
		await stage.unpublish(id);
		await stage.account.emulator.step(during, 'completed');
		const unseen = await stage.account.batch('pause', 'failed');
		await stage.republish(id);
		const wanted = [`${before}:completed`, `${during}:completed`, `${unseen}:failed`];
		await stage.untilReported(id, wanted);
		await stage.twoMorePolls();

		expect(eventIds(await stage.reported(id))).toEqual(wanted.sort());
	});
});

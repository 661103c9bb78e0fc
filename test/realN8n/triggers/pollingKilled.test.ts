import type { Fault } from '../../support/emulator';
import { Stage } from './stage';
import { eventIds, type ReportedEvent } from '../../support/lab/n8n/events';
import { until } from '../../support/lab/until';
import { pollingWorkflow } from '../../support/lab/workflows/triggers';

const DURING: Record<string, Fault> = {
	'waits for an answer': { type: 'stall', when: 'before' },
	'reads an answer': { type: 'slow', bytesPerSecond: 100 },
};

/** Several workflows each time: they poll one after the other, so each is interrupted elsewhere. */
const WORKFLOWS = [1, 2, 3];

describe('the polling trigger in an n8n that is killed', () => {
	let stage: Stage;

	beforeAll(async () => {
		stage = await Stage.open();
	});
	afterEach(async () => {
		stage.account.emulator.faults.clear();
		await stage.unpublishAll();
	});
	afterAll(async () => await stage?.close());

	/** Workflows that each know of an unfinished batch. */
	async function waiting(title: string) {
		const cases = await Promise.all(
			WORKFLOWS.map(async (number) => {
				const name = `${title} ${number}`;
				const id = await stage.publish(
					pollingWorkflow({ name, credential: stage.account.credential }),
				);
				return { name, id, batch: await stage.account.batch(name, 'in_progress') };
			}),
		);
		await stage.twoMorePolls();
		return cases;
	}

	async function complete(cases: Array<{ batch: string }>): Promise<void> {
		for (const { batch } of cases) await stage.account.emulator.step(batch, 'completed');
	}

	/** The events of each workflow, once all have come and had time to come again. */
	async function reportedTo(
		cases: Array<{ id: string; wanted: string[] }>,
	): Promise<ReportedEvent[][]> {
		await Promise.all(cases.map(async ({ id, wanted }) => await stage.untilReported(id, wanted)));
		await stage.twoMorePolls();
		return await Promise.all(cases.map(async ({ id }) => await stage.reported(id)));
	}

	it('reports once what finished before and while n8n was down', async () => {
		const cases = await waiting('down');
		const early = await Promise.all(
			cases.map(async ({ name }) => await stage.account.batch(name, 'completed')),
		);
		await reportedTo(cases.map(({ id }, index) => ({ id, wanted: [`${early[index]}:completed`] })));
		await stage.lab.n8n.kill();
		await complete(cases);
		const late = await Promise.all(
			cases.map(async ({ name }) => await stage.account.batch(name, 'expired')),
		);
		await stage.lab.restart();

		const wanted = cases.map(({ batch }, index) =>
			[`${early[index]}:completed`, `${batch}:completed`, `${late[index]}:expired`].sort(),
		);
		const found = await reportedTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
		expect(found.map(eventIds)).toEqual(wanted);
	});

	it.each(Object.entries(DURING))(
		'reports once what finished when n8n is killed while the trigger %s',
		async (what, fault) => {
			const cases = await waiting(what);
			const { ledger, faults } = stage.account.emulator;
			faults.next({ method: 'GET', path: '/batches', times: 1_000, fault });
			const earlier = ledger.calls('GET', '/batches').length;
			await complete(cases);
			await until('polls', () => ledger.calls('GET', '/batches').length >= earlier + cases.length, {
				every: 5,
			});
			await stage.lab.n8n.kill();
			faults.clear();
			await stage.lab.restart();

			const wanted = cases.map(({ batch }) => [`${batch}:completed`]);
			const found = await reportedTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
			expect(found.map(eventIds)).toEqual(wanted);
		},
	);

	it('loses nothing when n8n is killed just after the service answered', async () => {
		const cases = await waiting('answered');
		await complete(cases);
		const answered = stage.account.polls;
		await until('an answer', () => stage.account.polls > answered, { every: 1 });
		await stage.lab.n8n.kill();
		await stage.lab.restart();

		const wanted = cases.map(({ batch }) => [`${batch}:completed`]);
		const found = await reportedTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
		expect(found.map((events) => [...new Set(eventIds(events))])).toEqual(wanted);
	});
});

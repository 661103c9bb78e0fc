import type { Fault } from '../../support/emulator';
import { Stage } from './stage';
import { eventIds, type Told } from './told';
import { until } from './until';
import { pollingWorkflow } from './workflows';

const DURING: Record<string, Fault> = {
	'waits for the answer': { type: 'stall', when: 'before' },
	'reads the answer': { type: 'slow', bytesPerSecond: 100 },
};

/** More than one workflow each time: they poll one after the other and are struck differently. */
const WORKFLOWS = [1, 2, 3];

describe('the polling trigger in an n8n that is killed', () => {
	let stage: Stage;

	beforeAll(async () => {
		stage = await Stage.open();
	});
	afterEach(async () => {
		stage.emulator.faults.clear();
		await stage.unpublishAll();
	});
	afterAll(async () => await stage?.close());

	/** Workflows that each know of an unfinished batch. */
	async function waiting(title: string) {
		const cases = await Promise.all(
			WORKFLOWS.map(async (number) => {
				const name = `${title} ${number}`;
				const id = await stage.publish(pollingWorkflow({ name, credential: stage.n8n.credential }));
				return { name, id, batch: await stage.batch(name, 'in_progress') };
			}),
		);
		await stage.twoMorePolls();
		return cases;
	}

	async function complete(cases: Array<{ batch: string }>): Promise<void> {
		for (const { batch } of cases) await stage.emulator.step(batch, 'completed');
	}

	/** What each workflow was told when all had been told, and had had time to be told again. */
	async function toldTo(cases: Array<{ id: string; wanted: string[] }>): Promise<Told[][]> {
		await Promise.all(cases.map(async ({ id, wanted }) => await stage.untilTold(id, wanted)));
		await stage.twoMorePolls();
		return await Promise.all(cases.map(async ({ id }) => await stage.told(id)));
	}

	it('tells once what ended before and while n8n was down', async () => {
		const cases = await waiting('down');
		const early = await Promise.all(
			cases.map(async ({ name }) => await stage.batch(name, 'completed')),
		);
		await toldTo(cases.map(({ id }, index) => ({ id, wanted: [`${early[index]}:completed`] })));
		await stage.n8n.kill();
		await complete(cases);
		const late = await Promise.all(
			cases.map(async ({ name }) => await stage.batch(name, 'expired')),
		);
		await stage.n8n.restart();

		const wanted = cases.map(({ batch }, index) =>
			[`${early[index]}:completed`, `${batch}:completed`, `${late[index]}:expired`].sort(),
		);
		const found = await toldTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
		expect(found.map(eventIds)).toEqual(wanted);
	});

	it.each(Object.entries(DURING))(
		'tells once what it did not get to while it %s',
		async (what, fault) => {
			const cases = await waiting(what);
			const { ledger, faults } = stage.emulator;
			faults.next({ method: 'GET', path: '/batches', times: 1_000, fault });
			const earlier = ledger.calls('GET', '/batches').length;
			await complete(cases);
			await until('polls', () => ledger.calls('GET', '/batches').length >= earlier + cases.length, {
				every: 5,
			});
			await stage.n8n.kill();
			faults.clear();
			await stage.n8n.restart();

			const wanted = cases.map(({ batch }) => [`${batch}:completed`]);
			const found = await toldTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
			expect(found.map(eventIds)).toEqual(wanted);
		},
	);

	it('loses nothing when n8n is killed just after it was answered', async () => {
		const cases = await waiting('answered');
		await complete(cases);
		const answered = stage.polls;
		await until('an answer', () => stage.polls > answered, { every: 1 });
		await stage.n8n.kill();
		await stage.n8n.restart();

		const wanted = cases.map(({ batch }) => [`${batch}:completed`]);
		const found = await toldTo(cases.map(({ id }, index) => ({ id, wanted: wanted[index] })));
		expect(found.map((events) => [...new Set(eventIds(events))])).toEqual(wanted);
	});
});

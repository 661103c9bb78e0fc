import type { FaultRule } from '../../support/emulator';
import { STILL, type Account } from '../../support/lab/account';
import { Lab } from '../../support/lab/lab';
import { allItemsOf, assertSucceeded, failureOf } from '../../support/lab/n8n/executions';
import type { Execution, WorkflowJson } from '../../support/lab/n8n/types';
import { until } from '../../support/lab/until';
import { byHand, chain, parkedWait, START, type Step } from '../../support/lab/workflows/steps';

/** The server asks to come back later: a wait that parks does so at once. */
const later = (batchId: string, seconds: number): FaultRule => ({
	path: `/batches/${batchId}`,
	times: 1,
	fault: { type: 'status', status: 429, headers: { 'retry-after': String(seconds) } },
});

/** Soon, for those that shall look, and after n8n is back, for those that shall be parked by then. */
const SOON_S = 70;
const MUCH_LATER_S = 180;

const idsStep = (ids: string[]): Step => ({
	name: 'Ids',
	type: 'n8n-nodes-base.code',
	typeVersion: 2,
	parameters: { jsCode: `return ${JSON.stringify(ids)}.map((id) => ({ json: { id } }));` },
});

interface Moment {
	batches: number;
	/** Whether the look gets no answer when n8n ends; otherwise the execution is parked. */
	isLooking?: boolean;
	/** The first batch is finished before, and has left. */
	firstIsFinished?: boolean;
	/** The user has stopped the execution before, and runs it again when n8n is back. */
	isStopped?: boolean;
	/** The wait is in a workflow that another one calls. */
	isNested?: boolean;
}

const MOMENTS: Record<string, Moment> = {
	'it is parked': { batches: 1 },
	'it is parked for several batches, of which one is finished': {
		batches: 3,
		firstIsFinished: true,
	},
	'it is parked in a workflow that another one has called': { batches: 2, isNested: true },
	'it looks': { batches: 1, isLooking: true },
	'it looks at several batches, of which one is finished': {
		batches: 3,
		isLooking: true,
		firstIsFinished: true,
	},
	'it is parked, and the user has stopped it': { batches: 2, isStopped: true },
};

/** One wait with an account of its own, in the n8n that all share. */
class Scene {
	private constructor(
		private readonly lab: Lab,
		private readonly account: Account,
		private readonly moment: Moment,
		private readonly ids: string[],
		/** The workflow that the user runs. */
		private readonly workflow: string,
		private readonly execution: string,
		/** The workflow that waits. */
		private readonly waiting: string,
	) {}

	static async open(lab: Lab, moment: Moment): Promise<Scene> {
		const { rest } = lab;
		const account = await lab.account(STILL);
		const ids: string[] = [];
		for (let index = 0; index < moment.batches; index++) ids.push(await account.batch('parked'));
		const [first] = ids;
		if (moment.firstIsFinished) await account.emulator.step(first, 'completed');
		for (const id of moment.firstIsFinished ? ids.slice(1) : ids) {
			account.emulator.faults.next(later(id, moment.isLooking ? SOON_S : MUCH_LATER_S));
		}
		const wait = parkedWait(account.credential);
		const create = async (workflow: WorkflowJson) => (await rest.createWorkflow(workflow)).id;
		const own = async () => await create(chain('Wait', [byHand, idsStep(ids), ...wait]));
		const called = async () => await create(chain('Called', [calledStep, ...wait]));
		const waiting = moment.isNested ? await called() : await own();
		if (moment.isNested) await rest.activate(waiting);
		const workflow = moment.isNested
			? await create(chain('Calls', [byHand, idsStep(ids), callStep(waiting)]))
			: waiting;
		const execution = await rest.run(workflow, START);
		const scene = new Scene(lab, account, moment, ids, workflow, execution, waiting);
		await scene.reach();
		return scene;
	}

	private async reach(): Promise<void> {
		const { rest } = this.lab;
		for (const workflow of new Set([this.waiting, this.workflow])) {
			await until('the execution to be parked', async () => {
				const [newest] = await rest.executions(workflow);
				if (newest?.stoppedAt && newest.status !== 'waiting') {
					throw failureOf(await rest.execution(newest.id));
				}
				return newest?.status === 'waiting';
			});
		}
		if (this.moment.isStopped) await rest.stop(this.execution);
		if (!this.moment.isLooking) return;
		const { faults } = this.account.emulator;
		let hasCome = false;
		faults.onStall = () => (hasCome = true);
		const fault = { type: 'stall', when: 'before' } as const;
		faults.next({ path: /^\/batches\/batch_/, times: 1_000, fault });
		await until('the look', () => hasCome);
	}

	/** While n8n is down, all batches end. */
	async end(): Promise<void> {
		this.account.emulator.faults.clear();
		for (const id of this.ids) {
			if (this.account.emulator.batch(id).status === 'completed') continue;
			await this.account.emulator.step(id, 'completed');
		}
	}

	/** What has become of the execution, which the user runs again where n8n does not go on with it. */
	async outcome(): Promise<Execution> {
		const { rest } = this.lab;
		if (!this.moment.isLooking && !this.moment.isStopped) return await this.ended(this.execution);
		const given = await rest.finished(this.workflow, this.execution);
		expect(given.status).toBe(this.moment.isStopped ? 'canceled' : 'crashed');
		// It parks once more if the time for its next look has not come yet.
		return await this.ended(await rest.retry(this.execution));
	}

	/** An execution that n8n goes on with by itself, when it has ended. */
	private async ended(id: string): Promise<Execution> {
		const { rest } = this.lab;
		await until('the execution to go on and end', async () => {
			const all = await rest.executions(this.workflow);
			// While n8n starts, it takes parked executions for crashed ones for a moment.
			return all.some((one) => one.id === id && ['success', 'error'].includes(one.status));
		});
		return await rest.execution(id);
	}

	expectWhole(execution: Execution): void {
		assertSucceeded(execution);
		const node = this.moment.isNested ? 'Call' : 'Get';
		const items = allItemsOf(execution, node);
		expect(items.map(({ id }) => id).sort()).toEqual([...this.ids].sort());
		expect(new Set(items.map(({ status }) => status))).toEqual(new Set(['completed']));
	}
}

const calledStep: Step = {
	name: START,
	type: 'n8n-nodes-base.executeWorkflowTrigger',
	typeVersion: 1.1,
	parameters: { inputSource: 'passthrough' },
};

const callStep = (workflowId: string): Step => ({
	name: 'Call',
	type: 'n8n-nodes-base.executeWorkflow',
	typeVersion: 1.2,
	parameters: {
		workflowId: { __rl: true, mode: 'id', value: workflowId },
		options: { waitForSubWorkflow: true },
	},
});

describe.each(['SIGTERM', 'SIGKILL'] as const)(
	'a parked wait, in an n8n that gets %s',
	(signal) => {
		let lab: Lab;
		const whole: Record<string, Promise<void>> = {};

		/** All waits are brought to their moments at once, so that n8n has to end only once. */
		beforeAll(async () => {
			lab = await Lab.open();
			const ready = await Promise.allSettled(
				Object.values(MOMENTS).map(async (moment) => await Scene.open(lab, moment)),
			);
			await (signal === 'SIGKILL' ? lab.n8n.kill() : lab.n8n.stop());
			for (const one of ready) if (one.status === 'fulfilled') await one.value.end();
			await lab.restart();
			for (const [index, name] of Object.keys(MOMENTS).entries()) {
				whole[name] = goOn(ready[index]);
				whole[name].catch(() => {});
			}
		});

		async function goOn(ready: PromiseSettledResult<Scene>): Promise<void> {
			if (ready.status === 'rejected') throw ready.reason;
			ready.value.expectWhole(await ready.value.outcome());
		}

		afterAll(async () => {
			await Promise.allSettled(Object.values(whole));
			await lab?.close();
		});

		it.each(Object.keys(MOMENTS))('ends with all batches: %s', async (name) => {
			await whole[name];
		});
	},
);

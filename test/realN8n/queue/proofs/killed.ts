import type { FaultRule } from '../../../support/emulator';
import type { Execution } from '../../../support/lab/n8n/types';
import { until } from '../../../support/lab/until';
import { pollingWorkflow } from '../../../support/lab/workflows/triggers';
import { STILL, type Account } from '../../../support/lab/account';
import { assertSucceeded, itemsOf } from '../../../support/lab/n8n/executions';
import type { Stage } from '../stage';
import { byId } from '../../../support/lab/workflows/steps';
import { REQUESTS, rowsOfBody } from '../workflows';

const ROWS = Array.from({ length: 30 }, (_, index) => ({
	id: `row-${index}`,
	text: `Row ${index}`,
	job: 'killed',
}));

/** A request that gets no answer; the worker dies while it waits for it. */
function stalled(method: string, path: string | RegExp, when: 'before' | 'after'): FaultRule {
	return { method, path, times: 100, fault: { type: 'stall', when } };
}

/** The worker dies before or after the request has had its effect. */
const DURING: Record<string, FaultRule> = {
	'before its file is stored': stalled('POST', '/files', 'before'),
	'after its file was stored': stalled('POST', '/files', 'after'),
	'before its batch is created': stalled('POST', '/batches', 'before'),
	'after its batch was created': stalled('POST', '/batches', 'after'),
};

const KEY = { submissionKey: '={{ $json.job }}' };

/** Workers that are killed with SIGKILL in the middle of an execution. */
export function killed(stage: () => Stage): void {
	/** Kills the worker of a workflow's newest execution, which is waiting for its answer. */
	async function kill(account: Account, workflowId: string, { method, path }: FaultRule) {
		const { ledger, faults } = account.emulator;
		const isWaiting = () =>
			ledger.requests.some(
				(request) =>
					request.method === method &&
					request.status === null &&
					(typeof path === 'string' ? request.path.endsWith(path) : path!.test(request.path)),
			);
		await until('the request', isWaiting, { every: 10 });
		const [{ id }] = await stage().cluster.rest.executions(workflowId);
		const worker = await until('the worker', () => stage().cluster.workerOf(id));
		await worker.kill();
		faults.clear();
		return { id, worker };
	}

	/** Publishes a workflow that submits the rows that it is called with. */
	const submitting = async (account: Account, options: object) =>
		await stage().callable('Killed', [
			rowsOfBody,
			account.step('Submit', 'batch', 'submit', { ...REQUESTS, options }),
		]);

	/** Waits until a workflow has so many ended executions; returns the newest. */
	const newest = async (workflowId: string, count: number): Promise<Execution> =>
		(await stage().ended(workflowId, count)).at(-1)!;

	function expectOneBatch({ emulator }: Account, execution: Execution): void {
		const { batches } = emulator.ledger;
		expect(batches).toHaveLength(1);
		expect(itemsOf(execution, 'Submit')).toMatchObject([{ id: batches[0].id }]);
		const submitted = emulator.file(batches[0].input_file_id).text();
		expect(submitted.trim().split('\n')).toHaveLength(ROWS.length);
	}

	it.each(Object.entries(DURING))(
		'submits once when a worker dies %s, and the workflow is started again',
		async (_name, during) => {
			const account = await stage().account();
			account.emulator.faults.next(during);
			const { workflowId, call } = await submitting(account, KEY);
			await call({ rows: ROWS });
			const { id, worker } = await kill(account, workflowId, during);
			await worker.restart();
			const given = await stage().cluster.rest.finished(workflowId, id);
			expect(['crashed', 'error']).toContain(given.status);
			await call({ rows: ROWS });
			const again = await newest(workflowId, 2);
			assertSucceeded(again);

			expectOneBatch(account, again);
		},
	);

	it('is abandoned by n8n when the worker does not come back, and only a new start helps', async () => {
		const { rest } = stage().cluster;
		const account = await stage().account();
		const { faults, ledger } = account.emulator;
		const during = DURING['after its batch was created'];
		faults.next(during);
		const { workflowId, call } = await submitting(account, KEY);
		await call({ rows: ROWS });
		const { id, worker } = await kill(account, workflowId, during);
		try {
			const given = await rest.finished(workflowId, id);
			expect(given.status).toBe('error');
			expect(given.data.resultData.error?.message).toMatch(/failed to be processed too many times/);
			// n8n has not kept the data of the execution: its own retry runs no node.
			const requests = ledger.requests.length;
			const retried = await rest.execution(await rest.retry(id));
			expect([retried.status, ledger.requests.length]).toEqual(['error', requests]);
			await call({ rows: ROWS });
			const again = await newest(workflowId, 3);
			assertSucceeded(again);
			expectOneBatch(account, again);
		} finally {
			await worker.restart();
		}
	});

	it('submits, and pays, again without a submission key, as any new execution does', async () => {
		const account = await stage().account();
		const during = DURING['after its batch was created'];
		account.emulator.faults.next(during);
		const { workflowId, call } = await submitting(account, {});
		await call({ rows: ROWS });
		const { worker } = await kill(account, workflowId, during);
		await worker.restart();
		await call({ rows: ROWS });
		assertSucceeded(await newest(workflowId, 2));

		expect(account.emulator.ledger.batches).toHaveLength(2);
	});

	it('gets all results when a worker died while reading them, and repeats no event', async () => {
		const { rest } = stage().cluster;
		const account = await stage().account(STILL);
		const { emulator, credential } = account;
		const during = stalled('GET', /\/files\/[^/]+\/content$/, 'after');
		const results = (batch: string) =>
			account.step('Results', 'batch', 'getResults', { batchId: byId(batch) });
		const workflow = pollingWorkflow({ name: 'results', credential });
		workflow.nodes.push({ ...results('={{ $json.id }}'), id: 'results', position: [200, 0] });
		workflow.connections = {
			Batch: { main: [[{ node: 'Results', type: 'main', index: 0 }]] },
		};
		const workflowId = await stage().publish(workflow);
		const batch = await account.batch('results', 'in_progress');
		await account.twoMorePolls();
		emulator.faults.next(during);
		await emulator.step(batch, 'completed');
		const { worker } = await kill(account, workflowId, during);
		await worker.restart();
		const again = await stage().run('By id', [results('={{ $json.body.batch }}')], { batch });

		expect(itemsOf(again, 'Results')).toMatchObject([{ custom_id: 'one', status: 'succeeded' }]);
		await account.twoMorePolls();
		expect(await rest.executions(workflowId)).toHaveLength(1);
		expect(emulator.ledger.batches).toHaveLength(1);
		await rest.deactivate(workflowId);
	});
}

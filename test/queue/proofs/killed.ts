import type { FaultRule } from '../../emulator';
import { until } from '../../triggers/until';
import { pollingWorkflow } from '../../triggers/workflows';
import type { Account } from '../account';
import { STILL } from '../account';
import { itemsOf, succeeded, type Stage } from '../stage';
import { byId, REQUESTS, rowsOfBody } from '../workflows';

const ROWS = Array.from({ length: 30 }, (_, index) => ({
	id: `row-${index}`,
	text: `Row ${index}`,
	job: 'killed',
}));

/** Where a worker dies: the request that has no answer for it, before or after its effect. */
const DURING: Record<string, FaultRule> = {
	'before its file is stored': rule('POST', '/files', 'before'),
	'after its file was stored': rule('POST', '/files', 'after'),
	'before its batch is created': rule('POST', '/batches', 'before'),
	'after its batch was created': rule('POST', '/batches', 'after'),
};

function rule(method: string, path: string | RegExp, when: 'before' | 'after'): FaultRule {
	return { method, path, times: 1, fault: { type: 'stall', when } };
}

/** Workers that are killed with SIGKILL in the middle of an execution. */
export function killed(stage: () => Stage): void {
	/** Kills the worker of an execution that is at a request, and gives the execution when n8n has given it up. */
	async function killDuring(account: Account, workflowId: string, { method, path }: FaultRule) {
		const { rest } = stage().cluster;
		const { ledger } = account.emulator;
		const isReached = () =>
			ledger.requests.some(
				(request) =>
					request.method === method &&
					request.status === null &&
					(typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path)),
			);
		await until('the request', isReached, { every: 10 });
		const [{ id }] = await rest.executions(workflowId);
		const worker = await until('the worker', () => stage().cluster.workerOf(id));
		await worker.kill();
		account.emulator.faults.clear();
		const [execution] = await Promise.all([rest.finished(workflowId, id), worker.restart()]);
		expect(['crashed', 'error']).toContain(execution.status);
		return execution;
	}

	it.each(Object.entries(DURING))(
		'submits once when a worker dies %s, and the execution is run again',
		async (_name, during) => {
			const { rest } = stage().cluster;
			const account = await stage().account();
			const { faults, ledger } = account.emulator;
			faults.next(during);
			const { workflowId, call } = await stage().callable('Killed', [
				rowsOfBody,
				account.step('Submit', 'batch', 'submit', {
					...REQUESTS,
					options: { submissionKey: '={{ $json.job }}' },
				}),
			]);
			await call({ rows: ROWS });
			const { id } = await killDuring(account, workflowId, during);
			const again = await rest.execution(await rest.retry(id));
			succeeded(again);

			expect(ledger.batches).toHaveLength(1);
			expect(itemsOf(again, 'Submit')).toMatchObject([{ id: ledger.batches[0].id }]);
			const submitted = account.emulator.file(ledger.batches[0].input_file_id).text();
			expect(submitted.trim().split('\n')).toHaveLength(ROWS.length);
		},
	);

	it('submits, and pays, again without a submission key, as any new execution does', async () => {
		const { rest } = stage().cluster;
		const account = await stage().account();
		const { faults, ledger } = account.emulator;
		const during = rule('POST', '/batches', 'after');
		faults.next(during);
		const submit = account.step('Submit', 'batch', 'submit', REQUESTS);
		const { workflowId, call } = await stage().callable('No key', [rowsOfBody, submit]);
		await call({ rows: ROWS });
		const { id } = await killDuring(account, workflowId, during);
		succeeded(await rest.execution(await rest.retry(id)));

		expect(ledger.batches).toHaveLength(2);
	});

	it('gets all results when a worker dies while it reads them, and the execution is run again', async () => {
		const { rest } = stage().cluster;
		const account = await stage().account(STILL);
		const { emulator, credential } = account;
		const content = /\/files\/[^/]+\/content$/;
		const workflow = pollingWorkflow({ name: 'results', credential });
		const results = account.step('Results', 'batch', 'getResults', {
			batchId: byId('={{ $json.id }}'),
		});
		workflow.nodes.push({ ...results, id: 'results', position: [200, 0] });
		workflow.connections = {
			Batch: { main: [[{ node: 'Results', type: 'main', index: 0 }]] },
		};
		const workflowId = await stage().publish(workflow);
		const batch = await account.batch('results', 'in_progress');
		await account.twoMorePolls();
		const during: FaultRule = {
			method: 'GET',
			path: content,
			times: 100,
			fault: { type: 'stall', when: 'after' },
		};
		emulator.faults.next(during);
		await emulator.step(batch, 'completed');
		const { id } = await killDuring(account, workflowId, during);
		const again = await rest.execution(await rest.retry(id));
		succeeded(again);

		expect(itemsOf(again, 'Results')).toMatchObject([{ custom_id: 'one', status: 'succeeded' }]);
		await account.twoMorePolls();
		// The one that was killed, and the one that was run again: the trigger told nothing twice.
		expect(await rest.executions(workflowId)).toHaveLength(2);
		expect(emulator.ledger.batches).toHaveLength(1);
		await rest.deactivate(workflowId);
	});
}

import { STILL } from '../../../support/lab/account';
import { allItemsOf, assertSucceeded } from '../../../support/lab/n8n/executions';
import { until } from '../../../support/lab/until';
import { parkedWait } from '../../../support/lab/workflows/steps';
import type { Stage } from '../stage';
import { rowsOfBody } from '../workflows';

/** A wait that parks the execution: no worker has it meanwhile. */
export function parked(stage: () => Stage): void {
	it('goes on in another worker when the worker that has begun it is gone', async () => {
		const account = await stage().account(STILL);
		const { emulator } = account;
		const { rest } = stage().cluster;
		const ids = [await account.batch('parked'), await account.batch('parked')];
		for (const id of ids) {
			// The server asks to come back later: the wait parks at once.
			const fault = { type: 'status', status: 429, headers: { 'retry-after': '70' } } as const;
			emulator.faults.next({ path: `/batches/${id}`, times: 1, fault });
		}
		const { workflowId, call } = await stage().callable('Parked', [
			rowsOfBody,
			...parkedWait(account.credential),
		]);
		await call({ rows: ids.map((id) => ({ id })) });
		const [{ id }] = await until('the execution to be parked', async () => {
			const all = await rest.executions(workflowId);
			return all[0]?.status === 'waiting' && all;
		});
		const first = stage().cluster.workerOf(id)!;
		await first.kill();
		await emulator.step(ids[0], 'completed');
		await emulator.step(ids[1], 'completed');
		const execution = await rest.finished(workflowId, id);
		await first.restart();
		assertSucceeded(execution);
		expect(allItemsOf(execution, 'Get')).toMatchObject(
			ids.map((one) => ({ id: one, status: 'completed' })),
		);
	});
}

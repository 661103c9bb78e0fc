import { Rest } from '../../../support/lab/n8n/rest';
import { eventIds, reportedEvents } from '../../../support/lab/n8n/events';
import { until } from '../../../support/lab/until';
import { pollingWorkflow } from '../../../support/lab/workflows/triggers';
import { STILL } from '../../../support/lab/account';
import { assertSucceeded, itemsOf } from '../../../support/lab/n8n/executions';
import type { Stage } from '../stage';
import { byId } from '../../../support/lab/workflows/steps';
import { REQUESTS, rowsOfBody } from '../workflows';

/** One main process ends and another one starts: that is a leader change without a licence. */
export function mains(stage: () => Stage): void {
	it('loses and repeats nothing when the main process is killed and started again', async () => {
		const { cluster } = stage();
		const account = await stage().account(STILL);
		const { credential, emulator } = account;
		const id = await stage().publish(pollingWorkflow({ name: 'leader', credential }));
		const [early, during] = [await account.batch('leader'), await account.batch('leader')];
		await account.twoMorePolls();
		await emulator.step(early, 'completed');
		await stage().untilReported(id, [`${early}:completed`]);
		await cluster.main.kill();
		await emulator.step(during, 'completed');
		const unseen = await account.batch('leader', 'expired');
		await cluster.main.restart();
		await cluster.login();

		const wanted = [`${early}:completed`, `${during}:completed`, `${unseen}:expired`];
		await stage().untilReported(id, wanted);
		await account.twoMorePolls();
		expect(eventIds(await reportedEvents(cluster.rest, id))).toEqual(wanted.sort());
		await cluster.rest.deactivate(id);
	});

	it('finishes in a worker what was running when the main process was killed', async () => {
		const { cluster } = stage();
		const account = await stage().account(STILL);
		const { workflowId, call } = await stage().callable('Outlives', [
			rowsOfBody,
			account.step('Submit', 'batch', 'submit', REQUESTS),
			account.step('Wait', 'batch', 'wait', {
				batchId: byId('={{ $json.id }}'),
				options: { pollInterval: 1 },
			}),
			account.step('Results', 'batch', 'getResults', { batchId: byId('={{ $json.id }}') }),
		]);
		await call({ rows: [{ id: 'one', text: 'Hello', job: 'outlives' }] });
		const { ledger } = account.emulator;
		await until('the batch', () => ledger.batches.length > 0);
		await cluster.main.kill();
		const [{ id }] = ledger.batches;
		await account.emulator.step(id, 'completed');
		await until('the results', () => ledger.calls('GET', /\/content$/).length > 0);
		await cluster.main.restart();
		await cluster.login();

		const [execution] = await stage().ended(workflowId, 1);
		assertSucceeded(execution);
		expect(itemsOf(execution, 'Results')).toMatchObject([{ custom_id: 'one' }]);
		expect(ledger.batches).toHaveLength(1);
	});

	it('goes on where another main process stopped', async () => {
		const { cluster } = stage();
		const account = await stage().account(STILL);
		const { credential, emulator } = account;
		const id = await stage().publish(pollingWorkflow({ name: 'handed over', credential }));
		const batches = [await account.batch('handed over'), await account.batch('handed over')];
		await account.twoMorePolls();
		await emulator.step(batches[0], 'completed');
		const first = `${batches[0]}:completed`;
		await stage().untilReported(id, [first]);
		await cluster.main.stop();
		const other = await cluster.add('main');
		const rest = new Rest(other.url);
		try {
			await rest.login(cluster.owner);
			await emulator.step(batches[1], 'completed');
			const wanted = [first, `${batches[1]}:completed`];
			await until('the second event', async () => (await reportedEvents(rest, id)).length >= 2);
			await account.twoMorePolls();
			expect(eventIds(await reportedEvents(rest, id))).toEqual(wanted.sort());
		} finally {
			await other.stop();
			await cluster.main.restart();
			await cluster.login();
		}
		await cluster.rest.deactivate(id);
	});

	it('cannot have two main processes without a licence: the second one says so and ends', async () => {
		const { cluster } = stage();
		const started = cluster.add('main', { N8N_MULTI_MAIN_SETUP_ENABLED: 'true' });
		await expect(started).rejects.toThrow(/does not allow for feat:multipleMainInstances/);
		expect(await cluster.rest.executions('none')).toEqual([]);
	});
}

import type { Stage } from '../stage';
import { REQUESTS, rowsOfBody } from '../workflows';
import { assertSucceeded, itemsOf } from '../../../support/lab/n8n/executions';

const SUBMISSIONS = 20;
const ROWS = 30;
const ROWS_PER_BATCH = 10;
const BATCHES = ROWS / ROWS_PER_BATCH;

/** How many of the creates lose their answer, so that the nodes have to look for what they made. */
const LOST = 5;

const rows = (job: string) =>
	Array.from({ length: ROWS }, (_, index) => ({ id: `${job}-${index}`, text: 'Hello', job }));

/** Submissions at the same time in several workers. */
export function many(stage: () => Stage): void {
	it('creates exactly the batches of twenty submissions that start at once', async () => {
		const account = await stage().account();
		const { emulator } = account;
		emulator.faults.next({
			method: 'POST',
			path: '/batches',
			times: LOST,
			fault: { type: 'reset', when: 'after' },
		});
		const { workflowId, call } = await stage().callable('Many', [
			rowsOfBody,
			account.step('Submit', 'batch', 'submit', {
				...REQUESTS,
				options: { maxRequestsPerBatch: ROWS_PER_BATCH },
			}),
		]);
		const jobs = Array.from({ length: SUBMISSIONS }, (_, index) => `job-${index}`);
		await Promise.all(jobs.map(async (job) => await call({ rows: rows(job) })));
		const executions = await stage().ended(workflowId, SUBMISSIONS);
		executions.forEach(assertSucceeded);

		const { batches } = emulator.ledger;
		const of = (job: string) => batches.filter(({ metadata }) => metadata?.job === job);
		expect(jobs.map((job) => of(job).length)).toEqual(jobs.map(() => BATCHES));
		expect(batches).toHaveLength(SUBMISSIONS * BATCHES);
		const submitted = batches.flatMap(({ input_file_id: id }) =>
			emulator.file(id).text().trim().split('\n'),
		);
		const ids = submitted.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
		expect(ids.sort()).toEqual(jobs.flatMap((job) => rows(job).map(({ id }) => id)).sort());
		const reported = executions.flatMap((execution) => itemsOf(execution, 'Submit'));
		expect(reported.map(({ id }) => id).sort()).toEqual(batches.map(({ id }) => id).sort());
		const workers = executions.map(({ id }) => stage().cluster.workerOf(id));
		expect(new Set(workers)).toEqual(new Set(stage().cluster.workers));
	});
}

import { STILL } from '../../../support/lab/account';
import { assertSucceeded } from '../../../support/lab/n8n/executions';
import type { Stage } from '../stage';
import { byId } from '../../../support/lab/workflows/steps';
import { fetchUrl, REQUESTS } from '../workflows';
import { measure, type Measured } from './measure';

/** How many batches of how many requests; the largest round has less than 100 executions. */
export interface Size {
	requests: number;
	batches: number;
}

export const SIZES: Size[] = [
	{ requests: 100, batches: 60 },
	{ requests: 10_000, batches: 12 },
];

export interface Round {
	workers: number;
	size: Size;
	submitted: Measured;
	collected: Measured;
}

/** Submits batches and collects their results, each in an execution of its own. */
export async function round(stage: Stage, rows: string, size: Size): Promise<Round> {
	const account = await stage.account(STILL);
	const { ledger } = account.emulator;
	const submit = await stage.callable('Submit', [
		fetchUrl(`${rows}/${size.requests}`, 'json'),
		account.step('Submit', 'batch', 'submit', REQUESTS),
	]);
	const results = await stage.callable('Results', [
		account.step('Results', 'batch', 'getResults', { batchId: byId('={{ $json.body.batch }}') }),
	]);
	const times = Array.from({ length: size.batches }, (_, index) => index);
	const untilDone = async (workflowId: string): Promise<unknown> =>
		await stage.allEnded(workflowId, size.batches);
	const submitted = await measure(
		stage,
		times.map(() => async () => await submit.call({})),
		async (): Promise<unknown> => await untilDone(submit.workflowId),
	);
	const ids = ledger.batches.map(({ id }) => id);
	if (ids.length !== size.batches) throw new Error(`There are ${ids.length} batches.`);
	for (const id of ids) await account.emulator.step(id, 'completed');
	const collected = await measure(
		stage,
		ids.map((id) => async () => await results.call({ batch: id })),
		async (): Promise<unknown> => await untilDone(results.workflowId),
	);
	for (const { workflowId } of [submit, results]) {
		const [{ id }] = await stage.cluster.rest.executions(workflowId);
		assertSucceeded(await stage.cluster.rest.execution(id));
		await stage.cluster.rest.deactivate(workflowId);
	}
	return { workers: stage.cluster.workers.length, size, submitted, collected };
}

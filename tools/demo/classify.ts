import { setTimeout as sleep } from 'node:timers/promises';
import type { Film } from '../../test/support/films';
import { createCredential } from '../../test/support/lab/account';
import type { Lab } from '../../test/support/lab/lab';
import { assertSucceeded, itemsOf } from '../../test/support/lab/n8n/executions';
import type { Rest } from '../../test/support/lab/n8n/rest';
import type { Show } from '../../test/support/lab/show';
import { withChoices } from '../../test/support/lab/workflows/choices';
import { START } from '../../test/support/lab/workflows/steps';
import type { Api } from './api';
import { expectedRows } from './films';
import { compareRows, type Completeness, type EndedBatch } from './outcome';
import { readWorkflow } from './workflows';

export interface Task {
	api: Api;
	films: Film[];
	/** Where the workflow reads the films. */
	source: string;
}

export interface Result {
	batches: EndedBatch[];
	rows: Completeness;
}

/** The columns of the data table that the results workflow fills. */
const COLUMNS = [
	{ name: 'custom_id', type: 'string' },
	{ name: 'film', type: 'string' },
	{ name: 'genre', type: 'string' },
	{ name: 'reason', type: 'string' },
	{ name: 'tokens', type: 'number' },
	{ name: 'batch_id', type: 'string' },
] as const;

/**
 * Does in n8n what a user would do: a credential, a data table, the two example workflows, the one
 * with the trigger published, the other one run. Then waits for the results.
 */
export async function classifyFilms(
	{ n8n, rest }: Pick<Lab, 'n8n' | 'rest'>,
	{ api, films, source }: Task,
	show: Show,
	signal: AbortSignal,
): Promise<Result> {
	show.step('Creating the credential, the data table and the workflows');
	const credentials = { openAiBatchApi: await createCredential(rest, api) };
	const table = await rest.createDataTable('film_genres', [...COLUMNS]);
	const submit = await rest.createWorkflow(
		withChoices(await readWorkflow('submit-films'), {
			credentials,
			parameters: { 'Get films': { url: source } },
		}),
	);
	const results = await rest.createWorkflow(
		withChoices(await readWorkflow('film-genres'), { credentials }),
	);
	await rest.activate(results.id);
	show.note('the workflow "Film genres" is published: its trigger polls every minute');

	show.step('Running "Submit films"');
	const started = Date.now();
	const submission = await rest.finished(submit.id, await rest.run(submit.id, START), signal);
	assertSucceeded(submission);
	const submitted = itemsOf(submission, 'Submit films') as unknown as EndedBatch[];
	show.note(`took ${seconds(started)}; ${submitted.map(({ id }) => id).join(', ')}`);

	show.step(`Waiting for ${submitted.length} batch(es), the trigger and the results`);
	const batches = await whileAlive(n8n.exited, async () => {
		const waiting = { rest, workflowId: results.id, show, signal };
		return await untilWritten(waiting, new Set(submitted.map(({ id }) => id)), api.patience);
	});
	show.note(`all results were written ${seconds(started)} after the submission began`);

	const rows = await rest.dataTableRows(table.id);
	return { batches, rows: compareRows(expectedRows(films), rows) };
}

interface Waiting {
	rest: Rest;
	workflowId: string;
	show: Show;
	signal: AbortSignal;
}

/** Waits until successful executions of the results workflow have written all batches. */
async function untilWritten(
	{ rest, workflowId, show, signal }: Waiting,
	open: Set<string>,
	patience: number,
): Promise<EndedBatch[]> {
	const deadline = Date.now() + patience;
	const seen = new Set<string>();
	const batches: EndedBatch[] = [];
	while (open.size > 0) {
		if (Date.now() > deadline) {
			throw new Error(`No results of ${[...open].join(', ')} in ${patience / 60_000} minutes.`);
		}
		for (const { id } of (await rest.executions(workflowId)).reverse()) {
			if (seen.has(id)) continue;
			seen.add(id);
			show.note(`the trigger has fired: execution ${id}`);
			const execution = await rest.finished(workflowId, id, signal);
			assertSucceeded(execution);
			for (const batch of itemsOf(execution, 'Batch finished') as unknown as EndedBatch[]) {
				if (open.delete(batch.id)) batches.push(batch);
			}
		}
		await sleep(500, undefined, { signal });
	}
	return batches;
}

/** The work's result, or an error as soon as n8n is gone. */
async function whileAlive<T>(ended: Promise<void>, work: () => Promise<T>): Promise<T> {
	const gone = ended.then(() => {
		throw new Error('n8n ended unexpectedly.');
	});
	return await Promise.race([work(), gone]);
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

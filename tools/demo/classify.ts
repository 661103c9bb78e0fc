import { setTimeout as sleep } from 'node:timers/promises';
import type { Rest } from '../../test/support/lab/rest';
import type { Execution } from '../../test/support/lab/types';
import type { Api } from './api';
import { expectedRows, type Film } from './films';
import { compareRows, type Completeness, type EndedBatch } from './outcome';
import type { Show } from '../../test/support/lab/show';
import { readWorkflow, withChoices } from './workflows';

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
	n8n: { rest: Rest; ended: Promise<void> },
	{ api, films, source }: Task,
	show: Show,
	signal: AbortSignal,
): Promise<Result> {
	const { rest } = n8n;
	show.step('Creating the credential, the data table and the workflows');
	const { apiKey, url } = api;
	const credential = await rest.createCredential('openAiBatchApi', 'OpenAI Batch API', {
		apiKey,
		url,
	});
	const table = await rest.createDataTable('film_genres', [...COLUMNS]);
	const submit = await rest.createWorkflow(
		withChoices(await readWorkflow('submit-films'), {
			credential,
			parameters: { 'Get films': { url: source } },
		}),
	);
	const results = await rest.createWorkflow(
		withChoices(await readWorkflow('film-genres'), { credential }),
	);
	await rest.activate(results.id);
	show.note('the workflow "Film genres" is published: its trigger looks every minute');

	show.step('Running "Submit films"');
	const started = Date.now();
	const submission = await rest.finished(submit.id, await rest.run(submit.id, 'Start'), signal);
	const submitted = itemsOf(submission, 'Submit films') as unknown as EndedBatch[];
	show.note(`took ${seconds(started)}; ${submitted.map(({ id }) => id).join(', ')}`);

	show.step(`Waiting for ${submitted.length} batch(es), the trigger and the results`);
	const batches = await whileAlive(n8n.ended, async () => {
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

/** Waits until successful executions of the results workflow have taken care of all batches. */
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
			for (const batch of itemsOf(execution, 'Batch finished') as unknown as EndedBatch[]) {
				if (open.delete(batch.id)) batches.push(batch);
			}
		}
		await sleep(500, undefined, { signal });
	}
	return batches;
}

/** What a node of a finished execution gave out. Throws the execution's error, if it has one. */
function itemsOf({ id, status, data }: Execution, node: string): Array<Record<string, unknown>> {
	if (status !== 'success') {
		const { error } = data.resultData;
		const where = error?.node ? ` in "${error.node.name}"` : '';
		const reason = [error?.message, error?.description].filter(Boolean).join(' ');
		throw new Error(`Execution ${id} ended with the status ${status}${where}: ${reason}`);
	}
	const [run] = data.resultData.runData[node] ?? [];
	return (run?.data?.main[0] ?? []).map(({ json }) => json);
}

/** The work's result, or an error as soon as n8n is gone. */
async function whileAlive<T>(ended: Promise<void>, work: () => Promise<T>): Promise<T> {
	const gone = ended.then(() => {
		throw new Error('n8n ended unexpectedly.');
	});
	return await Promise.race([work(), gone]);
}

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

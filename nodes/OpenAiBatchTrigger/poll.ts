import type { JsonObject } from 'n8n-workflow';
import { NodeApiError, NodeOperationError } from 'n8n-workflow';
import { gatherEnded } from './endedSubmissions';
import type { Request } from './lookups';
import { conclude } from './outcome';
import type { PollSettings } from './polling.properties';
import { Reading } from './reading';
import type { StoredState } from './state';
import { readState, writeState } from './state';
import type { BatchEvent } from '../batchEvents/batchEvent';
import { inOrder, newEvents } from '../batchEvents/batchEvent';
import { creationTime } from '../batchEvents/batchTimes';
import { matchesFilters } from '../batchEvents/eventFilters';
import type { EventSettings } from '../batchEvents/eventSettings';
import { submissionEvent, type SubmissionEvent } from '../batchEvents/submissionEvent';
import { BATCH_PAGE_SIZE, findBatch, listBatchPage } from '../openai/api/batches';
import type { Batch, ListPage, PageStart } from '../openai/api/objects';
import { pages } from '../openai/api/objects';
import type { OpenAiClient } from '../openai/client';
import { submissionIdOf } from '../openai/submissions/submission';

/** Where a poll reads batches. Both return undefined for an id that the server does not know. */
export interface BatchSource {
	/** The batches after the given one; the newest without one. */
	page(after: string | undefined): Promise<ListPage<Batch> | undefined>;
	batch(id: string): Promise<Batch | undefined>;
}

export interface PollTime {
	/** n8n's clock in milliseconds. */
	now: () => number;
	/** Whether there is time for another request; what is left is done by the next poll. */
	hasTime: () => boolean;
}

/** What a poll has come to. */
export interface Polled {
	events: BatchEvent[];
	submissions: SubmissionEvent[];
	/** Why some submissions could not be looked at; the next poll does it. */
	problem?: Error;
	stored: StoredState;
}

const seconds = (now: () => number) => Math.floor(now() / 1000);

/** The batch after which the poll was reading the list was deleted. */
export class LostPlace extends Error {}

/**
 * Sends the requests of one poll. It does not change the stored state: the caller stores the new
 * one.
 *
 * @throws what the source throws, and `LostPlace`; the next poll then covers everything
 */
export async function poll(
	source: BatchSource,
	stored: unknown,
	settings: PollSettings,
	{ now, hasTime }: PollTime,
): Promise<Polled> {
	const reading = new Reading(readState(stored), settings, seconds(now));
	const ask = async (request: Request) =>
		'get' in request ? await source.batch(request.get) : await source.page(request.page);
	let request = reading.next();
	while (request && (hasTime() || !reading.canStop)) {
		if (!reading.absorb(request, await ask(request))) {
			throw new LostPlace('The list of batches changed while it was read');
		}
		request = reading.next();
	}
	const { events, ended, state } = conclude(reading, seconds(now));
	const hadTime = hasTime();
	const { submissions, problem, ...left } = await gatherEnded({
		ended,
		head: reading.head,
		read: reading.batches,
		state,
		ask,
		hasTime,
	});
	// Many open batches far down the list would take the time of every poll.
	const hasWaiting = left.gathering !== undefined || left.ending !== undefined;
	const skipsLookups = (reading.lookups && !hadTime && hasWaiting) || undefined;
	const next = writeState({ ...state, ...left, skipsLookups });
	return { events, submissions, problem, stored: next };
}

/** Servers differ in how they refuse to list after a batch that was deleted. */
const UNKNOWN_PLACE: readonly unknown[] = ['400', '404'];

/** How far the clocks of a server's machines may differ. */
const CLOCK_SLACK_SECONDS = 600;

/** From so many batches on, no difference of clocks puts all of them in the opposite order. */
const CLEAR_STEPS = 5;

/** Whether times are clearly in ascending order. A few seconds between two say nothing. */
function isAscending(times: readonly number[]): boolean {
	const steps = times.slice(1).map((time, index) => time - times[index]);
	const up = steps.filter((step) => step > 0).length;
	const down = steps.filter((step) => step < 0).length;
	if (down === 0 && up >= CLEAR_STEPS) return true;
	return times[times.length - 1] - times[0] > CLOCK_SLACK_SECONDS && up > down;
}

/**
 * Why the list cannot be read from its newest batch on; undefined when it can, or when a page does
 * not show it.
 */
export function orderProblem(batches: readonly Batch[]): string | undefined {
	const times = batches.map(creationTime).filter((time) => time > 0);
	if (batches.length > 0 && times.length === 0) {
		return 'The server does not say when batches were created';
	}
	return isAscending(times)
		? 'The server lists the batch that was created first on top'
		: undefined;
}

/**
 * The batches of a real server. Its methods throw {NodeApiError} after the client's own retries.
 *
 * @throws {NodeOperationError} for a list that has no order to go by
 */
export function batchSource(client: OpenAiClient): BatchSource {
	/** Where the page after a batch begins, on servers whose pages begin at a cursor. */
	const cursors = new Map<string, string>();
	const fetchPage = async (after: string | undefined) => {
		const cursor = after === undefined ? undefined : cursors.get(after);
		const start = cursor === undefined ? { after } : { cursor };
		try {
			return await listBatchPage(client, { ...start, limit: BATCH_PAGE_SIZE });
		} catch (error) {
			const { httpCode } = error as NodeApiError;
			if (after !== undefined && UNKNOWN_PLACE.includes(httpCode)) return undefined;
			// n8n's constructor returns such an error as it is.
			throw new NodeApiError(client.context.getNode(), error as JsonObject);
		}
	};
	return {
		async page(after) {
			const page = await fetchPage(after);
			const last = page?.data.at(-1);
			if (last && page?.next_cursor) cursors.set(last.id, page.next_cursor);
			const problem = page && orderProblem(page.data);
			if (problem === undefined) return page;
			throw new NodeOperationError(
				client.context.getNode(),
				`${problem}, so the list of batches has no order that this trigger can follow`,
				{
					description:
						'Use Wait for Completion, or a schedule with Get Many and its filter Status.',
				},
			);
		},
		batch: async (id) => await findBatch(client, id),
	};
}

/** How many pages of the list are searched for a test event. */
const TEST_PAGES = 10;

async function* recentBatches(
	client: OpenAiClient,
	ids: readonly string[],
): AsyncGenerator<Batch[]> {
	for (const id of ids) {
		const batch = await findBatch(client, id);
		if (batch) yield [batch];
	}
	if (ids.length > 0) return;
	let left = TEST_PAGES;
	const fetchPage = async (start: PageStart, limit: number) =>
		await listBatchPage(client, { ...start, limit });
	for await (const page of pages(fetchPage, BATCH_PAGE_SIZE)) {
		yield page;
		if (--left === 0) return;
	}
}

/** What to try out a workflow with: one of the two, or nothing. */
export interface TestEvent {
	event?: BatchEvent;
	submission?: SubmissionEvent;
}

/** A submission that has finished, as far as these batches show; the newest first. */
function finishedIn(batches: readonly Batch[]): SubmissionEvent | undefined {
	const bySubmission = new Map<string | null, Batch[]>();
	for (const batch of batches) {
		const id = submissionIdOf(batch);
		bySubmission.set(id, [...(bySubmission.get(id) ?? []), batch]);
	}
	for (const [id, ofOne] of bySubmission) {
		const event = id === null ? undefined : submissionEvent(ofOne);
		if (event) return event;
	}
	return undefined;
}

/**
 * A recent event of a real batch or submission, for trying out a workflow.
 *
 * @throws {NodeApiError} when the server cannot be asked
 */
export async function findTestEvent(
	client: OpenAiClient,
	{ events, filters, submissionFinished }: EventSettings,
): Promise<TestEvent> {
	const read: Batch[] = [];
	for await (const batches of recentBatches(client, filters.batchIds)) {
		const matching = batches.filter((batch) => matchesFilters(batch, filters));
		const event = inOrder(matching.flatMap((batch) => newEvents(batch, 0, events))).at(-1);
		if (event) return { event };
		read.push(...matching);
		const submission = submissionFinished ? finishedIn(read) : undefined;
		if (submission) return { submission };
	}
	return {};
}

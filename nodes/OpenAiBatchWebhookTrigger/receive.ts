import { createHash } from 'crypto';
import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { registrationOf } from './registration';
import type { Delivery } from './signature';
import { isRecent, isSigned } from './signature';
import type { EventName } from '../batchEvents/batchEvent';
import { eventTime } from '../batchEvents/batchEvent';
import { matchesFilters } from '../batchEvents/eventFilters';
import { toEventItem } from '../batchEvents/eventItem';
import { noticedEvents, readEventSettings } from '../batchEvents/eventSettings';
import { Gathering, submissionsOf } from '../batchEvents/gathering';
import {
	submissionEvent,
	submissionEventId,
	toSubmissionItem,
	type SubmissionEvent,
} from '../batchEvents/submissionEvent';
import { BATCH_PAGE_SIZE, tryGetBatch, tryListBatchPage } from '../openai/api/batches';
import type { Batch } from '../openai/api/objects';
import { isFinished } from '../openai/api/objects';
import { isTransient } from '../openai/apiErrors';
import type { OpenAiClient } from '../openai/client';
import { idProblem } from '../openai/client';
import { HttpClient } from '../openai/http/httpClient';
import { isPart, partCountOf } from '../openai/submissions/parts';

/** How long to wait for the batch: the service gives up on slow answers and delivers again. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * How many deliveries are remembered. The service repeats a delivery when our answer is lost,
 * seconds or minutes later; this is half an hour at the limit of 2,000 new batches an hour, in
 * 16 kB.
 */
export const MAX_REMEMBERED = 1_000;

const EVENT_PREFIX = 'batch.';

/** Answers 200 without starting the workflow. */
const ACKNOWLEDGED: IWebhookResponseData = {};

/** Answers with a bare status; the service delivers again after anything but 2xx. */
function answer(context: IWebhookFunctions, status: number): IWebhookResponseData {
	context.getResponseObject().status(status).end();
	return { noWebhookResponse: true };
}

function deliveryOf(context: IWebhookFunctions): Delivery | undefined {
	const headers = context.getHeaderData();
	const text = (name: string) => (typeof headers[name] === 'string' ? headers[name] : '');
	// n8n reads the body before the node runs, except that of a form with files.
	const body: Buffer | undefined = context.getRequestObject().rawBody;
	if (!Buffer.isBuffer(body)) return undefined;
	const [id, timestamp] = [text('webhook-id'), text('webhook-timestamp')];
	return { id, timestamp, signatures: text('webhook-signature'), body };
}

/** The event's type and the id that it names; undefined for a body that is not an event. */
function parseEvent(body: Buffer): { type: string; batchId: string } | undefined {
	try {
		const { type, data } = JSON.parse(body.toString('utf8')) as {
			type?: unknown;
			data?: { id?: unknown };
		};
		if (typeof type !== 'string' || typeof data?.id !== 'string') return undefined;
		return { type, batchId: data.id };
	} catch {
		return undefined;
	}
}

/** What is remembered of a delivery: 72 bits of a hash, so that no two are ever confused. */
function deliveryKey(id: string): string {
	return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}

/** Whether a delivery was received before: the service delivers at least once. */
export function isReplay(received: readonly string[] | undefined, id: string): boolean {
	return received?.includes(deliveryKey(id)) ?? false;
}

/** The keys of the received deliveries and of one more, oldest first; the oldest are forgotten. */
export function withDelivery(received: readonly string[] | undefined, id: string): string[] {
	return [...(received ?? []), deliveryKey(id)].slice(-MAX_REMEMBERED);
}

/**
 * Starts the workflow with items, and remembers that in static data. While n8n (2.41) makes the
 * execution it forgets that static data were changed, and then does not store them. When the
 * execution is stored, n8n looks for the body of its answer, and only after that stores static
 * data: so they are changed once more when it looks. Storing them any earlier would lose the event
 * when n8n crashes in between.
 *
 * @param remember changes the static data; it is called more than once
 */
function startWorkflow(items: IDataObject[], remember: () => void): IWebhookResponseData {
	remember();
	return {
		workflowData: [items.map((json) => ({ json }))],
		get webhookResponse() {
			remember();
			return undefined;
		},
	};
}

/**
 * The submission of a batch that has ended, if all of it has; `unknown` when the list of batches
 * cannot be read now.
 */
async function finishedSubmission(
	client: OpenAiClient,
	batch: Batch,
): Promise<SubmissionEvent | 'unknown' | undefined> {
	// Nothing has repeated it yet, since it has just ended.
	if (partCountOf(batch) === 1 && isPart(batch)) return submissionEvent([batch]);
	const gathering = new Gathering(submissionsOf([batch]));
	gathering.take([batch]);
	for (let request = gathering.next(); request; request = gathering.next()) {
		const result =
			'get' in request
				? await tryGetBatch(client, request.get)
				: await tryListBatchPage(client, { after: request.page, limit: BATCH_PAGE_SIZE });
		const isGone = !result.ok && 'get' in request && result.fault.status === 404;
		if (!result.ok && !isGone) return 'unknown';
		gathering.absorb(request, result.ok ? result.value : undefined);
	}
	return gathering.finished[0];
}

/**
 * Handles one delivery: proves that it comes from the service, fetches the batch that it names, and
 * returns the same items as the polling trigger. The delivery is remembered only when the workflow
 * is started, so that after any failure the service delivers it again.
 *
 * @throws {NodeApiError} when the batch cannot be fetched and asking again will not help: the user
 * then sees a failed execution, and the service gets a 500
 */
export async function receive(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const delivery = deliveryOf(context);
	if (!delivery || !isRecent(delivery, Date.now() / 1000)) return answer(context, 401);
	const secrets = await registrationOf(context).secrets(context);
	if (!isSigned(delivery, secrets)) return answer(context, 401);

	const event = parseEvent(delivery.body);
	if (!event) return answer(context, 400);
	const settings = readEventSettings(context);
	const { events, filters, simplify } = settings;
	const name = event.type.slice(EVENT_PREFIX.length) as EventName;
	const isNoticed = event.type.startsWith(EVENT_PREFIX) && noticedEvents(settings).has(name);
	if (!isNoticed) return ACKNOWLEDGED;
	if (idProblem(event.batchId)) return answer(context, 400);

	const staticData = context.getWorkflowStaticData('node');
	const received = staticData.received as string[] | undefined;
	if (isReplay(received, delivery.id)) return ACKNOWLEDGED;

	const client = new HttpClient(context, { deadline: Date.now() + ANSWER_WITHIN_MS });
	const result = await tryGetBatch(client, event.batchId);
	if (!result.ok) {
		if (isTransient(result.fault)) return answer(context, 503);
		throw client.error(result.fault, 'Could not fetch the batch named in the webhook');
	}
	const batch = result.value;
	// Some replicas of the service do not know yet what the event says.
	if (!isFinished(batch)) return answer(context, 503);
	if (!matchesFilters(batch, filters)) return ACKNOWLEDGED;

	let nowReceived = withDelivery(received, delivery.id);
	const items: IDataObject[] = [];
	if (events.has(name)) {
		items.push(toEventItem({ name, batch, time: eventTime(batch, name) }, simplify));
	}
	if (settings.submissionFinished) {
		const finished = await finishedSubmission(client, batch);
		// The service delivers again, when the list may be read.
		if (finished === 'unknown') return answer(context, 503);
		if (finished && !isReplay(nowReceived, submissionEventId(finished))) {
			items.push(toSubmissionItem(finished, simplify));
			nowReceived = withDelivery(nowReceived, submissionEventId(finished));
		}
	}
	if (items.length === 0) return ACKNOWLEDGED;
	return startWorkflow(items, () => {
		staticData.received = nowReceived;
	});
}

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
import { Gathering, submissionsOf, type EndingSubmission } from '../batchEvents/gathering';
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
import type { Fault, OpenAiClient } from '../openai/client';
import { idProblem } from '../openai/client';
import { HttpClient } from '../openai/http/httpClient';
import { isPart, partCountOf } from '../openai/submissions/parts';
import { isAdoptable } from '../openai/submissions/submission';

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

/** A submission that could not be looked at, and in how many deliveries. */
type Undecided = EndingSubmission & { tries: number };

/** So many of them are remembered, and each is looked at in so many deliveries. */
const MOST_UNDECIDED = 100;
const MOST_TRIES = 5;

/** What a delivery has found out about submissions. */
interface Looked {
	finished: SubmissionEvent[];
	undecided: Undecided[];
	/** Why they are undecided. */
	fault?: Fault;
}

/**
 * Finds out whether the submission of a batch that has ended has finished, and others that earlier
 * deliveries could not look at.
 */
async function lookForFinished(
	client: OpenAiClient,
	batch: Batch,
	earlier: readonly Undecided[],
): Promise<Looked> {
	// What stands by itself is the whole submission: nothing has repeated it yet.
	const isWhole = partCountOf(batch) === 1 && isPart(batch) && isAdoptable(batch);
	const whole = isWhole ? submissionEvent([batch]) : undefined;
	const own = isWhole ? [] : submissionsOf([batch]).map((one) => ({ ...one, tries: 0 }));
	const sought = new Map([...own, ...earlier].map((one) => [one.id, one]));
	const gathering = new Gathering([...sought.values()]);
	gathering.take([batch]);
	let fault: Fault | undefined;
	for (let request = gathering.next(); request && !fault; request = gathering.next()) {
		const result =
			'get' in request
				? await tryGetBatch(client, request.get)
				: await tryListBatchPage(client, { after: request.page, limit: BATCH_PAGE_SIZE });
		const isGone = !result.ok && 'get' in request && result.fault.status === 404;
		if (!result.ok && !isGone) fault = result.fault;
		else if (!gathering.absorb(request, result.ok ? result.value : undefined)) break;
	}
	const undecided = gathering.undecided
		.map((one) => ({ ...one, tries: (sought.get(one.id)?.tries ?? 0) + 1 }))
		.filter(({ tries }) => tries < MOST_TRIES)
		.slice(-MOST_UNDECIDED);
	return { finished: [...(whole ? [whole] : []), ...gathering.finished], undecided, fault };
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
	let undecided: Undecided[] = [];
	if (settings.submissionFinished) {
		const earlier = (staticData.undecided as Undecided[] | undefined) ?? [];
		const looked = await lookForFinished(client, batch, earlier);
		for (const finished of looked.finished) {
			const id = submissionEventId(finished);
			if (isReplay(nowReceived, id)) continue;
			items.push(toSubmissionItem(finished, simplify));
			// The only batch of a submission is delivered once anyway.
			if (finished.batches.length > 1) nowReceived = withDelivery(nowReceived, id);
		}
		const { fault } = looked;
		if (items.length === 0 && fault && !isTransient(fault)) {
			throw client.error(fault, 'Could not look for the other batches of the submission');
		}
		// The list could not be read, or was empty for a moment.
		if (items.length === 0 && looked.undecided.length > 0) return answer(context, 503);
		({ undecided } = looked);
	}
	if (items.length === 0) return ACKNOWLEDGED;
	return startWorkflow(items, () => {
		staticData.received = nowReceived;
		if (settings.submissionFinished) staticData.undecided = undecided;
	});
}

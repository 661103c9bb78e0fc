import type { IDataObject, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';
import { timeOf, type EventName } from '../batchEvents/events';
import { matches } from '../batchEvents/filters';
import { toJson } from '../batchEvents/eventItem';
import { readSettings } from '../batchEvents/settings';
import { tryGetBatch } from '../openai/api/batches';
import { OpenAiClient } from '../openai/http/client';
import { isTransient } from '../openai/http/retry';
import { isFinished } from '../openai/api/status';
import { idProblem } from '../openai/http/url';
import { registrationOf } from './registration/registration';
import { isReplay, withDelivery } from './replays';
import { isRecent, isSigned, type Delivery } from './signature';
import { started } from './started';

/** How long the batch is asked for: the service does not wait for ever, and comes again. */
const ANSWER_WITHIN_MS = 10_000;

const PREFIX = 'batch.';

/** Taken, without starting the workflow. */
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

/** The event's type and the id of what it is about; undefined for what is no event at all. */
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

/**
 * Takes one delivery: proves that it is the service's, asks for the batch that it is about, and
 * gives the same item as the polling trigger. It is remembered only when the workflow is started,
 * so that whatever fails on the way is delivered again.
 *
 * @throws {NodeApiError} when the batch cannot be had, and asking again will not help: the user
 * then sees an execution that failed, and the service gets a 500
 */
export async function receive(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const delivery = deliveryOf(context);
	if (!delivery || !isRecent(delivery, Date.now() / 1000)) return answer(context, 401);
	const secrets = await registrationOf(context).secrets(context);
	if (!isSigned(delivery, secrets)) return answer(context, 401);

	const event = parseEvent(delivery.body);
	if (!event) return answer(context, 400);
	const settings = readSettings(context);
	const name = event.type.slice(PREFIX.length) as EventName;
	if (!event.type.startsWith(PREFIX) || !settings.events.has(name)) return ACKNOWLEDGED;
	if (idProblem(event.batchId)) return answer(context, 400);

	const staticData = context.getWorkflowStaticData('node');
	const taken = staticData.taken as string[] | undefined;
	if (isReplay(taken, delivery.id)) return ACKNOWLEDGED;

	const client = new OpenAiClient(context, { deadline: Date.now() + ANSWER_WITHIN_MS });
	const result = await tryGetBatch(client, event.batchId);
	if (!result.ok) {
		if (isTransient(result.fault)) return answer(context, 503);
		throw client.error(result.fault, 'The batch that a webhook told of could not be fetched');
	}
	const batch = result.value;
	// Some replica of the service does not know yet what the event tells.
	if (!isFinished(batch)) return answer(context, 503);
	if (!matches(batch, settings.filters)) return ACKNOWLEDGED;

	const { simplify = true } = context.getNodeParameter('options', {}) as { simplify?: boolean };
	const json: IDataObject = toJson({ name, batch, time: timeOf(batch, name) }, simplify);
	const nowTaken = withDelivery(taken, delivery.id);
	return started(json, () => {
		staticData.taken = nowTaken;
	});
}

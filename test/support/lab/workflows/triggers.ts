import { randomUUID } from 'node:crypto';
import type { EventName } from '../../../../nodes/batchEvents/batchEvent';
import { TRIGGER } from '../n8n/events';
import type { WorkflowJson } from '../n8n/types';
import type { Credential } from './steps';

/** The metadata key by which the workflow of one test recognizes its batches. */
export const CASE = 'case';

/**
 * Every three seconds. n8n allows no schedule that runs more than once a minute, but any number of
 * schedules.
 */
const POLL_TIMES = {
	item: Array.from({ length: 20 }, (_, index) => ({
		mode: 'custom',
		cronExpression: `${index * 3} * * * * *`,
	})),
};

export interface TriggerChoices {
	/** Only batches with this value under the metadata key `case` start the workflow. */
	name: string;
	credential: Credential;
	events?: EventName[];
}

function workflow(
	type: 'openAiBatchTrigger' | 'openAiBatchWebhookTrigger',
	{ name, credential, events }: TriggerChoices,
	parameters: Record<string, unknown>,
): WorkflowJson {
	const filters = { metadata: { pairs: [{ key: CASE, value: name }] } };
	const trigger = {
		id: randomUUID(),
		webhookId: randomUUID(),
		name: TRIGGER,
		type: `n8n-nodes-openai-batch.${type}`,
		typeVersion: 1,
		position: [0, 0],
		parameters: { ...parameters, filters, ...(events && { events }) },
		credentials: { openAiBatchApi: credential },
	};
	return { name, nodes: [trigger], connections: {}, settings: { executionOrder: 'v1' } };
}

/** Makes a workflow that begins with the polling trigger. */
export const pollingWorkflow = (choices: TriggerChoices): WorkflowJson =>
	workflow('openAiBatchTrigger', choices, { pollTimes: POLL_TIMES });

/** Makes a workflow that begins with the webhook trigger. */
export const webhookWorkflow = (choices: TriggerChoices): WorkflowJson =>
	workflow('openAiBatchWebhookTrigger', choices, { registration: 'automatic' });

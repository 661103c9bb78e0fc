import { randomUUID } from 'node:crypto';
import type { EventName } from '../../../nodes/batchEvents/batchEvent';
import type { WorkflowJson } from '../../support/lab/types';

/** The name of the trigger in every workflow here. */
export const TRIGGER = 'Batch';

/** The metadata key by which the workflow of one test tells its batches from all others. */
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
	/** The workflow hears only of batches with this value under the metadata key `case`. */
	name: string;
	credential: { id: string; name: string };
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

export const pollingWorkflow = (choices: TriggerChoices): WorkflowJson =>
	workflow('openAiBatchTrigger', choices, { pollTimes: POLL_TIMES });

export const webhookWorkflow = (choices: TriggerChoices): WorkflowJson =>
	workflow('openAiBatchWebhookTrigger', choices, { registration: 'automatic' });

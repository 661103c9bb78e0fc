import { randomUUID } from 'node:crypto';
import type { WorkflowJson } from '../n8n/types';

type Parameters = Record<string, unknown>;

/** A stored credential, as nodes refer to it. */
export interface Credential {
	id: string;
	name: string;
}

/** One node of a workflow that runs its nodes one after the other. */
export interface Step {
	name: string;
	type: string;
	typeVersion: number;
	parameters: Parameters;
	webhookId?: string;
	credentials?: Record<string, Credential>;
	executeOnce?: boolean;
}

/** The name of the node that starts a workflow. */
export const START = 'Start';

/** Starts a workflow by hand, as the editor's button does. */
export const byHand: Step = {
	name: START,
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	parameters: {},
};

/** An id as a picker in the mode "By ID" holds it. */
export const byId = (value: string) => ({ __rl: true, mode: 'id', value });

/** Steps with this package's node, for one credential. */
export function openAi(credential: Credential) {
	return (
		name: string,
		resource: string,
		operation: string,
		parameters: Parameters = {},
	): Step => ({
		name,
		type: 'n8n-nodes-openai-batch.openAiBatch',
		typeVersion: 1,
		parameters: { resource, operation, ...parameters },
		credentials: { openAiBatchApi: credential },
	});
}

const to = (node: string) => [{ node, type: 'main', index: 0 }];

/**
 * Makes a workflow of steps one after the other; the first one starts it. A wait that parks is also
 * connected back to itself.
 */
export function chain(name: string, steps: Step[]): WorkflowJson {
	const nodes = steps.map((step, index) => ({
		...step,
		id: randomUUID(),
		position: [index * 200, 0],
	}));
	const links = steps.slice(1).map(({ name: next }, index) => {
		const { name, parameters } = steps[index];
		const back = parameters.duringWait === 'park' ? [to(name)] : [];
		return [name, { main: [...back, to(next)] }];
	});
	return {
		name,
		nodes,
		connections: Object.fromEntries(links) as Record<string, unknown>,
		settings: { executionOrder: 'v1' },
	};
}

/**
 * Steps that wait for the batches whose ids come in, with the execution parked, and then read them
 * once more.
 */
export const parkedWait = (credential: Credential): Step[] => [
	openAi(credential)('Wait', 'batch', 'wait', { duringWait: 'park' }),
	openAi(credential)('Get', 'batch', 'get'),
];

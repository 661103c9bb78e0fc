import type { WorkflowJson, WorkflowNode } from '../n8n/types';

export const START = 'Start';

/** The rows that the workflows here submit. */
export const ROWS = 40;

const byId = (value: string) => ({ __rl: true, mode: 'id', value });

type Step = Pick<WorkflowNode, 'name' | 'type' | 'typeVersion' | 'parameters'>;

const rows: Step = {
	name: 'Rows',
	type: 'n8n-nodes-base.code',
	typeVersion: 2,
	parameters: {
		jsCode: `return Array.from({ length: ${ROWS} }, (_, id) => ({ json: { id, text: 'Row ' + id } }));`,
	},
};

const operation = (name: string, value: string, parameters: object): Step => ({
	name,
	type: 'n8n-nodes-openai-batch.openAiBatch',
	typeVersion: 1,
	parameters: { resource: 'batch', operation: value, ...parameters },
});

/** Submits rows, waits and gets the results, in one execution. */
export function wholeJob(name: string, credential: { id: string; name: string }): WorkflowJson {
	const steps: Step[] = [
		rows,
		operation('Submit', 'submit', {
			model: byId('gpt-6-luna'),
			prompt: '={{ $json.text }}',
			customId: '={{ $json.id }}',
			options: { submissionKey: name },
		}),
		operation('Wait', 'wait', {
			batchId: byId('={{ $json.id }}'),
			options: { pollInterval: 1 },
		}),
		operation('Results', 'getResults', { batchId: byId('={{ $json.id }}') }),
	];
	const start: Step = {
		name: START,
		type: 'n8n-nodes-base.manualTrigger',
		typeVersion: 1,
		parameters: {},
	};
	const all = [start, ...steps].map((step, index): WorkflowNode => {
		const own = step.type.startsWith('n8n-nodes-openai-batch');
		return {
			...step,
			id: `node-${index}`,
			position: [index * 200, 0],
			...(own && { credentials: { openAiBatchApi: credential } }),
		};
	});
	const links = steps.map(({ name: next }, index) => [
		all[index].name,
		{ main: [[{ node: next, type: 'main', index: 0 }]] },
	]);
	return {
		name,
		nodes: all,
		connections: Object.fromEntries(links) as WorkflowJson['connections'],
		settings: { executionOrder: 'v1' },
	};
}

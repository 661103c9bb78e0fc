import type { WorkflowJson } from '../../support/lab/n8n/types';
import {
	byHand,
	byId,
	chain,
	openAi,
	type Credential,
	type Step,
} from '../../support/lab/workflows/steps';

/** The rows that the workflows here submit. */
export const ROWS = 40;

const rows: Step = {
	name: 'Rows',
	type: 'n8n-nodes-base.code',
	typeVersion: 2,
	parameters: {
		jsCode: `return Array.from({ length: ${ROWS} }, (_, id) => ({ json: { id, text: 'Row ' + id } }));`,
	},
};

/** Submits rows under a key, waits and gets the results, in one execution. */
export function wholeJob(key: string, credential: Credential): WorkflowJson {
	const step = openAi(credential);
	return chain(key, [
		byHand,
		rows,
		step('Submit', 'batch', 'submit', {
			model: byId('gpt-6-luna'),
			prompt: '={{ $json.text }}',
			customId: '={{ $json.id }}',
			options: { submissionKey: key },
		}),
		step('Wait', 'batch', 'wait', { options: { pollInterval: 1 } }),
		step('Results', 'batch', 'getResults'),
	]);
}

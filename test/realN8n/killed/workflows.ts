import type { IDataObject } from 'n8n-workflow';
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

/** How many parts the rows of `submitInParts` become. */
export const PARTS = 4;

/** A row for each part, of about 500 tokens. */
const longRows: Step = {
	...rows,
	parameters: {
		jsCode: `return Array.from({ length: ${PARTS} }, (_, id) => ({ json: { id, text: 'Row ' + id + ' word'.repeat(400) } }));`,
	},
};

/** The queue of the service has room for so many parts at once. */
export const ROOM = 2;

/** Submits the text of each row under its id. */
const submitStep = (credential: Credential, options: IDataObject) =>
	openAi(credential)('Submit', 'batch', 'submit', {
		model: byId('gpt-6-luna'),
		prompt: '={{ $json.text }}',
		customId: '={{ $json.id }}',
		options: options as never,
	});

/** Submits more parts than there is room for, under a key. */
export function submitInParts(key: string, credential: Credential): WorkflowJson {
	const options = { submissionKey: key, maxRequestsPerBatch: 1, maxEnqueuedTokens: 1_200 };
	return chain(key, [byHand, longRows, submitStep(credential, options)]);
}

/** Creates what fits of the parts that wait. */
export function submitWaiting(name: string, credential: Credential): WorkflowJson {
	const step = openAi(credential);
	return chain(`${name}: waiting`, [byHand, step('Submit waiting', 'batch', 'submitWaiting')]);
}

/** Submits rows under a key, waits and gets the results, in one execution. */
export function wholeJob(key: string, credential: Credential): WorkflowJson {
	const step = openAi(credential);
	return chain(key, [
		byHand,
		rows,
		submitStep(credential, { submissionKey: key }),
		step('Wait', 'batch', 'wait', { options: { pollInterval: 1 } }),
		step('Results', 'batch', 'getResults'),
	]);
}

import { randomUUID } from 'node:crypto';
import { byId, START, type Step } from '../../support/lab/workflows/steps';

/** By HTTP, as another system would: a webhook processor takes it, a worker runs it. */
export const byWebhook = (path: string): Step => ({
	name: START,
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	parameters: { httpMethod: 'POST', path, responseMode: 'onReceived', options: {} },
	webhookId: randomUUID(),
});

/** One item for each of the rows in the body that started the workflow. */
export const rowsOfBody: Step = {
	name: 'Rows',
	type: 'n8n-nodes-base.splitOut',
	typeVersion: 1,
	parameters: { fieldToSplitOut: 'body.rows', options: {} },
};

/** Fetches an address; a file goes into the binary field `data`. */
export const fetchUrl = (url: string, format: 'file' | 'json'): Step => ({
	name: 'Fetch',
	type: 'n8n-nodes-base.httpRequest',
	typeVersion: 4.2,
	parameters: { url, options: { response: { response: { responseFormat: format } } } },
});

/** How the rows of these tests become requests; each row has `id`, `text` and `job`. */
export const REQUESTS: Step['parameters'] = {
	endpoint: '/v1/chat/completions',
	requestSource: 'fields',
	model: byId('gpt-6-luna'),
	prompt: '={{ $json.text }}',
	customId: '={{ $json.id }}',
	metadata: { pairs: [{ key: 'job', value: '={{ $json.job }}' }] },
};

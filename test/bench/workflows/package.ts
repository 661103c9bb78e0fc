import { INSTRUCTIONS } from '../node/csv';
import { ENDPOINT, IMAGE_PROMPT, textOf, type Size } from '../node/rows';
import { openAi, type Step } from '../../support/lab/workflows/steps';

export type Credential = { id: string; name: string };

/** Where the requests of a submit come from. */
export type Source = 'constant' | 'fields' | 'json' | 'lines';

export const CREDENTIAL = 'openAiBatchApi';
const CUSTOM_ID = '={{ $json.id }}';

const SOURCES: Record<Source, (bytes: number) => Record<string, unknown>> = {
	constant: (bytes) => ({
		requestSource: 'fields',
		customId: CUSTOM_ID,
		prompt: textOf(0, bytes),
	}),
	fields: () => ({ requestSource: 'fields', customId: CUSTOM_ID, prompt: '={{ $json.text }}' }),
	json: () => ({ requestSource: 'json', customId: CUSTOM_ID, body: '={{ $json.body }}' }),
	lines: () => ({ requestSource: 'lines' }),
};

/** The steps of workflows made of this package's node. */
export class PackageSteps {
	constructor(private readonly credential: Credential) {}

	submit = (source: Source, { bytes }: Size): Step[] => [
		this.node('batch', 'submit', { endpoint: ENDPOINT, ...SOURCES[source](bytes) }),
	];

	images = (): Step[] => [
		this.node('batch', 'submit', {
			endpoint: ENDPOINT,
			requestSource: 'fields',
			customId: CUSTOM_ID,
			prompt: IMAGE_PROMPT,
			requestOptions: {
				attachments: {
					values: [{ type: 'image', source: 'binary', binaryPropertyName: 'data' }],
				},
			},
		}),
	];

	results = (batchId: string, includeRequest: boolean): Step[] => [
		this.node('batch', 'getResults', { batchId, options: { includeRequest } }),
	];

	submitFile = (): Step[] => [
		this.node('batch', 'submit', {
			endpoint: ENDPOINT,
			requestSource: 'rowsFile',
			prompt: `${INSTRUCTIONS}{title}: {text}`,
			customId: '{id}',
			options: { keepFields: '*' },
		}),
	];

	resultsFile = (batchId: string): Step[] => [
		this.node('batch', 'getResults', {
			batchId,
			returnAs: 'csv',
			options: { wholeSubmission: true, includeRow: true, inputOrder: true },
		}),
	];

	upload = (): Step[] => [this.node('file', 'upload', { purpose: 'user_data' })];

	download = (fileId: string): Step[] => [this.node('file', 'download', { fileId })];

	private node(resource: string, operation: string, parameters: Record<string, unknown>): Step {
		return openAi(this.credential)('OpenAI Batch', resource, operation, parameters);
	}
}

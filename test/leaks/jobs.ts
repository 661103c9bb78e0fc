import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { Engine } from '../support/engine';

export const NODE = 'openAiBatch';
export const TRIGGER = 'openAiBatchTrigger';

/** One operation, to be run again and again. */
export interface Job {
	name: string;
	run: () => Promise<unknown>;
}

/** What exists at the service for jobs that do not create it themselves. */
export interface Prepared {
	/** A completed batch, and its input file. */
	completed: string;
	inputFile: string;
	/** A batch that expired before any of its requests ran. */
	expired: string;
}

type Input = Array<INodeExecutionData | IDataObject>;

const ROWS = Array.from({ length: 20 }, (_, id) => ({ id, text: `Row ${id}` }));

const REQUESTS = {
	model: { __rl: true, mode: 'id', value: 'gpt-6-luna' },
	prompt: '={{ $json.text }}',
	customId: '={{ $json.id }}',
};

/** The operations of the node, each over what it needs. */
export class Operations {
	constructor(private readonly engine: Engine) {}

	/** Runs one operation that has to succeed; returns its items. */
	async perform(
		resource: string,
		operation: string,
		parameters: object = {},
		input: Input = [{}],
	): Promise<INodeExecutionData[]> {
		const all = { resource, operation, ...parameters } as never;
		const result = await this.engine.node(NODE, all, input);
		if (result.error) throw result.error;
		return result.items('Node');
	}

	async submit(): Promise<IDataObject> {
		const [{ json }] = await this.perform('batch', 'submit', REQUESTS, ROWS);
		return json;
	}

	private async file(): Promise<INodeExecutionData[]> {
		return await this.perform('requestFile', 'build', REQUESTS, ROWS);
	}

	/** Every operation, and a poll of the trigger. */
	async jobs({ completed, inputFile, expired }: Prepared): Promise<Job[]> {
		const batch = { batchId: completed };
		const file = { fileId: inputFile };
		const built = await this.file();
		const job = (resource: string, operation: string, parameters = {}, input?: Input): Job => ({
			name: `${resource}: ${operation}`,
			run: async () => await this.perform(resource, operation, parameters, input),
		});
		const poller = this.engine.poller(TRIGGER);
		await poller.activate();
		return [
			job('batch', 'submit', REQUESTS, ROWS),
			job('batch', 'create', file),
			job('batch', 'get', batch),
			job('batch', 'getAll', { limit: 50 }),
			{
				name: 'batch: cancel',
				run: async () => {
					const { id } = await this.submit();
					await this.perform('batch', 'cancel', { batchId: id });
				},
			},
			job('batch', 'wait', batch),
			job('batch', 'getResults', { ...batch, options: { includeRequest: true } }),
			// The key makes each run find the first one's batch: another retry would find nothing left.
			job('batch', 'retry', { batchId: expired, options: { submissionKey: 'again' } }),
			job('batch', 'submitWaiting'),
			job('file', 'upload', {}, built),
			job('file', 'download', file),
			job('file', 'get', file),
			job('file', 'getAll', { limit: 50 }),
			{
				name: 'file: delete',
				run: async () => {
					const [{ json }] = await this.perform('file', 'upload', {}, built);
					await this.perform('file', 'delete', { fileId: json.id });
				},
			},
			job('requestFile', 'build', REQUESTS, ROWS),
			job('requestFile', 'validate', {}, built),
			job('requestFile', 'estimateCost', {}, built),
			{ name: 'trigger: poll', run: async () => await poller.tick() },
		];
	}
}

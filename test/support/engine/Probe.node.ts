import type {
	IDataObject,
	IExecuteFunctions,
	ILoadOptionsFunctions,
	INodeExecutionData,
	INodeListSearchResult,
	INodeType,
	INodeTypeDescription,
	JsonObject,
} from 'n8n-workflow';
import { NodeApiError, NodeConnectionTypes, NodeOperationError, sleep } from 'n8n-workflow';

/** What each `action` of the probe does with its item. */
const actions: Record<
	string,
	(this: IExecuteFunctions, index: number) => Promise<INodeExecutionData>
> = {
	async request(index) {
		const { url } = await this.getCredentials<{ url: string }>('probeApi');
		const path = this.getNodeParameter('path', index) as string;
		const json = (await this.helpers.httpRequestWithAuthentication.call(this, 'probeApi', {
			url: `${url}${path}`,
		})) as IDataObject;
		return { json };
	},

	async store(index) {
		const text = this.getNodeParameter('path', index) as string;
		const data = await this.helpers.prepareBinaryData(Buffer.from(text), 'probe.txt');
		return { json: {}, binary: { data } };
	},

	async read(index) {
		const { id } = this.helpers.assertBinaryData(index, 'data');
		const stream = await this.helpers.getBinaryStream(id!);
		const text = await this.helpers.binaryToString(stream);
		return { json: { text, id } };
	},

	async remember() {
		const data = this.getWorkflowStaticData('node');
		data.runs = Number(data.runs ?? 0) + 1;
		this.addExecutionHints({ message: `Run ${String(data.runs)}`, location: 'outputPane' });
		this.sendMessageToUI('remembered');
		return { json: { mode: this.getMode(), execution: this.getExecutionId() } };
	},

	async wait() {
		while (!this.getExecutionCancelSignal()?.aborted) await sleep(5);
		throw new NodeOperationError(this.getNode(), 'The wait was cancelled');
	},

	async flaky() {
		const data = this.getWorkflowStaticData('node');
		data.tries = Number(data.tries ?? 0) + 1;
		if (data.tries === 1) throw new NodeOperationError(this.getNode(), 'Not the first time');
		return { json: { tries: data.tries, execution: this.getExecutionId() } };
	},

	async fail() {
		throw new NodeOperationError(this.getNode(), 'This item cannot be used');
	},
};

/** A node for the tests of the harness itself. */
export class Probe implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Probe',
		name: 'probe',
		group: ['transform'],
		version: 1,
		description: 'Does one thing with each item',
		defaults: { name: 'Probe' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'probeApi', required: true }],
		properties: [
			{ displayName: 'Action', name: 'action', type: 'string', default: 'request' },
			{ displayName: 'Path', name: 'path', type: 'string', default: '/echo' },
		],
	};

	methods = {
		listSearch: {
			async things(
				this: ILoadOptionsFunctions,
				filter?: string,
				paginationToken?: string,
			): Promise<INodeListSearchResult> {
				const { url } = await this.getCredentials<{ url: string }>('probeApi');
				const kind = this.getCurrentNodeParameter('path') as string;
				const { authorization } = (await this.helpers.httpRequestWithAuthentication.call(
					this,
					'probeApi',
					{ url: `${url}/echo` },
				)) as { authorization: string };
				const name = [authorization, kind, filter, paginationToken].join(' | ');
				// A number: n8n's editor gets it as a string.
				return { results: [{ name, value: name }], paginationToken: 7 as never };
			},
		},
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const output: INodeExecutionData[] = [];
		for (let index = 0; index < this.getInputData().length; index++) {
			try {
				const action = actions[this.getNodeParameter('action', index) as string];
				output.push({ ...(await action.call(this, index)), pairedItem: { item: index } });
			} catch (error) {
				if (!this.continueOnFail()) throw new NodeApiError(this.getNode(), error as JsonObject);
				const { message } = error as Error;
				output.push({ json: { error: message }, pairedItem: { item: index } });
			}
		}
		return [output];
	}
}

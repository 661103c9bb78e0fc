import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import { batchOperations } from './batch';
import { nodeOutputs } from './batch/wait/parking';
import { fileOperations } from './file';
import { searchBatches, searchFiles, searchModels } from './shared/pickers';
import type { Operation } from './shared/operation';
import { asNodeError } from './shared/operation';
import { requestFileOperations } from './requestFile';
import { HttpClient } from '../openai/http/httpClient';

const OPERATIONS: Record<string, Operation[]> = {
	batch: batchOperations,
	file: fileOperations,
	requestFile: requestFileOperations,
};

/** The list of a resource's operations. `initial` is the one that is selected at first. */
function operationField(resource: string, initial: string): INodeProperties {
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [resource] } },
		options: OPERATIONS[resource].map(({ option }) => option),
		default: initial,
	};
}

/** Turns every error into one of this node that names an item, also n8n's own about an expression. */
async function executed(
	context: IExecuteFunctions,
	operation: Operation,
): Promise<INodeExecutionData[][]> {
	try {
		return await operation.execute(context, new HttpClient(context));
	} catch (error) {
		throw asNodeError(context.getNode(), error, 0);
	}
}

export class OpenAiBatch implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OpenAI Batch',
		name: 'openAiBatch',
		icon: { light: 'file:openAiBatch.svg', dark: 'file:openAiBatch.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: '={{$parameter["operation"] + ": " + $parameter["resource"]}}',
		description: 'Run thousands of requests at half price within 24 hours',
		defaults: { name: 'OpenAI Batch' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: nodeOutputs,
		credentials: [
			{
				name: 'openAiBatchApi',
				required: true,
				// Operations on request files do not call the API.
				displayOptions: { show: { resource: ['batch', 'file'] } },
			},
		],
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				noDataExpression: true,
				options: [
					{ name: 'Batch', value: 'batch' },
					{ name: 'File', value: 'file' },
					{ name: 'Request File', value: 'requestFile' },
				],
				default: 'batch',
			},
			operationField('batch', 'submit'),
			operationField('file', 'upload'),
			operationField('requestFile', 'build'),
			...Object.values(OPERATIONS).flatMap((operations) =>
				operations.flatMap(({ properties }) => properties),
			),
		],
	};

	methods = { listSearch: { searchBatches, searchFiles, searchModels } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const resource = this.getNodeParameter('resource', 0) as string;
		const name = this.getNodeParameter('operation', 0) as string;
		const operations = Object.hasOwn(OPERATIONS, resource) ? OPERATIONS[resource] : [];
		const operation = operations.find(({ option }) => option.value === name);
		if (operation) return await executed(this, operation);
		throw new NodeOperationError(
			this.getNode(),
			`The node has no operation '${name}' for the resource '${resource}'`,
		);
	}
}

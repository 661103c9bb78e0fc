import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import { nodeOutputs } from './batch/wait/parking';
import { OPERATIONS } from './operations';
import {
	searchBatches,
	searchFiles,
	searchInputFiles,
	searchModels,
	searchRunningBatches,
} from './shared/pickers';
import type { Operation } from './shared/operation';
import { asNodeError } from './shared/operation';
import { HttpClient } from '../openai/http/httpClient';

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
		// The names of the panel. n8n's lint wants to see the text here.
		subtitle:
			'={{ ({ build: "Build", cancel: "Cancel", create: "Create", delete: "Delete", download: "Download", estimateCost: "Estimate Cost", get: "Get", getAll: "Get Many", getResults: "Get Results", retry: "Retry Unfinished", submit: "Submit", submitWaiting: "Submit Waiting Parts", upload: "Upload", validate: "Validate", wait: "Wait for Completion" })[$parameter["operation"]] + ": " + ({ batch: "Batch", file: "File", requestFile: "Request File" })[$parameter["resource"]] }}',
		description: 'Run thousands of requests at half price within 24 hours',
		defaults: { name: 'OpenAI Batch' },
		usableAsTool: true,
		builderHint: {
			searchHint:
				'Use it when many rows are to be sent to a model and the answers may come within hours: a batch costs half. Pattern for one workflow: rows, then Submit, then Wait for Completion, then Get Results, then the destination. Pattern for long batches: one workflow with rows and Submit, and a second one with the OpenAI Batch Trigger and Get Results. Submit takes all input items together, so do not put it into a loop. Give every row its key as Custom ID: the results come in any order, and carry it as custom_id.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-openai-batch.openAiBatchTrigger',
					relationHint: 'Starts the workflow that gets the results, when a batch has ended',
				},
				{
					nodeType: '@n8n/n8n-nodes-langchain.openAi',
					relationHint: 'Use instead for single requests whose answer is needed at once',
				},
			],
		},
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

	methods = {
		listSearch: {
			searchBatches,
			searchFiles,
			searchInputFiles,
			searchModels,
			searchRunningBatches,
		},
	};

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

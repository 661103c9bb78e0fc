import type { INodeProperties } from 'n8n-workflow';
import { metadataField } from '../OpenAiBatch/fields';

export const events: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	required: true,
	options: [
		{
			name: 'Cancelled',
			value: 'cancelled',
			description: 'The cancellation is done; what had finished by then has results',
		},
		{ name: 'Cancelling', value: 'cancelling', description: 'A cancellation was asked for' },
		{
			name: 'Completed',
			value: 'completed',
			description: 'All requests have run, successfully or not',
		},
		{ name: 'Created', value: 'created', description: 'There is a new batch' },
		{
			name: 'Expired',
			value: 'expired',
			description: 'The time was over; what had finished by then has results',
		},
		{ name: 'Failed', value: 'failed', description: 'The input was not accepted, nothing has run' },
		{ name: 'Finalizing', value: 'finalizing', description: 'The results are being written' },
		{ name: 'In Progress', value: 'in_progress', description: 'The input was accepted' },
	],
	default: ['cancelled', 'completed', 'expired', 'failed'],
	description: 'What to start the workflow for, once for each batch and event',
};

export const filters: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add Filter',
	default: {},
	options: [
		{
			displayName: 'Batch IDs',
			name: 'batchIds',
			type: 'string',
			default: '',
			placeholder: 'e.g. batch_6abc00d919e081908a2139a6f0445973',
			description: 'Only these batches, separated by commas',
		},
		{
			displayName: 'Endpoint',
			name: 'endpoint',
			type: 'string',
			default: '',
			placeholder: 'e.g. /v1/chat/completions',
			description: 'Only batches of this endpoint',
		},
		{ ...metadataField, description: 'Only batches that have all these pairs' },
	],
};

export const simplify: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add Option',
	default: {},
	options: [
		{
			displayName: 'Include Finished Within (Hours)',
			name: 'includeFinishedWithin',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 0,
			description:
				'When the workflow is activated for the first time, start it also for batches that finished in this many hours before',
		},
		simplify,
	],
};

export const properties: INodeProperties[] = [events, filters, options];

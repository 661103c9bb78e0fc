import type { INodeProperties } from 'n8n-workflow';
import { metadataField } from '../OpenAiBatch/shared/fields';

export const events: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	required: true,
	options: [
		{
			name: 'Cancelled',
			value: 'cancelled',
			action: 'On batch cancelled',
			description: 'The cancellation is done; what had finished by then has results',
		},
		{
			name: 'Cancelling',
			value: 'cancelling',
			action: 'On batch cancelling',
			description: 'A cancellation was asked for',
		},
		{
			name: 'Completed',
			value: 'completed',
			action: 'On batch completed',
			description: 'All requests have run, successfully or not',
		},
		{
			name: 'Created',
			value: 'created',
			action: 'On batch created',
			description: 'There is a new batch',
		},
		{
			name: 'Expired',
			value: 'expired',
			action: 'On batch expired',
			description: 'The time was over; what had finished by then has results',
		},
		{
			name: 'Failed',
			value: 'failed',
			action: 'On batch failed',
			description: 'The input was not accepted, nothing has run',
		},
		{
			name: 'Finalizing',
			value: 'finalizing',
			action: 'On batch finalizing',
			description: 'The results are being written',
		},
		{
			name: 'In Progress',
			value: 'in_progress',
			action: 'On batch in progress',
			description: 'The input was accepted',
		},
	],
	default: ['cancelled', 'completed', 'expired', 'failed'],
	description:
		'What to start the workflow for, once for each batch and event. Expired and cancelled batches have results too, which are charged.',
};

/** Who adds the trigger by one of its events has only that one. */
export const expiredNotice: INodeProperties = {
	displayName:
		'Without the events Expired, Cancelled and Failed, such batches go unnoticed. What had finished before a batch expired or was cancelled has results, and is charged.',
	name: 'expiredNotice',
	type: 'notice',
	displayOptions: { hide: { events: ['expired'] } },
	default: '',
};

export const filters: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add filter',
	default: {},
	description: 'Without a filter every batch of the project starts the workflow',
	options: [
		{
			displayName: 'Batch IDs',
			name: 'batchIds',
			type: 'string',
			default: '',
			placeholder: 'e.g. batch_abc123, batch_def456',
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
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Include Finished Within (Hours)',
			name: 'includeFinishedWithin',
			type: 'number',
			typeOptions: { minValue: 0 },
			default: 0,
			description:
				'When the workflow is published for the first time, start it also for batches that finished in this many hours before',
		},
		simplify,
	],
};

export const properties: INodeProperties[] = [events, expiredNotice, filters, options];

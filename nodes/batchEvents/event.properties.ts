import type { INodeProperties } from 'n8n-workflow';
import { ANY_OUTCOME } from './batchEvent';
import { SUBMISSION_FINISHED } from './submissionEvent';
import { metadataField } from '../OpenAiBatch/shared/fields';

export const eventsField: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	required: true,
	options: [
		{
			name: 'Any Outcome',
			value: ANY_OUTCOME,
			action: 'On batch ended (any outcome)',
			description:
				'A batch is completed, failed, expired or cancelled: the same as these four events together',
		},
		{
			name: 'Cancelled',
			value: 'cancelled',
			action: 'On batch cancelled',
			description: 'The cancellation is complete. Requests that finished before it have results.',
		},
		{
			name: 'Cancelling',
			value: 'cancelling',
			action: 'On batch cancelling',
			description: 'Someone asked to cancel the batch',
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
			description: 'A new batch exists',
		},
		{
			name: 'Expired',
			value: 'expired',
			action: 'On batch expired',
			description: 'The completion window is over. Requests that finished in time have results.',
		},
		{
			name: 'Failed',
			value: 'failed',
			action: 'On batch failed',
			description: 'The input file was rejected, and no request has run',
		},
		{
			name: 'Finalizing',
			value: 'finalizing',
			action: 'On batch finalizing',
			description: 'All requests have run, and the results are being prepared',
		},
		{
			name: 'In Progress',
			value: 'in_progress',
			action: 'On batch in progress',
			description: 'The input file was accepted, and the requests are running',
		},
		{
			name: 'Submission Finished',
			value: SUBMISSION_FINISHED,
			action: 'On submission finished',
			description:
				'All parts of a submission exist and have ended, whichever way. Reported again when a later retry of it has ended.',
		},
	],
	default: [ANY_OUTCOME],
	description:
		'The events that start the workflow, once for each batch and event; Submission Finished once for all batches of a submission. Expired and cancelled batches have results too, and these are charged.',
};

/** For users who add the trigger by one of its events, which selects that event alone. */
export const expiredNotice: INodeProperties = {
	displayName:
		'Without the events Expired, Cancelled and Failed, the workflow does not notice such batches. Requests that finished before a batch expired or was cancelled have results, and these are charged. Choose Any Outcome to notice every batch that ends.',
	name: 'expiredNotice',
	type: 'notice',
	displayOptions: { hide: { events: [ANY_OUTCOME, 'expired', SUBMISSION_FINISHED] } },
	default: '',
};

export const filtersField: INodeProperties = {
	displayName: 'Filters',
	name: 'filters',
	type: 'collection',
	placeholder: 'Add Filter',
	default: {},
	description: 'Without a filter, every batch of the project starts the workflow',
	options: [
		{
			displayName: 'Batch IDs',
			name: 'batchIds',
			type: 'string',
			default: '',
			placeholder: 'e.g. batch_abc123, batch_def456',
			description:
				'Only batches with these IDs, separated by commas. For Submission Finished, name all batches of the submission.',
		},
		{
			displayName: 'Endpoint',
			name: 'endpoint',
			type: 'string',
			default: '',
			placeholder: 'e.g. /v1/chat/completions',
			description: 'Only batches for this endpoint',
		},
		{ ...metadataField, description: 'Only batches that have all of these pairs' },
	],
};

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

import { createHash } from 'crypto';
import { CREATED_FIELDS, createdItem } from './batchItems';
import { SUBMISSION_METADATA } from '../../openai/submissions/submission';
import type { BatchSettings } from '../../openai/api/batches';
import { Submissions } from '../../openai/submissions/submissions';
import { endpointFields, endpointParameter } from '../requests/fieldValues';
import {
	batchExpiries,
	completionWindow,
	completionWindowField,
	createWithoutSearchField,
	outputExpiryField,
	submissionKeyField,
	userMetadata,
} from '../shared/batchOptions';
import { idParameter, inputFileIdField, metadataField, optionsField } from '../shared/fields';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';

interface CreateOptions {
	completionWindow?: string;
	outputExpiresAfter?: number;
	submissionKey?: string;
	createWithoutSearch?: boolean;
}

export const create: Operation = {
	option: {
		name: 'Create',
		value: 'create',
		action: 'Create a batch from a file',
		description: 'Create a batch from a JSONL file that is uploaded already',
	},
	properties: showFor('batch', 'create', [
		inputFileIdField,
		...endpointFields,
		metadataField,
		{
			...optionsField,
			options: [
				completionWindowField,
				createWithoutSearchField,
				outputExpiryField,
				submissionKeyField(
					'e.g. films-2026-11-22',
					'The same file under the same key becomes one batch in seven days, also over several executions. Without a key, one in an execution: running the workflow again pays again.',
				),
			],
		},
	]),
	output: CREATED_FIELDS,
	execute: forEachItem(async (context, itemIndex, client) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as CreateOptions;
		const settings: BatchSettings = {
			endpoint: endpointParameter(context, itemIndex),
			completionWindow: completionWindow(context, options.completionWindow, itemIndex),
			metadata: userMetadata(context, itemIndex, SUBMISSION_METADATA),
			outputExpiresAfter: batchExpiries(context, options, itemIndex).outputExpiresAfter,
		};
		const submissions = new Submissions(client, context, options);
		const content = JSON.stringify([fileId, settings]);
		const contentHash = createHash('sha256').update(content).digest('hex');
		const part = { contentHash, input: { fileId }, settings, place: { part: 1, parts: 1 } };
		return { json: createdItem(await submissions.create(part)) };
	}),
};

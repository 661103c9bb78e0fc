import { createHash } from 'crypto';
import type { IDataObject } from 'n8n-workflow';
import { OpenAiClient } from '../../openai/http/client';
import { createFailed, createSafely } from '../../openai/submissions/safeCreate';
import { findSubmitted, isAdoptable, submissionKey } from '../../openai/submissions/submitted';
import {
	endpointFields,
	endpointParameter,
	fileIdField,
	idParameter,
	metadataField,
} from '../shared/fields';
import {
	batchExpiries,
	completionWindow,
	completionWindowField,
	outputExpiryField,
} from '../shared/batchOptions';
import type { Operation } from '../shared/operation';
import { forEachItem, showFor } from '../shared/operation';
import { createBody, submissionScope, userMetadata } from './submission';

interface CreateOptions {
	completionWindow?: string;
	outputExpiresAfter?: number;
	submissionKey?: string;
}

export const create: Operation = {
	option: {
		name: 'Create',
		value: 'create',
		action: 'Create a batch from a file',
		description: 'Create a batch from a JSONL file that is uploaded already',
	},
	properties: showFor('batch', 'create', [
		fileIdField,
		...endpointFields,
		metadataField,
		{
			displayName: 'Options',
			name: 'options',
			type: 'collection',
			placeholder: 'Add option',
			default: {},
			options: [
				completionWindowField,
				outputExpiryField,
				{
					displayName: 'Submission Key',
					name: 'submissionKey',
					type: 'string',
					default: '',
					placeholder: 'e.g. films-2026-11-22',
					description:
						'The same file under the same key becomes one batch in seven days, also over several executions. Without a key, one in an execution: running the workflow again pays again.',
				},
			],
		},
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const fileId = idParameter(context, 'fileId', itemIndex);
		const options = context.getNodeParameter('options', itemIndex, {}) as CreateOptions;
		const settings = {
			endpoint: endpointParameter(context, itemIndex),
			completionWindow: completionWindow(context, options.completionWindow, itemIndex),
			metadata: userMetadata(context, itemIndex),
			outputExpiresAfter: batchExpiries(context, options, itemIndex).outputExpiresAfter,
		};
		const client = new OpenAiClient(context, { itemIndex });
		const scope = submissionScope(context, options.submissionKey);
		const content = JSON.stringify([fileId, settings]);
		const key = submissionKey(scope.name, createHash('sha256').update(content).digest('hex'));
		const known = await findSubmitted(client, new Set([key]), scope);
		const existing = known.find(isAdoptable);
		if (existing) {
			return {
				json: { ...(existing as unknown as IDataObject), submission_key: key, adopted: true },
			};
		}
		const result = await createSafely(client, {
			body: createBody(fileId, settings, key, '1/1'),
			key,
			scope,
			known,
		});
		if (!result.ok) throw client.error(result.fault, createFailed(result.fault, key));
		const { batch, adopted } = result.value;
		return { json: { ...(batch as unknown as IDataObject), submission_key: key, adopted } };
	}),
};

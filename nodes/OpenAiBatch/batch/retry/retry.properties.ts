import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { OutcomeOptions, Reason } from './outcomes';
import { UNFINISHED } from './outcomes';
import type { JsonObject } from '../../../jsonl/json';
import { isObject, kindOf, tryParseJson } from '../../../jsonl/json';
import type { SubmissionChoices } from '../../../openai/submissions/submission';
import {
	batchExpiries,
	createWithoutSearchField,
	inputExpiryField,
	outputExpiryField,
	submissionKeyField,
} from '../../shared/batchOptions';
import { batchIdField, isUnset, metadataField, optionsField } from '../../shared/fields';

/** The fields of Retry Unfinished. */
export const retryProperties: INodeProperties[] = [
	batchIdField,
	{
		...metadataField,
		description:
			'Stored with the new batch besides the pairs of the original one. OpenAI stores 16 pairs. This node needs three of them, and one more if rows were kept.',
	},
	{
		...optionsField,
		options: [
			{
				displayName: 'Body Fields',
				name: 'bodyFields',
				type: 'json',
				default: '{\n  "max_completion_tokens": 4000\n}',
				description:
					'JSON that changes the requests before they run again: for example more tokens, another model or a higher effort. The fields are merged into the body of each request, and objects are merged field by field. A token limit replaces the limit of the request, whatever the name of that limit is.',
			},
			createWithoutSearchField,
			{
				displayName: 'Custom IDs',
				name: 'customIds',
				type: 'string',
				default: '',
				placeholder: 'e.g. film-12, film-40',
				description:
					'Runs exactly these requests again, including those that already have an answer. You pay for each of them again. Separate the IDs by commas or line breaks, or use an expression that returns a list. With this option, Include, Retry All Failed and Retry Unreadable are ignored.',
			},
			{
				displayName: 'Include',
				name: 'include',
				type: 'multiOptions',
				options: [
					{
						name: 'Cancelled',
						value: 'cancelled',
						description:
							'The request did not run because the batch was cancelled. Leave this out if you cancel batches to save money.',
					},
					{
						name: 'Cut Off',
						value: 'cut_off',
						description:
							'The answer was cut off at the token limit. Also set a higher limit, or another change, in Body Fields: the same request would be cut off again.',
					},
					{
						name: 'Expired',
						value: 'expired',
						description: 'The request did not run before the batch expired',
					},
					{
						name: 'Failed',
						value: 'failed',
						description:
							'The request failed for a transient reason, such as a rate limit or a server error',
					},
					{
						name: 'Missing',
						value: 'missing',
						description: 'The request has no result. It may still have run and been charged.',
					},
					{
						name: 'Not JSON',
						value: 'invalid_json',
						description:
							'The request asked for JSON, but the answer is not JSON or does not match the schema. Answers that were cut off or refused do not belong here.',
					},
					{
						name: 'Refused',
						value: 'refused',
						description: 'The model or a filter declined to answer',
					},
				],
				default: ['failed', 'expired', 'cancelled', 'missing'],
				description:
					'Which requests to run again. Requests that are Cut Off, Not JSON or Refused have an answer, and you were charged for it. You are charged for the new answer too, and Get Results returns the new answer in place of the old one.',
			},
			inputExpiryField,
			outputExpiryField,
			{
				displayName: 'Retry All Failed',
				name: 'retryAllFailed',
				type: 'boolean',
				default: true,
				description:
					'Whether to run failed requests again whatever their error, for example after adding credit or gaining access to a model',
			},
			{
				displayName: 'Retry Unreadable',
				name: 'retryUnreadable',
				type: 'boolean',
				default: true,
				description:
					'Whether to run requests again although they may have an answer that this node cannot read. Without this option the operation stops with an error when the results do not match the counts of the batch, because the requests would be charged twice.',
			},
			submissionKeyField(
				'e.g. retry-films-2026-11-22',
				'With the same key, the same options for the same batch create one retry only, even in several executions. Without a key, another execution creates another retry, of the requests that no earlier retry has answered or is still running.',
			),
		],
	},
];

/** The options of Retry Unfinished for an item. */
export interface RetryOptions extends OutcomeOptions, SubmissionChoices {
	customIds: ReadonlySet<string> | undefined;
	bodyFields: JsonObject | undefined;
	/** Seconds. */
	inputExpiresAfter: number | undefined;
	outputExpiresAfter: number | undefined;
}

/**
 * Reads the options.
 *
 * @throws {NodeOperationError} for ids that are no text, and for fields that are no JSON object
 */
export function retryOptions(context: IExecuteFunctions, itemIndex: number): RetryOptions {
	const raw = context.getNodeParameter('options', itemIndex, {}) as IDataObject;
	const error = (message: string, description: string) =>
		new NodeOperationError(context.getNode(), message, { itemIndex, description });
	const include = [raw.include ?? []].flat() as Reason[];
	return {
		include: new Set(include.length > 0 ? include : UNFINISHED),
		allFailed: raw.retryAllFailed === true,
		unreadable: raw.retryUnreadable === true,
		customIds: 'customIds' in raw ? customIdsIn(raw.customIds, error) : undefined,
		bodyFields: bodyFieldsIn(raw.bodyFields, error),
		submissionKey: raw.submissionKey,
		createWithoutSearch: raw.createWithoutSearch,
		...batchExpiries(context, raw, itemIndex),
	};
}

type ErrorFor = (message: string, description: string) => NodeOperationError;

/** A list, JSON of a list, or text with commas or line breaks. */
function customIdsIn(value: unknown, error: ErrorFor): ReadonlySet<string> {
	const ids = listIn(value).map((id) => (typeof id === 'number' ? String(id) : id));
	const other = ids.find((id) => typeof id !== 'string');
	if (other !== undefined) {
		throw error(
			`Custom IDs has ${kindOf(other)} in its list`,
			'Use a list of texts, for example {{ $json.ids }} or {{ $input.all().map(item => item.json.custom_id) }}.',
		);
	}
	const texts = (ids as string[]).filter((id) => id.trim() !== '');
	if (texts.length > 0) return new Set(texts);
	throw error(
		'Custom IDs is empty',
		'Remove this option to choose the requests by what became of them, or let nothing come to this node when there is nothing to ask again.',
	);
}

function listIn(value: unknown): unknown[] {
	if (Array.isArray(value)) return value;
	if (isUnset(value)) return [];
	if (typeof value !== 'string') return [value];
	const parsed = value.trim().startsWith('[') ? tryParseJson(value) : undefined;
	if (parsed?.ok && Array.isArray(parsed.value)) return parsed.value;
	return value.split(/[,\r\n]/).map((id) => id.trim());
}

function bodyFieldsIn(value: unknown, error: ErrorFor): JsonObject | undefined {
	if (isUnset(value)) return undefined;
	const parsed = typeof value === 'string' ? tryParseJson(value) : { ok: true as const, value };
	if (!parsed.ok) {
		throw error(
			`Body Fields is not valid JSON: ${parsed.message}`,
			'Enter an object, for example {"max_completion_tokens": 4000}.',
		);
	}
	if (!isObject(parsed.value)) {
		throw error(
			`Body Fields has to be a JSON object, and is ${kindOf(parsed.value)}`,
			'Enter an object, for example {"max_completion_tokens": 4000}.',
		);
	}
	return Object.keys(parsed.value).length > 0 ? parsed.value : undefined;
}

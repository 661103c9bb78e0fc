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
			'Stored with the new batch besides the pairs of the original one. OpenAI keeps 16 pairs, of which this node needs three.',
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
					'Fields that change the requests before they run again, as JSON: for example more tokens, another model or a higher effort. They are merged into each body, also inside of objects. A token limit replaces the one that the request had.',
			},
			createWithoutSearchField,
			{
				displayName: 'Custom IDs',
				name: 'customIds',
				type: 'string',
				default: '',
				placeholder: 'e.g. film-12, film-40',
				description:
					'Runs exactly these requests again, whatever became of them, also those that have an answer: you pay for them again. Separate the IDs by commas or line breaks, or use an expression that returns a list. Include, Retry All Failed and Retry Unreadable have no effect then.',
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
							'Has an answer that was cut off at the token limit. Needs more tokens, or another change, in Body Fields.',
					},
					{ name: 'Expired', value: 'expired', description: 'Did not run in time' },
					{
						name: 'Failed',
						value: 'failed',
						description: 'Failed for a transient reason, such as a rate limit or a server error',
					},
					{
						name: 'Missing',
						value: 'missing',
						description: 'Has no result; it may have run and been charged all the same',
					},
					{
						name: 'Not JSON',
						value: 'invalid_json',
						description:
							'Asked for JSON, but the answer is not JSON or does not follow the schema. Answers that were cut off or refused are not counted here.',
					},
					{
						name: 'Refused',
						value: 'refused',
						description: 'Has an answer in which the model or a filter declined to answer',
					},
				],
				default: ['failed', 'expired', 'cancelled', 'missing'],
				description:
					'Which requests to run again, by what became of them. Cut Off, Not JSON and Refused have succeeded and were charged; their new answers are charged too, and replace the old ones in Get Results.',
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
				'The same choices for the same batch under the same key make one retry, also over several executions. Without a key, another execution runs again what no earlier retry has answered or still runs.',
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

import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { ValueName } from './fields';
import { isUnset, optionalText, wholeNumber } from './fields';
import type { Issue } from '../../jsonl/json';
import { kindOf } from '../../jsonl/json';

/** How long OpenAI keeps a file may be set between these, in hours. */
const MIN_EXPIRY_HOURS = 1;
const MAX_EXPIRY_HOURS = 720;

const DEFAULT_WINDOW = '24h';

export const completionWindowField: INodeProperties = {
	displayName: 'Completion Window',
	name: 'completionWindow',
	type: 'string',
	default: DEFAULT_WINDOW,
	placeholder: 'e.g. 24h',
	description:
		'The time in which the batch has to finish. OpenAI offers 24h only. Some compatible servers offer longer ones, such as 7d.',
};

/** The completion window, 24h when it is not set. @throws {NodeOperationError} when it is not text */
export function completionWindow(
	context: IExecuteFunctions,
	value: unknown,
	itemIndex: number,
): string {
	const name = { displayName: completionWindowField.displayName, itemIndex };
	return optionalText(context, value, name) ?? DEFAULT_WINDOW;
}

const withAzure = (description: string) => `${description} Azure takes 336 to 720 hours.`;

/** How long a file is kept: in hours in the panel, in seconds in the API. */
export function expiryField(
	name: string,
	displayName: string,
	description: string,
): INodeProperties {
	return {
		displayName,
		name,
		type: 'number',
		typeOptions: { minValue: MIN_EXPIRY_HOURS, maxValue: MAX_EXPIRY_HOURS },
		default: 168,
		description: withAzure(description),
	};
}

export const inputExpiryField = expiryField(
	'inputExpiresAfter',
	'Input File Expires After (Hours)',
	'How long the service keeps the uploaded requests. Without this option it keeps them for 30 days. Retry Unfinished needs them. If you set 24 hours or less, they can be gone before the batch has run.',
);

export const outputExpiryField = expiryField(
	'outputExpiresAfter',
	'Output Files Expire After (Hours)',
	'How long the service keeps the results, counted from the creation of their files. Without this option it keeps them for 30 days.',
);

/**
 * How long a file is kept, in seconds; undefined when it is not set.
 *
 * @param hours the value of an `expiryField`
 * @throws {NodeOperationError} for anything but 1–720 hours
 */
export function expirySeconds(
	context: IExecuteFunctions,
	hours: unknown,
	{ displayName, itemIndex }: ValueName,
): number | undefined {
	if (isUnset(hours)) return undefined;
	const value = Number(hours);
	if (value >= MIN_EXPIRY_HOURS && value <= MAX_EXPIRY_HOURS) return Math.round(value * 3600);
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be between ${MIN_EXPIRY_HOURS} and ${MAX_EXPIRY_HOURS} hours`,
		{ itemIndex },
	);
}

/** The values of `inputExpiryField` and `outputExpiryField`. */
export interface ExpiryOptions {
	inputExpiresAfter?: unknown;
	outputExpiresAfter?: unknown;
}

/** How long the files of a batch are kept, in seconds. @throws as `expirySeconds` */
export function batchExpiries(
	context: IExecuteFunctions,
	{ inputExpiresAfter, outputExpiresAfter }: ExpiryOptions,
	itemIndex: number,
) {
	const seconds = (hours: unknown, displayName: string) =>
		expirySeconds(context, hours, { displayName, itemIndex });
	return {
		inputExpiresAfter: seconds(inputExpiresAfter, 'Input File Expires After'),
		outputExpiresAfter: seconds(outputExpiresAfter, 'Output Files Expire After'),
	};
}

/** The options of every operation that creates batches; `SubmissionChoices` reads them. */
export function submissionKeyField(placeholder: string, description: string): INodeProperties {
	return {
		displayName: 'Submission Key',
		name: 'submissionKey',
		type: 'string',
		default: '',
		placeholder,
		description,
	};
}

export const createWithoutSearchField: INodeProperties = {
	displayName: 'Create Without Search',
	name: 'createWithoutSearch',
	type: 'boolean',
	default: true,
	description:
		'Whether to create batches also when the server has no list of batches. This node then cannot find what earlier tries have created: after a lost answer, look at the server before you run it again, since a second batch is charged too.',
};

/** A pair as the panel or an expression gives it; whether its parts are text is checked later. */
export interface MetadataPair {
	key: string;
	value: string;
}

/** Limits of the API; those on keys and values are in characters. */
export const MAX_METADATA_PAIRS = 16;
const MAX_KEY = 64;
const MAX_VALUE = 512;

/** HTTP clients drop these keys without a word, and the batch would lack them. */
const DROPPED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The pairs of a metadata field: those entered in the panel, or the entries of an object that an
 * expression gave. The API takes text only, so numbers and booleans are written out.
 */
export function metadataPairs(value: unknown): MetadataPair[] {
	if (typeof value !== 'object' || value === null) return [];
	const { pairs } = value as { pairs?: unknown };
	const entered = Array.isArray(pairs)
		? (pairs as MetadataPair[]).map(({ key, value: entry }) => [key, entry] as const)
		: Object.entries(value);
	return entered.map(([key, entry]) => ({ key: asText(key), value: asText(entry) }));
}

function asText(value: unknown): string {
	const isPlain = typeof value === 'number' || typeof value === 'boolean';
	return (isPlain ? String(value) : value) as string;
}

/**
 * The user's metadata, checked.
 *
 * @param reserved the keys that the operation adds itself
 * @throws {NodeOperationError} that names every pair that cannot be sent
 */
export function userMetadata(
	context: IExecuteFunctions,
	itemIndex: number,
	reserved: readonly string[],
): Record<string, string> {
	const pairs = metadataPairs(context.getNodeParameter('metadata', itemIndex, {}));
	const issues = checkMetadata(pairs, reserved);
	if (issues.length === 0) {
		return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
	}
	const [first, ...others] = issues.map(({ message }) => message);
	throw new NodeOperationError(context.getNode(), first, {
		itemIndex,
		description: others.join('<br>'),
	});
}

/**
 * Checks the metadata that a user gives a batch, before anything is uploaded: the API allows 16
 * pairs together with ours, keys of 1 to 64 and values of up to 512 characters, strings only.
 * `param` of an issue is `metadata` or `metadata.<key>`.
 *
 * @param reserved the keys that this package adds itself
 */
export function checkMetadata(
	pairs: ReadonlyArray<{ key: string; value: unknown }>,
	reserved: readonly string[],
): Issue[] {
	const free = MAX_METADATA_PAIRS - reserved.length;
	const issues: Issue[] = [];
	if (pairs.length > free) {
		const message = `There are ${pairs.length} metadata pairs, but a batch can have ${free} besides the ${reserved.length} that this node adds. Remove ${pairs.length - free}.`;
		issues.push({ code: 'too_many_metadata_pairs', message, param: 'metadata' });
	}
	const seen = new Set<string>();
	for (const { key, value } of pairs) {
		const problem = keyProblem(key, seen, reserved) ?? valueProblem(key, value);
		if (problem) issues.push({ ...problem, param: key ? `metadata.${key}` : 'metadata' });
		seen.add(key);
	}
	return issues;
}

type Problem = Pick<Issue, 'code' | 'message'>;

function keyProblem(
	key: string,
	seen: ReadonlySet<string>,
	reserved: readonly string[],
): Problem | undefined {
	const invalid = (message: string) => ({ code: 'invalid_value', message });
	if (typeof key !== 'string' || key === '') {
		return invalid('A metadata pair has an empty key. Give it a key or remove it.');
	}
	if (lengthOf(key) > MAX_KEY) {
		return invalid(
			`The metadata key '${key}' has ${lengthOf(key)} characters, more than ${MAX_KEY}. Shorten it.`,
		);
	}
	if (DROPPED_KEYS.has(key)) {
		return invalid(`The metadata key '${key}' would be lost on the way. Use another key.`);
	}
	if (reserved.includes(key)) {
		return invalid(`The metadata key '${key}' is set by this node itself. Use another key.`);
	}
	if (seen.has(key)) {
		return invalid(`The metadata key '${key}' is given twice. Remove one of the two.`);
	}
	return undefined;
}

function valueProblem(key: string, value: unknown): Problem | undefined {
	if (typeof value !== 'string') {
		const message = `Invalid type for 'metadata.${key}': expected a string, but got ${kindOf(value)} instead. Convert it to text.`;
		return { code: 'invalid_type', message };
	}
	if (lengthOf(value) <= MAX_VALUE) return undefined;
	const message = `The metadata value of '${key}' has ${lengthOf(value)} characters, more than ${MAX_VALUE}. Shorten it.`;
	return { code: 'invalid_value', message };
}

/** Characters, not UTF-16 units: an emoji is one. */
function lengthOf(text: string): number {
	return [...text].length;
}

export const maxEnqueuedTokensField: INodeProperties = {
	displayName: 'Max Enqueued Tokens',
	name: 'maxEnqueuedTokens',
	type: 'number',
	typeOptions: { minValue: 1 },
	default: 1000000,
	description:
		'The most input tokens of one model that all batches together may have in the queue of the service, by estimate: see the limits of your account. Parts without room are uploaded, and wait there until Submit Waiting Parts creates their batches. Use it with a Submission Key, so that running the workflow again pays for nothing twice.',
};

export const ignoreOtherBatchesField: INodeProperties = {
	displayName: 'Ignore Other Batches',
	name: 'ignoreOtherBatches',
	type: 'boolean',
	default: true,
	description:
		'Whether only batches that were submitted with Max Enqueued Tokens take room. Others are counted by the size of their files, which is far too much where these have images.',
};

/**
 * Reads the limits of the queue, as `RoomLimits`; undefined without one.
 *
 * @throws {NodeOperationError} for what is no such number
 */
export function roomLimits(context: IExecuteFunctions, raw: IDataObject) {
	const maxEnqueuedTokens = wholeNumber(context, raw.maxEnqueuedTokens, {
		displayName: maxEnqueuedTokensField.displayName,
		min: 1,
		itemIndex: 0,
	});
	if (maxEnqueuedTokens === undefined) return undefined;
	return { maxEnqueuedTokens, countsOthers: raw.ignoreOtherBatches !== true };
}

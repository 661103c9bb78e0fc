import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { MAX_EXPIRY_HOURS, MIN_EXPIRY_HOURS } from '../../openai/api/files';
import type { ValueName } from './fields';
import { isUnset, optionalText } from './fields';

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
		description: `${description} Azure takes 336 to 720 hours.`,
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
	'How long the service keeps the results, counted from the creation of the batch. Without this option it keeps them for 30 days.',
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

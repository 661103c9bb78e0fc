import type { EnsureTypeOptions } from 'n8n-workflow';

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

/**
 * The values that n8n's `ensureType` hands on as they are. It converts others, or throws an error
 * that names the parameter.
 */
const unchanged: Record<EnsureTypeOptions, (value: unknown) => boolean> = {
	string: (value) => typeof value === 'string',
	number: (value) => typeof value === 'number',
	boolean: (value) => typeof value === 'boolean',
	object: isObject,
	array: Array.isArray,
	json: isObject,
};

/** Whether `getNodeParameter` with this `ensureType` returns the evaluated value itself. */
export const isEnsured = (value: unknown, type: EnsureTypeOptions | undefined): boolean =>
	type === undefined || unchanged[type](value);

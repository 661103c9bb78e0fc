import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Issue } from '../../jsonl/fieldChecks';
import { kindOf } from '../../jsonl/json';

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

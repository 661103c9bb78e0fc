import { kindOf } from '../../jsonl/json';
import type { Issue } from '../../jsonl/fieldChecks';

export interface MetadataPair {
	key: string;
	value: unknown;
}

export interface MetadataOptions {
	/** The pairs that the package adds itself: their number, or better their keys. */
	reserved: number | readonly string[];
}

/** Limits of the API, in characters. */
const MAX_PAIRS = 16;
const MAX_KEY = 64;
const MAX_VALUE = 512;

/** HTTP clients drop these keys without a word, and the batch would lack them. */
const DROPPED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Checks the metadata that a user gives a batch, before anything is uploaded: the API allows 16
 * pairs together with ours, keys of 1 to 64 and values of up to 512 characters, strings only.
 * `param` of an issue is `metadata` or `metadata.<key>`.
 */
export function checkMetadata(
	pairs: readonly MetadataPair[],
	{ reserved }: MetadataOptions,
): Issue[] {
	const ours = typeof reserved === 'number' ? [] : reserved;
	const free = MAX_PAIRS - (typeof reserved === 'number' ? reserved : reserved.length);
	const issues: Issue[] = [];
	if (pairs.length > free) {
		const message = `There are ${pairs.length} metadata pairs, but a batch can have ${free} besides the ${MAX_PAIRS - free} that this node adds. Remove ${pairs.length - free}.`;
		issues.push({ code: 'too_many_metadata_pairs', message, param: 'metadata' });
	}
	const seen = new Set<string>();
	for (const { key, value } of pairs) {
		const problem = keyProblem(key, seen, ours) ?? valueProblem(key, value);
		if (problem) issues.push({ ...problem, param: key ? `metadata.${key}` : 'metadata' });
		seen.add(key);
	}
	return issues;
}

type Problem = Pick<Issue, 'code' | 'message'>;

function keyProblem(key: string, seen: Set<string>, ours: readonly string[]): Problem | undefined {
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
	if (ours.includes(key)) {
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

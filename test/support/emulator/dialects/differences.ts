import { randomBytes, randomInt, randomUUID } from 'node:crypto';

import { requiredString } from '../checks';
import { badRequest, type ApiError } from '../errors';
import type { Listing, Reply, Wire } from './dialect';

/** The differences between servers that more than one dialect has, by name. */

/** Fields that the server does not have. */
export function without(object: object, ...names: string[]): Wire {
	return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Absent instead of null. */
export function withoutNulls(object: object): Wire {
	return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

/** Only these fields, in this order. */
export function only(object: object, ...names: string[]): Wire {
	const values = object as Wire;
	return Object.fromEntries(
		names.filter((name) => name in values).map((name) => [name, values[name]]),
	);
}

/** Every time of a batch in another form; `seconds` is null for what has not come. */
export function times(batch: Wire, form: (seconds: number | null, name: string) => unknown): Wire {
	return Object.fromEntries(
		Object.entries(batch).map(([name, value]) => [
			name,
			name.endsWith('_at') && (typeof value === 'number' || value === null)
				? form(value, name)
				: value,
		]),
	);
}

/** Unix seconds as ISO text: `fraction` and `zone` as the server writes them. */
export function isoText(seconds: number, fraction: string, hours: number): string {
	const local = new Date((seconds + hours * 3600) * 1000).toISOString().slice(0, 19);
	const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
	return `${local}.${fraction}${zone}`;
}

/** An empty text where there is no file. */
export function emptyFileIds(batch: Wire): Wire {
	return {
		...batch,
		output_file_id: batch.output_file_id ?? '',
		error_file_id: batch.error_file_id ?? '',
	};
}

/** Validation errors without the object around them. */
export function bareErrors(batch: Wire): unknown[] | null {
	return (batch.errors as { data: unknown[] } | null)?.data ?? null;
}

/** A list that says neither what it is nor whether there is more. */
export function bareList({ query }: Listing): Listing {
	return { query, page: ({ data }) => ({ object: 'list', data }) };
}

/** A list that is null when it is empty, as Go writes a slice that was never filled. */
export function nullWhenEmpty({ query, page }: Listing): Listing {
	return {
		query,
		page: (found) => ({
			...(page(found) as Wire),
			data: found.data.length === 0 ? null : found.data,
		}),
	};
}

/** FastAPI's error: `{"detail": "…"}`. */
export function detail({ status, message }: Pick<ApiError, 'status' | 'message'>): Reply {
	return { status, json: { detail: message } };
}

/** The windows `24h`, `48h` …, in whole hours from `least` to `most`; days where `7d` is one too. */
export function hours(least: number, most: number, byDefault?: string) {
	return (value: unknown): string => {
		const window = requiredString(value ?? byDefault, 'completion_window');
		const [, count, unit] = /^(\d+)([hd])$/.exec(window) ?? [];
		const length = Number(count) * (unit === 'd' ? 24 : 1);
		if (length >= least && length <= most) return window;
		throw badRequest(
			`Invalid value: '${window}'. The window has to be between ${least}h and ${most}h.`,
			'completion_window',
			'invalid_value',
		);
	};
}

/** One of a few windows; the first when none is given and `mayBeLeftOut`. */
export function windows(choices: readonly string[], mayBeLeftOut = false) {
	return (value: unknown): string => {
		const window = requiredString(
			value ?? (mayBeLeftOut ? choices[0] : undefined),
			'completion_window',
		);
		if (choices.includes(window)) return window;
		throw badRequest(
			`Invalid value: '${window}'. Supported values are: ${choices.join(', ')}.`,
			'completion_window',
			'invalid_value',
		);
	};
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Ids of a prefix and small letters and digits. */
export const letters = (prefix: string, length: number) => () =>
	prefix + Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');

export const hexId = (prefix: string, bytes: number) => () =>
	prefix + randomBytes(bytes).toString('hex');

export const uuidId =
	(prefix = '') =>
	() =>
		prefix + randomUUID();

/** Base64url without padding, as LiteLLM wraps the ids of others. */
export const wrapped = (text: string) => Buffer.from(text).toString('base64url');

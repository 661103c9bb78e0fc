import type { Completeness, EndedBatch } from './outcome';

const count = (value: number | null | undefined): string =>
	value === null || value === undefined ? '?' : value.toLocaleString('en-US');

/** One line for each batch: what it did and what it used. */
export function batchLine({ id, status, request_counts, usage, duration_seconds }: EndedBatch) {
	const seconds = duration_seconds ? ` after ${count(Math.round(duration_seconds))} s` : '';
	const tokens = usage
		? `, ${count(usage.total_tokens)} tokens (${count(usage.input_tokens)} in, ` +
			`${count(usage.output_tokens)} out)`
		: '';
	const { total, completed, failed } = request_counts ?? {};
	return (
		`${id} ${status}${seconds}: ${count(total)} requests, ${count(completed)} succeeded, ` +
		`${count(failed)} failed${tokens}`
	);
}

/** How many custom ids a complaint names before it only counts. */
const NAMED = 5;

function complaint(customIds: string[], what: string): string[] {
	if (customIds.length === 0) return [];
	const more = customIds.length > NAMED ? `, and ${count(customIds.length - NAMED)} more` : '';
	return [`${count(customIds.length)} ${what}: ${customIds.slice(0, NAMED).join(', ')}${more}`];
}

/** What the data table has of the films, a line for each thing that is not as it should be. */
export function rowLines(completeness: Completeness): string[] {
	const { films, complete, missing, repeated, mistaken, withoutGenre, unknown } = completeness;
	return [
		`${count(complete)} of ${count(films)} films have their row with a genre`,
		...complaint(missing, 'without a row'),
		...complaint(repeated, 'with more than one row'),
		...complaint(mistaken, 'with the title of another film'),
		...complaint(withoutGenre, 'without a genre'),
		...complaint(unknown, 'rows that belong to no film'),
	];
}

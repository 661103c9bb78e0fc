import { statusOf } from '../../../openai/api/status';
import type { Batch } from '../../../openai/api/types';
import type { Collected } from './collect';

const NOT_SUCCEEDED = ['failed', 'expired', 'cancelled', 'missing'] as const;

/** How many requests did not succeed, and what most of them ended with. */
function unsuccessful(batch: Batch, { results, stoppedEarly }: Collected): string[] {
	const { counts, total } = results;
	const many = total - counts.succeeded;
	if (many === 0) return [];
	const of = stoppedEarly ? `first ${total}` : String(total);
	const start =
		counts.succeeded === 0
			? `None of the ${of} requests of batch ${batch.id} succeeded`
			: `${many} of the ${of} requests of batch ${batch.id} did not succeed`;
	const kinds = NOT_SUCCEEDED.filter((status) => counts[status] > 0).map(
		(status) => `${counts[status]} ${status}`,
	);
	const common = results.errors.mostCommon();
	return [
		`${start} (${kinds.join(', ')}).`,
		...(common ? [`Most common (${common.count}): ${common.message}`] : []),
	];
}

const ENDED_EARLY: Record<string, string> = {
	expired: 'The batch expired: what was done until then is here and was charged.',
	cancelled: 'The batch was cancelled: what was done until then is here and was charged.',
};

/**
 * What a user should know about the results as a whole; undefined when all is well.
 *
 * @param failedRetries retries that failed validation, so that none of their requests ran
 */
export function resultsHint(
	batch: Batch,
	collected: Collected,
	failedRetries: Batch[],
): string | undefined {
	const { results, missingKnown } = collected;
	const parts = unsuccessful(batch, collected);
	const ended = ENDED_EARLY[statusOf(batch)];
	if (ended && results.counts.succeeded < results.total) parts.push(ended);
	if (!missingKnown) {
		parts.push(
			'The input file is no longer there, so requests could not be joined, nor missing ones found.',
		);
	}
	if (failedRetries.length > 0) {
		const ids = failedRetries.map(({ id }) => id).join(', ');
		parts.push(`Left out, since they failed before any request ran: ${ids}.`);
	}
	return parts.length > 0 ? parts.join(' ') : undefined;
}

import { statusOf } from '../../openai/status';
import type { Batch } from '../../openai/types';
import type { Collected } from './collect';

/** What a user should know about the results as a whole; undefined when all is well. */
export function resultsHint(
	batch: Batch,
	{ results, missingKnown }: Collected,
): string | undefined {
	const { counts, total } = results;
	const unsuccessful = total - counts.succeeded;
	const parts: string[] = [];
	if (unsuccessful > 0) {
		const many =
			counts.succeeded === 0 ? `None of the ${total}` : `${unsuccessful} of the ${total}`;
		const verb = counts.succeeded === 0 ? 'succeeded' : 'did not succeed';
		const kinds = (['failed', 'expired', 'cancelled', 'missing'] as const)
			.filter((status) => counts[status] > 0)
			.map((status) => `${counts[status]} ${status}`);
		parts.push(`${many} requests of batch ${batch.id} ${verb} (${kinds.join(', ')}).`);
		const common = results.mostCommonError();
		if (common) parts.push(`Most common (${common.count}): ${common.message}`);
	}
	if (statusOf(batch) === 'expired') {
		parts.push('The batch expired: what was done until then is here and was charged.');
	}
	if (!missingKnown) {
		parts.push(
			'The input file is no longer there, so requests could not be joined, nor missing ones found.',
		);
	}
	return parts.length > 0 ? parts.join(' ') : undefined;
}

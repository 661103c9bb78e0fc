import { getBatch, listBatches } from '../../../openai/api/batches';
import type { OpenAiClient } from '../../../openai/http/client';
import type { Batch } from '../../../openai/api/types';

/** The metadata key under which a retry names the batch whose requests it repeats. */
export const RETRY_OF = 'retry_of';

/**
 * The batch that a chain of retries began with: the batch itself when it is no retry.
 *
 * @throws {NodeApiError} when one of the chain cannot be read, as without it results are missing
 */
export async function findOriginal(client: OpenAiClient, batch: Batch): Promise<Batch> {
	const seen = new Set([batch.id]);
	let original = batch;
	for (;;) {
		const before = original.metadata?.[RETRY_OF];
		// Whoever writes metadata by hand may write a circle.
		if (!before || seen.has(before)) return original;
		seen.add(before);
		original = await getBatch(client, before);
	}
}

/**
 * All retries of a batch, retries of retries included, oldest first. Reads the list of batches
 * from its newest entry back to the batch itself: nothing older can be a retry of it.
 */
export async function findRetries(client: OpenAiClient, original: Batch): Promise<Batch[]> {
	const candidates: Batch[] = [];
	for await (const batch of listBatches(client)) {
		if (batch.created_at < original.created_at) break;
		if (batch.metadata?.[RETRY_OF]) candidates.push(batch);
	}
	const retriesOf = (id: string): Batch[] =>
		candidates
			.filter(({ metadata }) => metadata?.[RETRY_OF] === id)
			.flatMap((retry) => [retry, ...retriesOf(retry.id)]);
	return retriesOf(original.id).sort((a, b) => a.created_at - b.created_at);
}

import { getBatch, listBatches } from '../../../openai/api/batches';
import type { Batch } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import {
	isAdoptable,
	isSameContent,
	keyOf,
	oldestOf,
	RETRY_OF,
	RIVALS_WITHIN,
} from '../../../openai/submissions/submission';

/**
 * The batch that a chain of retries began with: the batch itself when it is not a retry.
 *
 * @throws {NodeApiError} when a batch of the chain cannot be read, since its results would be missing
 */
export async function findOriginal(client: OpenAiClient, batch: Batch): Promise<Batch> {
	const seen = new Set([batch.id]);
	let original = batch;
	for (;;) {
		const before = original.metadata?.[RETRY_OF];
		// Metadata that somebody wrote by hand can form a circle.
		if (!before || seen.has(before)) return original;
		seen.add(before);
		original = await getBatch(client, before);
	}
}

/**
 * All retries of a batch, including retries of retries, oldest first. Reads the list of batches
 * from its newest entry back to the batch itself: no older batch can be a retry of it.
 */
export async function findRetries(client: OpenAiClient, original: Batch): Promise<Batch[]> {
	const candidates: Batch[] = [];
	for await (const batch of listBatches(client)) {
		if (isOlder(batch, original)) break;
		if (batch.metadata?.[RETRY_OF]) candidates.push(batch);
	}
	const retriesOf = (id: string): Batch[] =>
		candidates
			.filter(({ metadata }) => metadata?.[RETRY_OF] === id)
			.flatMap((retry) => [retry, ...retriesOf(retry.id)]);
	const found = new Set(retriesOf(original.id));
	// Within one second, or where a server does not say when, the order of its list has to do.
	const retries = candidates.filter((batch) => found.has(batch)).reverse();
	return retries.every(({ created_at: at }) => typeof at === 'number')
		? retries.sort((a, b) => a.created_at! - b.created_at!)
		: retries;
}

/**
 * The batch that stands for the same requests as one that was cancelled: it was submitted again, or
 * two executions had created it at the same moment. Undefined when there is none.
 */
export async function findTwin(client: OpenAiClient, cancelled: Batch): Promise<Batch | undefined> {
	const key = keyOf(cancelled);
	if (key === undefined) return undefined;
	const earliest = (cancelled.created_at ?? 0) - RIVALS_WITHIN;
	const found: Batch[] = [];
	for await (const batch of listBatches(client)) {
		if (typeof batch.created_at === 'number' && batch.created_at < earliest) break;
		if (isAdoptable(batch) && isSameContent(keyOf(batch) ?? '', key)) found.push(batch);
	}
	return oldestOf(found);
}

/** Whether a batch was created before another, as far as the server says so. */
function isOlder({ created_at: at }: Batch, { created_at: than }: Batch): boolean {
	return typeof at === 'number' && typeof than === 'number' && at < than;
}

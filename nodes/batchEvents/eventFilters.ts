import { isSameEndpoint } from '../endpoints/endpoint';
import type { Batch } from '../openai/api/objects';

/** The batches that a trigger watches; an empty filter lets every batch through. */
export interface EventFilters {
	endpoint: string;
	/** The batch has all of these pairs. */
	metadata: ReadonlyArray<readonly [key: string, value: string]>;
	batchIds: readonly string[];
}

export function matchesFilters(
	batch: Batch,
	{ endpoint, metadata, batchIds }: EventFilters,
): boolean {
	return (
		(batchIds.length === 0 || batchIds.includes(batch.id)) &&
		(!endpoint || isSameEndpoint(batch.endpoint, endpoint)) &&
		metadata.every(([key, value]) => batch.metadata?.[key] === value)
	);
}

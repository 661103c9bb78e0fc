import { isSameEndpoint } from '../endpoints/path';
import type { Batch } from '../openai/api/types';
import { shortHash } from '../OpenAiBatchTrigger/marks';

/** Which batches a trigger is about; what is empty does not filter. */
export interface Filters {
	endpoint: string;
	/** All of these pairs have to be there. */
	metadata: ReadonlyArray<readonly [key: string, value: string]>;
	batchIds: readonly string[];
}

export function matches(batch: Batch, { endpoint, metadata, batchIds }: Filters): boolean {
	return (
		(batchIds.length === 0 || batchIds.includes(batch.id)) &&
		(!endpoint || isSameEndpoint(batch.endpoint, endpoint)) &&
		metadata.every(([key, value]) => batch.metadata?.[key] === value)
	);
}

/** Longer filters are remembered by their hash only. */
const LONGEST_TEXT = 1_000;

/** A text for the filters, the same whatever the order in which they were entered. */
export function writeFilters({ endpoint, metadata, batchIds }: Filters): string {
	const pairs = [...metadata].sort(([a, x], [b, y]) => (`${a}\n${x}` < `${b}\n${y}` ? -1 : 1));
	const text = JSON.stringify([endpoint, pairs, [...batchIds].sort()]);
	return text.length > LONGEST_TEXT ? shortHash(text) : text;
}

/** The filters of such a text; undefined when only their hash is known. */
export function readFilters(text: string): Filters | undefined {
	if (!text.startsWith('[')) return undefined;
	const [endpoint, metadata, batchIds] = JSON.parse(text) as [
		string,
		Filters['metadata'],
		string[],
	];
	return { endpoint, metadata, batchIds };
}

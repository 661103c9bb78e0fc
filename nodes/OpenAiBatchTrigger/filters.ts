import type { Batch } from '../openai/types';
import { shortHash } from './marks';

/** Which batches a trigger is about; what is empty does not filter. */
export interface Filters {
	endpoint: string;
	/** All of these pairs have to be there. */
	metadata: ReadonlyArray<readonly [key: string, value: string]>;
	batchIds: readonly string[];
}

/** Azure names endpoints without the version in front. */
const withoutVersion = (endpoint: string) => endpoint.replace(/^\/v1(?=\/)/, '');

export function matches(batch: Batch, { endpoint, metadata, batchIds }: Filters): boolean {
	return (
		(batchIds.length === 0 || batchIds.includes(batch.id)) &&
		(!endpoint || withoutVersion(batch.endpoint ?? '') === withoutVersion(endpoint)) &&
		metadata.every(([key, value]) => batch.metadata?.[key] === value)
	);
}

/** The same text for the same filters, whatever the order in which they were entered. */
export function fingerprint({ endpoint, metadata, batchIds }: Filters): string {
	const pairs = [...metadata].sort(([a, x], [b, y]) => (`${a}\n${x}` < `${b}\n${y}` ? -1 : 1));
	return shortHash(JSON.stringify([endpoint, pairs, [...batchIds].sort()]));
}

import type { Batch } from '../../../openai/api/types';
import { RETRY_OF } from '../results/retryChain';
import { RESERVED_KEYS } from '../submission';

/** The metadata keys that every retry carries. */
export const RETRY_KEYS = [...RESERVED_KEYS, RETRY_OF];

/** What the API keeps with a batch. */
const MAX_PAIRS = 16;

/**
 * The metadata of a retry: the original's own, the user's over it, and which batch it repeats.
 *
 * @returns also the keys of the original for which there was no room
 */
export function retryMetadata(
	original: Batch,
	users: Record<string, string>,
): { metadata: Record<string, string>; dropped: string[] } {
	const carried = Object.entries(original.metadata ?? {}).filter(
		([key]) => !RETRY_KEYS.includes(key) && !Object.hasOwn(users, key),
	);
	const room = MAX_PAIRS - RETRY_KEYS.length - Object.keys(users).length;
	return {
		metadata: {
			...Object.fromEntries(carried.slice(0, room)),
			...users,
			[RETRY_OF]: original.id,
		},
		dropped: carried.slice(room).map(([key]) => key),
	};
}

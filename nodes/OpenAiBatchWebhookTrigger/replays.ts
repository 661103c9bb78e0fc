import { createHash } from 'crypto';

/** The deliveries that were taken, by a hash of their `webhook-id`, oldest first. */
export type Taken = readonly string[];

/**
 * The service repeats a delivery when our answer is lost, seconds or minutes later. This is half
 * an hour of a project at the limit of 2,000 new batches an hour, in 16 kB.
 */
export const REMEMBERED = 1_000;

/** 72 bits, so that no delivery is ever taken for another. */
function shortHash(id: string): string {
	return createHash('sha256').update(id).digest('base64url').slice(0, 12);
}

/** Whether a delivery was taken before: the service delivers at least once. */
export function isReplay(taken: Taken | undefined, id: string): boolean {
	return taken?.includes(shortHash(id)) ?? false;
}

/** The deliveries taken, with one more; the oldest are forgotten. */
export function withDelivery(taken: Taken | undefined, id: string): string[] {
	return [...(taken ?? []), shortHash(id)].slice(-REMEMBERED);
}

/** The deliveries that were taken, by `webhook-id`, oldest first. */
export type Taken = readonly string[];

/** Enough for the busiest projects: 2,000 batches an hour may be created. */
const REMEMBERED = 2_000;

/** Whether a delivery was taken before: the service delivers at least once. */
export function isReplay(taken: Taken | undefined, id: string): boolean {
	return taken?.includes(id) ?? false;
}

/** The deliveries taken, with one more; the oldest are forgotten. */
export function withDelivery(taken: Taken | undefined, id: string): string[] {
	return [...(taken ?? []), id].slice(-REMEMBERED);
}

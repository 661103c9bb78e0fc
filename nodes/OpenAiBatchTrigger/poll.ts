import type { Batch, ListPage } from '../openai/api/types';
import { Changes } from './changes';
import type { BatchEvent } from '../batchEvents/events';
import type { Settings } from '../batchEvents/settings';
import { readState, writeState, type StoredState } from './state';

/** Where batches come from. `undefined` is what the server does not know (any more). */
export interface BatchSource {
	/** The batches after the given one; the newest without one. */
	page(after: string | undefined): Promise<ListPage<Batch> | undefined>;
	batch(id: string): Promise<Batch | undefined>;
}

export interface PollTime {
	/** n8n's clock in milliseconds. */
	now: () => number;
	/** No request is begun after this moment; what is left is done by the next poll. */
	stopAt: number;
}

/** Nothing that the poll could go on with: its place in the list was deleted while it read. */
export class LostPlace extends Error {}

/**
 * Does the requests of one poll. The stored state is not touched: who calls this stores the new one.
 *
 * @throws what the source throws, and `LostPlace`; the next poll then covers it all
 */
export async function poll(
	source: BatchSource,
	stored: unknown,
	settings: Settings,
	{ now, stopAt }: PollTime,
): Promise<{ events: BatchEvent[]; stored: StoredState }> {
	const changes = new Changes(readState(stored), settings, now());
	let request = changes.next();
	while (request && (now() < stopAt || !changes.canStop)) {
		const answer =
			'get' in request ? await source.batch(request.get) : await source.page(request.page);
		if (!changes.absorb(request, answer)) {
			throw new LostPlace('The list of batches changed while it was read');
		}
		request = changes.next();
	}
	const { events, state } = changes.conclude();
	return { events, stored: writeState(state) };
}

import type { Batch } from '../openai/api/types';
import { eventsSince, inOrder, type BatchEvent } from '../batchEvents/events';
import { matches } from '../batchEvents/filters';
import type { BatchSource } from './poll';
import type { Settings } from '../batchEvents/settings';

/** How far back a sample is looked for. */
const MOST_PAGES = 10;

async function* candidates(source: BatchSource, ids: readonly string[]): AsyncGenerator<Batch[]> {
	if (ids.length > 0) {
		for (const id of ids) {
			const batch = await source.batch(id);
			if (batch) yield [batch];
		}
		return;
	}
	let after: string | undefined;
	for (let pages = 0; pages < MOST_PAGES; pages++) {
		const page = await source.page(after);
		if (!page || page.data.length === 0) return;
		yield page.data;
		if (page.has_more === false) return;
		after = page.data.at(-1)?.id;
	}
}

/**
 * A recent event of a real batch, for trying out a workflow; undefined when there is none.
 *
 * @throws what the source throws
 */
export async function sample(
	source: BatchSource,
	{ events, filters }: Settings,
): Promise<BatchEvent | undefined> {
	for await (const batches of candidates(source, filters.batchIds)) {
		const fitting = batches.filter((batch) => matches(batch, filters));
		const latest = inOrder(fitting.flatMap((batch) => eventsSince(batch, 0, events))).at(-1);
		if (latest) return latest;
	}
	return undefined;
}

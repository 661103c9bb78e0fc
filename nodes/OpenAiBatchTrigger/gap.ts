import type { Changes } from './changes';
import type { Gap } from './state';

/**
 * What a poll leaves to be read. One stretch is remembered at most: while there is one, what else
 * could not be read is read again from the top.
 *
 * @param seen the latest time that the server has told of, in unix seconds
 */
export function gapAfter(changes: Changes, seen: number): Gap | undefined {
	const { state, rest, head, beyond } = changes;
	const { gap } = state;
	if (rest && gap && !rest.complete) {
		if (rest.batches.length === 0) return gap;
		const rank = gap.rank + rest.batches.length;
		return { ...gap, rank, after: rest.after ?? gap.after, high: Math.min(gap.high, rest.reached) };
	}
	if (head.complete || head.pages === 0) return undefined;
	const place = { after: head.after, high: head.reached, rank: head.batches.length };
	// What finishes from now on, before it has been read, is news.
	if (beyond) return { ...beyond, ...place, since: beyond.since ?? seen };
	if (changes.headCovered) return undefined;
	return { ...place, tell: state.from, since: null, low: state.from.t };
}

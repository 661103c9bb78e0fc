import { isFinished } from '../openai/api/status';
import { accountFor } from './account';
import type { Changes } from './changes';
import { inOrder, type BatchEvent } from '../batchEvents/events';
import { gapAfter } from './gap';
import { MAX_OPEN } from './limits';
import { overdue, remember, stillOpen } from './openBatches';
import { isOlder, newest, type Position } from './position';
import { sightings, type Sighting } from './sightings';
import type { State } from './state';
import { highest, settled, type Caution } from './watermark';

export interface Conclusion {
	/** In the order in which they happened. */
	events: BatchEvent[];
	state: State;
}

/** How far up everything is accounted for after a poll; it never moves down. */
function fromAfter(
	{ state, begins, rest, head, headCovered, clock }: Changes,
	open: readonly Sighting[],
	room: number,
	caution: Caution,
): Position {
	const { from } = state;
	const isStuck = !headCovered && rest !== undefined && !rest.complete;
	if (isStuck || head.pages === 0) return from;
	const newestNow = Math.max(state.newest, head.first);
	const times = { clock, newest: newestNow, newestBefore: begins ? newestNow : state.newest };
	const limit = settled(times, head.batches, caution);
	const positions = open.map(({ position }) => position);
	const next = newest(from, highest(limit, positions, Math.max(0, room)));
	// What has not been read lies in the gap, which ends below `from`.
	return headCovered ? next : newest(next, { t: head.reached + 1, id: '' });
}

/**
 * Turns what a poll has read into events and the state to go on from. When there are too many
 * marks, `from` moves up with less caution, and with the least once events had to wait.
 */
export function conclude(changes: Changes): Conclusion {
	const { state, begins, head, lookups, seen } = changes;
	const all = sightings(changes);
	const unfinished = all.filter(({ batch, kind }) => kind !== 'open' && !isFinished(batch));
	const isOverdue = overdue(seen, state.open.length + unfinished.length);
	const newlyOpen = unfinished.filter(({ position }) => !isOverdue(position));
	const above = newlyOpen.filter(({ isBelow }) => !isBelow);
	const below = newlyOpen.filter(({ isBelow }) => isBelow);
	const open = [...stillOpen(changes, all, isOverdue), ...below.map(remember)];
	const gap = gapAfter(changes, seen);

	const attempt = (caution: Caution) => {
		const from = fromAfter(changes, above, MAX_OPEN - open.length, caution);
		return { from, ...accountFor({ state, begins, sightings: all, from, gap, seen }) };
	};
	const last: Caution = begins || state.crowded ? 'least' : 'short';
	let account = attempt('usual');
	if (account.isCrowded) account = attempt('short');
	if (account.isCrowded) account = attempt(last);

	const { from, marks, base, heldBack } = account;
	open.push(...above.filter(({ position }) => isOlder(position, from)).map(remember));
	const told = all.filter((sighting) => !heldBack.has(sighting));
	return {
		events: inOrder(told.flatMap(({ events }) => events)),
		state: {
			from,
			open,
			marks,
			seen,
			newest: Math.max(state.newest, head.first),
			filter: state.filter,
			gap,
			base,
			turn: lookups ? lookups.turn : state.turn,
			...(heldBack.size > 0 && { crowded: true }),
		},
	};
}

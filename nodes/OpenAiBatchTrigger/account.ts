import { maskOf } from '../batchEvents/events';
import { MAX_MARKS } from './limits';
import { shortHash, type Marks } from './marks';
import { compare, isOlder, type Position } from './position';
import type { Sighting } from './sightings';
import type { Gap, State } from './state';
import { latestTime } from './times';

export interface Account {
	marks: Marks;
	base?: State['base'];
	/** Whether there were too many marks. */
	isCrowded: boolean;
	/** The batches whose events have to wait. */
	heldBack: ReadonlySet<Sighting>;
}

interface Poll {
	state: State;
	/** Whether the trigger begins. */
	begins: boolean;
	sightings: readonly Sighting[];
	/** Of the next state. */
	from: Position;
	gap?: Gap;
	/** The latest time that the server has told of, in unix seconds. */
	seen: number;
}

const hashOf = ({ batch }: Sighting) => shortHash(batch.id);

/** From which second on batches may be news later on, in what is new and in what was left unread. */
function newsFrom({ from, gap }: Poll): number {
	return gap ? Math.min(from.t, gap.high, gap.tell.t) : from.t;
}

/**
 * Marks what is accounted for of the batches from `from` upwards. When there are too many marks, a
 * trigger that begins goes by the times of what it found; later, the events of the newest batches
 * have to wait.
 */
export function accountFor(poll: Poll): Account {
	const { state, begins, sightings, from, gap, seen } = poll;
	const start = newsFrom(poll);
	// Also of batches that this poll has not seen: lists may waver.
	const marks: Marks = new Map([...state.marks].filter(([, { t }]) => t >= start));
	const recent = sightings.filter(({ position }) => !isOlder(position, from));
	for (const sighting of recent) {
		const { batch, position, kind, accounted, events } = sighting;
		if (kind !== 'old' && accounted === 0 && events.length === 0) continue;
		marks.set(hashOf(sighting), { t: position.t, mask: accounted | maskOf(batch) });
	}
	let base = state.base && start <= state.base.t ? state.base : undefined;
	const isCrowded = marks.size > MAX_MARKS;
	if (begins && isCrowded) {
		const t = Math.max(...recent.map(({ position }) => position.t));
		// What happened in the very last second is marked, if it fits; else it counts as before.
		const isLast = ({ batch }: Sighting) => latestTime(batch) === seen;
		const doFit = recent.filter(isLast).length <= MAX_MARKS;
		base = { t, since: doFit ? seen : seen + 1 };
		for (const sighting of recent) {
			if (!doFit || !isLast(sighting)) marks.delete(hashOf(sighting));
		}
	}
	const heldBack = new Set<Sighting>();
	const waiting = recent
		.filter(({ events, accounted }) => events.length > 0 && accounted === 0)
		.sort((a, b) => compare(a.position, b.position));
	while (marks.size > MAX_MARKS && waiting.length > 0) {
		const sighting = waiting.pop()!;
		if (marks.delete(hashOf(sighting))) heldBack.add(sighting);
	}
	// The last second that was read is read again when the place in it gets lost.
	for (const sighting of sightings) {
		const { batch, position, accounted } = sighting;
		if (position.t !== gap?.high || marks.size >= MAX_MARKS) continue;
		marks.set(hashOf(sighting), { t: position.t, mask: accounted | maskOf(batch) });
	}
	return { marks, base, isCrowded, heldBack };
}

import type { Mask } from '../batchEvents/events';
import { readMarks, writeMarks, type Marks, type StoredMarks } from './marks';
import { BOTTOM, TOP, type Position } from './position';

/** A batch that was seen unfinished. */
export interface OpenBatch extends Position {
	/** Roughly how many batches are above it in the list, which tells where to look for it. */
	rank: number;
	/** What has happened to it so far, and is accounted for. */
	mask: Mask;
}

/** A part of the list that is still to be read, from newer to older. */
export interface Gap {
	/** Read on after this batch; from the top of the list without it. */
	after?: string;
	/** What was created later than this second has been read. */
	high: number;
	/** How many batches are above, roughly. */
	rank: number;
	/** From here upwards everything is news. Below, only what is still open matters, and … */
	tell: Position;
	/** … what finished at this second or later; null when nothing else does. */
	since: number | null;
	/** It ends with the batches that were created before this second. */
	low: number;
	/** The filters until now, as text: what they were not about is not news either. */
	former?: string;
}

/**
 * What the trigger knows of the server's batches, in few words whatever their number:
 * - older than `from`: all is accounted for, except of the batches in `open`, and in the `gap`;
 * - from `from` upwards: nothing is accounted for, except what the `marks` say.
 */
export interface State {
	from: Position;
	open: OpenBatch[];
	marks: Marks;
	/** The latest time that the server has told of: its clock, as far as it is known. */
	seen: number;
	/** The creation time of the newest batch seen. */
	newest: number;
	/** The filters that `open` was gathered under, as text. */
	filter: string;
	gap?: Gap;
	/** For batches created up to `t`, what happened before `since` was before the activation. */
	base?: { t: number; since: number };
	/** The open batch that the next look begins with, when time was up before all were looked at. */
	turn?: string;
	/** Whether events had to wait, since there were too many marks. */
	crowded?: boolean;
}

export const STATE_VERSION = 1;

/** What is kept in the node's static data. */
export interface StoredState {
	v: number;
	from: [t: number, id: string];
	open: Array<[id: string, t: number, rank: number, mask: Mask]>;
	marks: StoredMarks;
	seen: number;
	newest: number;
	filter: string;
	gap?: Omit<Gap, 'tell'> & { tell: [t: number, id: string] | null };
	base?: State['base'];
	turn?: string;
	crowded?: boolean;
}

type Upgrade = (stored: Record<string, unknown>) => Record<string, unknown>;

/**
 * By version, what turns a stored state into one of the next version. There is one version so far;
 * whoever changes the shape adds the step here, so that active workflows go on where they are.
 */
export const UPGRADES: Readonly<Record<number, Upgrade>> = {};

/** Takes a stored state through the upgrades, one version at a time. */
export function upgrade(
	stored: Record<string, unknown>,
	upgrades: Readonly<Record<number, Upgrade>> = UPGRADES,
): Record<string, unknown> {
	let current = stored;
	for (let step = upgrades[Number(current.v)]; step; step = upgrades[Number(current.v)]) {
		current = { ...step(current), v: Number(current.v) + 1 };
	}
	return current;
}

const isNumber = (value: unknown): value is number =>
	typeof value === 'number' && Number.isFinite(value);

function readPosition(value: unknown): Position | undefined {
	if (!Array.isArray(value) || !isNumber(value[0])) return undefined;
	return { t: value[0], id: typeof value[1] === 'string' ? value[1] : '' };
}

function readGap(value: StoredState['gap']): Gap | undefined {
	if (!value || !isNumber(value.high) || !isNumber(value.low)) return undefined;
	return { ...value, tell: readPosition(value.tell) ?? TOP };
}

/**
 * Reads what the static data holds. Every field but the position has a default, and what a newer
 * version of the package added is left alone, so that up- and downgrades go on from where they are.
 *
 * @returns undefined for a trigger that begins, and for what cannot be a state
 */
export function readState(value: unknown): State | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	// Static data are proxies that report changes: work on a copy.
	const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
	const stored = upgrade(copy) as unknown as Partial<StoredState>;
	const from = readPosition(stored.from);
	if (!from) return undefined;
	const newest = isNumber(stored.newest) ? stored.newest : from.t;
	return {
		from,
		open: (stored.open ?? []).map(([id, t, rank, mask]) => ({ id, t, rank, mask })),
		marks: readMarks(stored.marks),
		newest,
		seen: isNumber(stored.seen) ? stored.seen : newest,
		filter: stored.filter ?? '',
		gap: readGap(stored.gap),
		base: stored.base,
		turn: stored.turn,
		crowded: stored.crowded,
	};
}

export function writeState({ from, open, marks, gap, ...rest }: State): StoredState {
	const stored: StoredState = {
		v: STATE_VERSION,
		...rest,
		from: [from.t, from.id],
		open: open.map(({ id, t, rank, mask }) => [id, t, rank, mask]),
		marks: writeMarks(marks),
		gap: gap && { ...gap, tell: gap.tell.t === TOP.t ? null : [gap.tell.t, gap.tell.id] },
	};
	return JSON.parse(JSON.stringify(stored)) as StoredState;
}

/** The state of a trigger that has seen nothing yet. */
export function emptyState(filter: string): State {
	return { from: BOTTOM, open: [], marks: new Map(), seen: 0, newest: 0, filter };
}

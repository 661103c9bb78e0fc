import type { WireBatch } from '../../support/emulator/batches/batch';
import type { Act } from '../start';
import { FINISHED, type World, type WrittenLine } from '../world';
import { hasNeverRun, outcomeOf } from './results';

/** All that an unfinished batch left, by default. */
export const UNFINISHED = ['failed', 'expired', 'cancelled', 'missing'];

/** Which requests a retry asks for again. */
interface Choice {
	include: ReadonlySet<string>;
	/** Exactly these, whatever became of them. */
	ids?: ReadonlySet<string>;
	/** Whether the requests are not the same as before. */
	isChanged: boolean;
}

export function choiceOf({ parameters }: Act): Choice {
	const { include, customIds, bodyFields } = (parameters.options ?? {}) as Record<string, never>;
	return {
		include: new Set<string>(include ?? UNFINISHED),
		ids: customIds && new Set(JSON.parse(customIds) as string[]),
		isChanged: bodyFields !== undefined,
	};
}

const byId = ({ emulator }: World) =>
	new Map(emulator.ledger.batches.map((batch) => [batch.id, batch]));

/** What a batch repeats, directly or over others, the nearest first. */
function ancestors(batches: ReadonlyMap<string, WireBatch>, id: string): string[] {
	const of = batches.get(id)?.metadata?.retry_of;
	return of === undefined ? [] : [of, ...ancestors(batches, of)];
}

/** The batches of the chain that a batch belongs to, in the order in which they were created. */
export function chainOf(world: World, id: string): WireBatch[] {
	const batches = byId(world);
	const rootOf = (one: string) => ancestors(batches, one).at(-1) ?? one;
	return [...batches.values()].filter((batch) => rootOf(batch.id) === rootOf(id));
}

/** What counts for a request: its newest success, or else its last result. */
function standing(
	{ written }: World,
	batches: readonly WireBatch[],
	customId: string,
): WrittenLine | undefined {
	const lines = batches.flatMap(({ id }) => written.get(id)?.get(customId) ?? []);
	return lines.findLast(({ isSuccess }) => isSuccess) ?? lines.at(-1);
}

/** The batches that decide what a retry of a batch asks for: what that batch repeats came before. */
function deciding(world: World, of: string): WireBatch[] {
	const before = ancestors(byId(world), of);
	return chainOf(world, of).filter(({ id }) => !before.includes(id));
}

/**
 * The requests that a retry has to ask for, as long as nothing of its chain runs.
 *
 * @param of the batch that it repeats
 */
export function expectedIds(world: World, of: string, choice: Choice): string[] {
	const batches = deciding(world, of);
	const neverRan = hasNeverRun(world, batches[0]);
	const include = neverRan ? new Set([...choice.include, ...UNFINISHED]) : choice.include;
	const isChosen = (customId: string) => {
		if (choice.ids) return choice.ids.has(customId);
		const line = standing(world, batches, customId);
		if (line?.isSuccess) {
			return include.has(String(line.fault)) && (line.fault !== 'cut_off' || choice.isChanged);
		}
		return include.has(line ? outcomeOf(line).status : 'missing');
	};
	return (world.requested.get(of) ?? []).map(String).filter(isChosen);
}

/** Whether every batch of a chain has ended, so that nothing changes any more. */
export const isSettled = (world: World, id: string) =>
	chainOf(world, id).every(({ status }) => FINISHED.includes(status));

/**
 * A retry repeats no request that has succeeded, or that runs, unless its answer was of no use for a
 * reason that was chosen, or it was named. A line without an id may be any request.
 *
 * @param retry as it was created; what was written since then does not count
 */
export function checkPaidOnce(world: World, retry: WireBatch, when: string): void {
	const { acts, broken, openAt, requested } = world;
	const { id } = retry;
	const of = retry.metadata!.retry_of;
	const choice = choiceOf(acts.get(id)!);
	const others = deciding(world, of);
	const before = others.slice(
		0,
		others.findIndex((other) => other.id === id),
	);
	const open = openAt.get(id)!;
	const ended = before.filter((other) => !open.has(other.id));
	const running = before.filter((other) => open.has(other.id) && !hasNeverRun(world, other));
	const again = (requested.get(id) ?? []).filter((customId) => {
		if (customId === undefined) return true;
		if (choice.ids) return !choice.ids.has(customId);
		if (running.some((other) => requested.get(other.id)?.includes(customId))) return true;
		const line = standing(world, ended, customId);
		return line?.isSuccess === true && !choice.include.has(String(line.fault));
	});
	if (again.length > 0) broken('what succeeded is not paid again', { when, id, of, again });
}

/**
 * Remembers what a retry has to ask for.
 *
 * @returns the check of the batches that all its tries have created, with the words of the last
 * try if there was nothing left for it
 */
export function checkChosen(world: World, of: string, act: Act) {
	const { server, requested, broken } = world;
	const isKnown = server.canFindBatches && server.namesRequests && server.hasReadableLines;
	// What runs meanwhile may end meanwhile.
	if (!isKnown || !isSettled(world, of)) return () => {};
	const choice = choiceOf(act);
	const expected = expectedIds(world, of, choice).sort();
	for (const id of expected) {
		const fault = standing(world, deciding(world, of), id)?.fault;
		if (fault && !choice.ids) world.count(`asked again: ${fault}`);
	}
	return (created: readonly WireBatch[], message: string | undefined) => {
		const asked = new Set(created.flatMap(({ id }) => (requested.get(id) ?? []).map(String)));
		world.count('retries compared with the model');
		if ([...asked].sort().join() === expected.join()) return;
		broken('a retry asks for what is left', { of, act, expected, asked: [...asked], message });
	};
}

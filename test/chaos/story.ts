import type { IDataObject } from 'n8n-workflow';
import type { RunResult } from '../support/engine';
import { mayRunAgain, perform, performUntilDone } from './act';
import { cancelBatch, lookAtBatches } from './batches';
import { checkCreates } from './checks/creates';
import { checkResults } from './checks/results';
import { keepFiles } from './files';
import { Listener } from './listener';
import { creationOptions, makeBatches } from './make';
import { virtualTime } from './virtualTime';
import { Watcher } from './watcher';
import { tellOfWaiting } from './waitingStory';
import { chance, type World } from './world';

/** What becomes of the first batches of a story; most complete. */
const FATES = ['expire', 'cancel', 'fail_all', 'token_limit', 'file_not_found'] as const;

/** Longer than any batch of a story lives. */
const A_WHILE_MS = 10 * 60_000;

const WAIT = { options: { maxWait: 10, pollInterval: 10 } };

/**
 * Somebody submits rows, waits, gets results, retries what is left and cleans up, while triggers
 * watch and much goes wrong on the way.
 */
export async function tell(world: World): Promise<void> {
	const { emulator, server } = world;
	if (chance(world, 0.4)) {
		const fate = world.random.pick(FATES);
		// A creation that is refused is tried once more, and then there is room.
		const isRefused = server.dialect.rules.fullQueue === 'refuses the create';
		const times = isRefused ? 1 : world.random.integer(1, 2);
		emulator.control.batches({ match: () => true, fate, times });
	}
	const watcher = server.canBeWatched ? new Watcher(world) : undefined;
	const listener = await Listener.start(world);
	world.storm();
	await watcher?.activate();
	await (world.isAboutWaiting
		? tellOfWaiting(world, watcher)
		: tellOfBatches(world, watcher, listener));
	if (chance(world, 0.6)) await keepFiles(world);
	await virtualTime.pass(A_WHILE_MS);
	await watcher?.finish();
	await listener?.finish();
	await listener?.close();
	checkCreates(world, 'at the end');
}

async function tellOfBatches(
	world: World,
	watcher: Watcher | undefined,
	listener: Listener | undefined,
): Promise<void> {
	const { server } = world;
	const ids = await makeBatches(world);
	checkCreates(world, 'after the submission');
	const isCancelled = server.has('POST /batches/:id/cancel') && chance(world, 0.15);
	if (ids.length > 0 && isCancelled) await cancelBatch(world, ids[0]);
	for (const id of ids) {
		await untilFinished(world, id);
		if (chance(world, 0.5)) await watcher?.tick();
		await listener?.deliver();
	}
	for (const id of ids) await useResults(world, id);
	await watcher?.tick();
	await listener?.deliver();
	if (server.has('GET /batches') && chance(world, 0.3)) await lookAtBatches(world);
}

const outputOf = (result: RunResult): IDataObject[] => result.items('Node').map(({ json }) => json);

async function untilFinished(world: World, batchId: string): Promise<void> {
	if (chance(world, 0.5)) {
		await virtualTime.pass(A_WHILE_MS);
		return;
	}
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'wait',
		parameters: { batchId, ...WAIT },
	});
	const { status } = world.emulator.batch(batchId);
	const [output] = outputOf(result);
	if (!result.error && output.status !== status) {
		world.broken('a wait ends with the end', { output, status });
	}
}

/** Reads the results of a batch, and retries what it did not do. */
async function useResults(world: World, batchId: string): Promise<void> {
	if (hasResults(world, batchId)) await results(world, [batchId], {});
	if (!chance(world, 0.7)) return;
	const retried = await retry(world, batchId);
	checkCreates(world, 'after the retry');
	if (retried === undefined || !hasResults(world, batchId)) return;
	await untilFinished(world, retried);
	if (!hasResults(world, retried) || !world.server.canFindBatches) return;
	// A lost retry that the service cancelled meanwhile is not adopted: there may be several.
	const retries = world.emulator.ledger.batches.filter(
		({ id, metadata }) => metadata?.retry_of === batchId && hasResults(world, id),
	);
	await results(world, [batchId, ...retries.map(({ id }) => id)], { followRetries: true });
}

/** A batch that failed has results only where the server calls it so since all requests failed. */
function hasResults({ emulator, written }: World, batchId: string): boolean {
	return emulator.batch(batchId).status !== 'failed' || written.has(batchId);
}

async function results(world: World, batchIds: string[], options: IDataObject): Promise<void> {
	// Retries are found by the list, which lags.
	await virtualTime.pass(world.lag);
	const includeRequest = chance(world, 0.3);
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'getResults',
		parameters: { batchId: batchIds[0], options: { ...options, includeRequest } },
		tries: world.random.integer(1, 2),
	});
	if (!result.error) checkResults(world, batchIds, outputOf(result));
}

/** @returns the id of the new batch; undefined when there was nothing to retry */
async function retry(world: World, batchId: string): Promise<string | undefined> {
	const choice = retryChoice(world, batchId);
	const act = {
		resource: 'batch',
		operation: 'retry',
		parameters: { batchId, options: { retryAllFailed: true, ...choice, ...retryOptions(world) } },
		executionId: `retry-${world.seed}-${batchId}`,
	};
	const { batches } = world.emulator.ledger;
	const before = batches.length;
	const first = await perform(world, act);
	if (!first.error) return outputOf(first)[0].id as string;
	if (!mayRunAgain(world, act) && batches.length > before) return undefined;
	await virtualTime.pass(world.lag + 60_000);
	world.calm();
	const second = await perform(world, act);
	world.storm();
	if (!second.error) return outputOf(second)[0].id as string;
	if (!mayBeRefused(world).test(second.error.message)) {
		world.broken('without faults it succeeds', { act, message: second.error.message });
	}
	return undefined;
}

/** All that an unfinished batch left, by default. */
const UNFINISHED = ['failed', 'expired', 'cancelled', 'missing'];

/** Asks by what became of the requests, perhaps for answers of no use too, or for some by name. */
function retryChoice(world: World, batchId: string): IDataObject {
	const { mayRepeat, random, requested, server } = world;
	const kind = random.integer(1, 4);
	if (kind > 2 || !server.namesRequests || !server.hasReadableLines) return {};
	const ids = (requested.get(batchId) ?? []).filter((id) => id !== undefined);
	if (kind === 1) {
		mayRepeat.set(batchId, uselessIn(world, batchId));
		// The service does not mind the field, and with it a request is not the same as before.
		return { include: [...UNFINISHED, 'cut_off', 'refused'], bodyFields: '{"user": "again"}' };
	}
	const chosen = ids.filter((_, index) => index === 0 || chance(world, 0.4));
	mayRepeat.set(batchId, new Set(chosen));
	world.count('retries by id');
	return { customIds: JSON.stringify(chosen) };
}

/** The ids of requests whose answers are of no use, by their markers. */
function uselessIn({ emulator }: World, batchId: string): Set<string> {
	try {
		const text = emulator.file(emulator.batch(batchId).input_file_id).text();
		const lines = text.split('\n').filter((line) => /\[\[emulator:(refuse|truncate)/.test(line));
		return new Set(lines.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id));
	} catch {
		return new Set();
	}
}

/** A retry asks for the window of its batch. */
function retryOptions(world: World): IDataObject {
	const { completionWindow: _, ...options } = creationOptions(world);
	return options;
}

/** Why a retry is refused for good. */
function mayBeRefused({ server }: World): RegExp {
	const reasons = [
		'succeeded$',
		'failed:',
		...(server.dialect.rules.fullQueue === 'refuses the create' ? ['Enqueued token limit'] : []),
		...(server.dialect.rules.inputFile === 'deleted' ? ['is no longer there'] : []),
		// Requests whose answers cannot be told apart are not run, and paid, again.
		...(server.hasReadableLines && server.namesRequests ? [] : ['cannot be|could not be']),
	];
	return new RegExp(reasons.join('|'));
}

import type { IDataObject } from 'n8n-workflow';
import { mayRunAgain, perform } from './act';
import { cancelBatch } from './batches';
import { chainOf, checkChosen, isSettled, UNFINISHED } from './checks/chain';
import { checkCreates } from './checks/creates';
import { jsonOf } from './checks/output';
import { hasNeverRun } from './checks/results';
import { creationOptions } from './make';
import { readResults, untilFinished } from './readStory';
import { virtualTime } from './virtualTime';
import { chance, FINISHED, type World } from './world';

/** How often somebody asks again for what a batch, or a retry of it, has left. */
const MOST_ROUNDS = 4;

/** What becomes of some of the retries; most complete. */
const FATES = ['expire', 'cancel', 'token_limit', 'fail_all'] as const;

/**
 * Somebody asks again, several times: for what the batch has left, for what its retries have left,
 * for answers of no use, or for some by name. Now and then an earlier retry still runs.
 */
export async function retryRounds(world: World, root: string): Promise<void> {
	const { random, server } = world;
	// Without the list nobody knows what an earlier retry has done.
	const rounds = server.canFindBatches ? random.integer(1, MOST_ROUNDS) : 1;
	for (let round = 1; round <= rounds; round++) {
		const ended = chainOf(world, root).filter(({ status }) => FINISHED.includes(status));
		const of = random.pick(ended).id;
		const retried = await retry(world, of, round);
		checkCreates(world, 'after the retry');
		if (retried === undefined) continue;
		if (round > 1) world.count('retries after retries');
		if (server.has('POST /batches/:id/cancel') && chance(world, 0.1)) {
			await cancelBatch(world, retried);
		}
		if (chance(world, 0.2)) continue;
		await untilFinished(world, retried);
		if (chance(world, 0.5)) await chainResults(world, root);
	}
	for (const { id, status } of chainOf(world, root)) {
		if (!FINISHED.includes(status)) await untilFinished(world, id);
	}
	await chainResults(world, root);
}

/** The results of the whole chain, by any of its batches; no answer may be lost in it. */
async function chainResults(world: World, root: string): Promise<void> {
	if (!world.server.canFindBatches || !isSettled(world, root)) return;
	const chain = chainOf(world, root);
	if (chain.every((batch) => hasNeverRun(world, batch))) return;
	const ids = chain.map(({ id }) => id);
	await readResults(world, ids, { followRetries: true }, world.random.pick(ids));
	world.count('chains read', ids.length > 2 ? 1 : 0);
}

/** Whether a batch was cancelled and another one has the same requests, which Retry refuses to repeat. */
function isSubmittedAgain({ emulator }: World, batchId: string): boolean {
	const { metadata, status } = emulator.batch(batchId);
	return (
		status === 'cancelled' &&
		emulator.ledger.batches.some(
			(other) =>
				other.metadata?.submission_key === metadata?.submission_key &&
				!['failed', 'cancelling', 'cancelled'].includes(other.status),
		)
	);
}

/** @returns the id of the new batch; undefined when there was nothing to retry */
async function retry(world: World, batchId: string, round: number): Promise<string | undefined> {
	const { emulator } = world;
	// What earlier retries have done is known by the list, which lags.
	await virtualTime.pass(world.lag + 1_000);
	if (isSubmittedAgain(world, batchId)) return undefined;
	const choice = retryChoice(world, batchId, round);
	const act = {
		resource: 'batch',
		operation: 'retry',
		parameters: { batchId, options: { retryAllFailed: true, ...choice, ...retryOptions(world) } },
		executionId: `retry-${world.seed}-${batchId}-${round}`,
	};
	drawFate(world);
	const { batches } = emulator.ledger;
	const before = batches.length;
	const check = checkChosen(world, batchId, act);
	const first = await perform(world, act);
	if (!first.error) {
		check(batches.slice(before), undefined);
		return jsonOf(first)[0].id as string;
	}
	if (!mayRunAgain(world, act) && batches.length > before) return undefined;
	await virtualTime.pass(world.lag + 60_000);
	world.calm();
	const second = await perform(world, act);
	world.storm();
	if (!second.error) {
		check(batches.slice(before), undefined);
		return jsonOf(second)[0].id as string;
	}
	const { message } = second.error;
	if (mayBeRefused(world).test(message)) return undefined;
	if (NOTHING_LEFT.test(message)) check(batches.slice(before), message);
	else world.broken('without faults it succeeds', { act, message });
	return undefined;
}

/** Perhaps the next retry does not complete. */
function drawFate({ emulator, random, server }: World): void {
	if (random.next() > 0.2) return;
	const isRefused = server.dialect.rules.fullQueue === 'refuses the create';
	const fate = random.pick(FATES);
	if (fate === 'token_limit' && isRefused) return;
	let isDrawn = false;
	emulator.control.batches({
		match: ({ metadata }) => {
			if (isDrawn || metadata?.retry_of === undefined) return false;
			isDrawn = true;
			return true;
		},
		fate,
	});
}

/** Which requests, and how they change. */
function retryChoice(world: World, batchId: string, round: number): IDataObject {
	const { random, requested, server } = world;
	const kind = random.integer(1, 5);
	if (kind > 4 || !server.namesRequests || !server.hasReadableLines) return {};
	const bodyFields = chance(world, 0.5) ? random.pick(changes(world, batchId, round)) : undefined;
	const changed = bodyFields && { bodyFields: JSON.stringify(bodyFields) };
	if (kind <= 3) {
		const reasons = ['cut_off', 'invalid_json', 'refused'];
		const include = [...UNFINISHED, ...reasons].filter(() => chance(world, 0.6));
		world.count('retries by reason');
		return { include: include.length > 0 ? include : reasons, ...changed };
	}
	const ids = (requested.get(batchId) ?? []).filter((id) => id !== undefined);
	const chosen = ids.filter((_, index) => index === 0 || chance(world, 0.4));
	world.count('retries by id');
	return { customIds: JSON.stringify(chosen), ...changed };
}

/** The field that limits tokens, by what it is called at the endpoint. */
const TOKENS: Record<string, string> = {
	'/v1/chat/completions': 'max_completion_tokens',
	'/v1/responses': 'max_output_tokens',
};

/** Fields with which no request is the same as in any round before. */
function changes({ emulator }: World, batchId: string, round: number): IDataObject[] {
	const { endpoint } = emulator.batch(batchId);
	const tokens = TOKENS[endpoint];
	return [{ user: `round ${round}` }, ...(tokens ? [{ [tokens]: round * 1_000 }] : [])];
}

/** A retry asks for the window of its batch. */
function retryOptions(world: World): IDataObject {
	const { completionWindow: _, ...options } = creationOptions(world);
	return options;
}

/** Why a retry is refused that has nothing to ask for. */
const NOTHING_LEFT = / succeeded$| has no requests to retry$| would be cut off again$/;

/** Why a retry is refused for good, whatever there is to ask for. */
function mayBeRefused({ server }: World): RegExp {
	const reasons = [
		'failed:',
		...(server.dialect.rules.fullQueue === 'refuses the create' ? ['Enqueued token limit'] : []),
		...(server.dialect.rules.inputFile === 'deleted' ? ['is no longer there'] : []),
		// Requests whose answers cannot be told apart are not run, and paid, again.
		...(server.hasReadableLines && server.namesRequests ? [] : ['cannot be|could not be']),
	];
	return new RegExp(reasons.join('|'));
}

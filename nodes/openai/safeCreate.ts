import { createHash } from 'crypto';
import type { CreateBatchBody } from './batches';
import { listBatches, tryCreateBatch } from './batches';
import type { OpenAiClient } from './client';
import type { Fault, Result } from './fault';
import { isPassing } from './retry';
import { statusOf } from './status';
import type { Batch } from './types';

/** The metadata pairs by which a part of a submission is found again. */
export const SUBMISSION_KEY = 'submission_key';
export const SUBMISSION_PART = 'submission_part';

/** How long to wait before each look for a batch whose create had no answer: lists may lag. */
const LOOK_AFTER_MS = [2_000, 5_000, 10_000];

const MAX_CREATES = 3;

/** A batch that cost nothing, or that the user stopped, does not stand for its submission. */
const NOT_ADOPTED: readonly string[] = ['failed', 'cancelling', 'cancelled'];

/**
 * The key of one part: the same content under the same name gives the same key.
 *
 * @param name who submits: this execution and node, or a key of the user's
 * @param contentHash a digest of the part's bytes
 */
export function submissionKey(name: string, contentHash: string): string {
	return createHash('sha256').update(`${name}\n${contentHash}`).digest('hex').slice(0, 32);
}

/**
 * The batches that carry one of the keys and were created at or after `since` (unix seconds),
 * newest first. One list page in the usual case.
 */
export async function findSubmitted(
	client: OpenAiClient,
	keys: ReadonlySet<string>,
	since: number,
): Promise<Batch[]> {
	const found: Batch[] = [];
	for await (const batch of listBatches(client)) {
		if (batch.created_at < since) break;
		if (keys.has(batch.metadata?.[SUBMISSION_KEY] ?? '')) found.push(batch);
	}
	return found;
}

/** Whether a batch found by its key is the submission, rather than a spent attempt at it. */
export function isAdoptable(batch: Batch): boolean {
	return !NOT_ADOPTED.includes(statusOf(batch));
}

export interface SafeCreate {
	body: CreateBatchBody;
	/** The value of `SUBMISSION_KEY` in the body's metadata. */
	key: string;
	/** Unix seconds: a batch of this create cannot be older. */
	since: number;
	/** Ids of batches with this key that are known and not adopted. */
	spent: ReadonlySet<string>;
}

export interface Created {
	batch: Batch;
	/** True when the batch was there already. */
	adopted: boolean;
}

/**
 * Creates a batch once. The API has no idempotency, and a second create is paid twice: so after
 * every fault in which the server may have created it, the list is searched for the key, several
 * times since it may lag, before another create is sent.
 */
export async function createSafely(
	client: OpenAiClient,
	create: SafeCreate,
): Promise<Result<Created>> {
	for (let attempt = 1; ; attempt++) {
		const result = await tryCreateBatch(client, create.body);
		if (result.ok) return { ok: true, value: { batch: result.value, adopted: false } };
		const { fault } = result;
		if (!fault.mayHaveExecuted || fault.kind === 'cancelled') return result;
		const look = await lookFor(client, create);
		if (look.batch) return { ok: true, value: { batch: look.batch, adopted: true } };
		if (!look.isAbsent || !isPassing(fault) || attempt >= MAX_CREATES) return result;
	}
}

interface Look {
	batch?: Batch;
	/** The list was read to its end and the batch is not in it. */
	isAbsent: boolean;
}

/** Looks for a batch whose create had no answer. A list that cannot be read proves nothing. */
async function lookFor(client: OpenAiClient, create: SafeCreate): Promise<Look> {
	let isAbsent = false;
	for (const wait of LOOK_AFTER_MS) {
		if (!(await client.pause(wait))) return { isAbsent: false };
		const found = await findSubmitted(client, new Set([create.key]), create.since).catch(
			() => undefined,
		);
		const batch = found?.find(({ id }) => !create.spent.has(id));
		if (batch) return { batch, isAbsent: false };
		isAbsent = found !== undefined;
	}
	return { isAbsent };
}

/** What to tell about a create that failed: whether a batch may exist, and how it is found. */
export function createFailed(fault: Fault, key: string): string {
	return fault.mayHaveExecuted
		? `The batch may or may not have been created (look for ${SUBMISSION_KEY} ${key} in its metadata, or run the node again: it looks first)`
		: 'The batch was not created';
}

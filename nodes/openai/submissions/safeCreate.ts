import type { CreateBatchBody } from '../api/batches';
import { tryCreateBatch } from '../api/batches';
import type { OpenAiClient } from '../http/client';
import { CANCELLED } from '../http/client';
import type { Fault, Result } from '../http/fault';
import { isTransient } from '../http/retry';
import type { Scope } from './submitted';
import { findSubmitted, SUBMISSION_KEY } from './submitted';
import type { Batch } from '../api/types';

/** How long to wait before each look for a batch whose create had no answer: lists may lag. */
const LOOK_AFTER_MS = [2_000, 5_000, 10_000];

const MAX_CREATES = 3;

export interface SafeCreate {
	body: CreateBatchBody;
	/** The value of `SUBMISSION_KEY` in the body's metadata. */
	key: string;
	scope: Scope;
	/** The batches found with this key, none of which is adopted. */
	known: readonly Batch[];
}

export interface Created {
	batch: Batch;
	/** True when the batch was there already. */
	adopted: boolean;
}

/**
 * Creates a batch once. The API has no idempotency, and a second create is paid twice: so after
 * every fault in which the server may have created it, the list is searched for the key, several
 * times since it may lag, before another create is sent. The same holds for a create that an
 * earlier run of the node in this execution never saw answered.
 */
export async function createSafely(
	client: OpenAiClient,
	create: SafeCreate,
): Promise<Result<Created>> {
	const { key, scope } = create;
	const settle = (batch: Batch, adopted: boolean): Result<Created> => {
		scope.memory[key] = batch.id;
		return { ok: true, value: { batch, adopted } };
	};
	let isUnsettled = scope.memory[key] === '';
	if (isUnsettled) {
		const look = await lookFor(client, create);
		if (look.batch) return settle(look.batch, true);
		if (look.failure) return { ok: false, fault: look.failure };
	}
	for (let attempt = 1; ; attempt++) {
		scope.memory[key] = '';
		const result = await tryCreateBatch(client, create.body);
		if (result.ok) return settle(result.value, false);
		const { fault } = result;
		isUnsettled ||= fault.mayHaveExecuted;
		if (!isUnsettled) delete scope.memory[key];
		const failed = { ok: false as const, fault: { ...fault, mayHaveExecuted: isUnsettled } };
		if (!fault.mayHaveExecuted) return failed;
		const look = await lookFor(client, create);
		if (look.batch) return settle(look.batch, true);
		if (look.failure || !isTransient(fault) || attempt >= MAX_CREATES) return failed;
	}
}

interface Look {
	batch?: Batch;
	/** Why the list could not be read, which proves nothing. */
	failure?: Fault;
}

/** Looks several times for a batch whose create had no answer. */
async function lookFor(client: OpenAiClient, { key, scope, known }: SafeCreate): Promise<Look> {
	const spent = new Set(known.map(({ id }) => id));
	let look: Look = {};
	for (const wait of LOOK_AFTER_MS) {
		if (!(await client.pause(wait))) return { failure: unknown('cancelled', CANCELLED) };
		try {
			const found = await findSubmitted(client, new Set([key]), scope);
			look = { batch: found.find(({ id }) => !spent.has(id)) };
		} catch (error) {
			const message = `The list of batches could not be read: ${(error as Error).message}`;
			look = { failure: unknown('connection', message) };
		}
		if (look.batch) return look;
	}
	return look;
}

const unknown = (kind: Fault['kind'], message: string): Fault => ({
	kind,
	message,
	mayHaveExecuted: true,
});

/** What to tell about a create that failed: whether a batch may exist, and how it is found. */
export function createFailed(fault: Fault, key: string): string {
	return fault.mayHaveExecuted
		? `The batch may or may not have been created (look for ${SUBMISSION_KEY} ${key} in its metadata, or run the node again: it looks first)`
		: 'The batch was not created';
}

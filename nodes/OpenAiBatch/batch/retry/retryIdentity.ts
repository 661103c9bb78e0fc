import { createHash } from 'crypto';
import type { IExecuteFunctions, NodeApiError } from 'n8n-workflow';
import type { RetryOptions } from './retry.properties';
import { isWithoutList } from '../../../openai/api/batches';
import type { Batch } from '../../../openai/api/objects';
import { isFinished } from '../../../openai/api/objects';
import type { OpenAiClient } from '../../../openai/client';
import {
	isAdoptable,
	isSameContent,
	keyOf,
	placeOf,
	submissionIdOf,
	RETRY_OF,
} from '../../../openai/submissions/submission';
import type { SubmissionPart, Submissions } from '../../../openai/submissions/submissions';
import { asNodeError } from '../../shared/operation';
import { hasNeverRun } from '../results/readiness';
import { findOriginal, findRetries } from '../results/retryChain';

/**
 * The other retries of the chain of a batch in which requests have run, or may run, oldest first:
 * its own, and where it is a retry itself, those of what it repeats. What came before it is none of
 * them. Without a list of batches, where the user allows that, none are known.
 */
export async function retriesOf(
	client: OpenAiClient,
	original: Batch,
	{ createWithoutSearch }: RetryOptions,
): Promise<Batch[]> {
	try {
		const first = await firstOf(client, original);
		const retries = await findRetries(client, first);
		const before = ancestorsOf(original, retries);
		return retries.filter(
			(retry) => retry.id !== original.id && !before.has(retry.id) && !hasNeverRun(retry),
		);
	} catch (error) {
		if (createWithoutSearch && isWithoutList(error)) return [];
		throw asNodeError(client.context.getNode(), error, client.options.itemIndex);
	}
}

/** The batch that a chain began with; this one where an earlier one is gone. */
async function firstOf(client: OpenAiClient, batch: Batch): Promise<Batch> {
	return await findOriginal(client, batch).catch((error: NodeApiError) => {
		if (error.httpCode === '404') return batch;
		throw error;
	});
}

/** The ids of the batches whose requests a batch repeats, directly or over others. */
function ancestorsOf(batch: Batch, chain: readonly Batch[]): Set<string> {
	const ids = new Set<string>();
	let before = batch.metadata?.[RETRY_OF];
	while (before && !ids.has(before)) {
		ids.add(before);
		const id: string = before;
		before = chain.find((one) => one.id === id)?.metadata?.[RETRY_OF];
	}
	return ids;
}

/** Whether a batch is repeated as it is, from the same file: nothing of it has run. */
export const isWhole = (original: Batch, { bodyFields, customIds }: RetryOptions): boolean =>
	hasNeverRun(original) && !bodyFields && !customIds;

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * What a retry is to the service, its requests aside. It belongs to the submission of its original,
 * as the same part of it. What is chosen depends on what earlier retries have done by now, and who
 * asks again gets the same batch: so the choices make its content, not what they choose.
 */
export class Identity {
	private readonly content: string;
	/** The key of the original, which is created once more as what it is. */
	readonly key: string | undefined;

	/** @param after the retries of an earlier round, after which the same choices ask again */
	constructor(
		private readonly original: Batch,
		private readonly submissions: Submissions,
		choices: RetryOptions,
		after: readonly string[],
	) {
		const { include, allFailed, unreadable, customIds, bodyFields } = choices;
		const chosen = {
			include: [...include].sort(),
			allFailed,
			unreadable,
			customIds: customIds && [...customIds].sort(),
			bodyFields,
			after: after.length > 0 ? after : undefined,
		};
		this.content = digest(JSON.stringify([original.id, chosen]));
		// So that nobody else does the same: a second run of Submit, or Submit Waiting Parts.
		this.key = isWhole(original, choices) && after.length === 0 ? keyOf(original) : undefined;
	}

	/** One of the batches that the retry may need. */
	part(index: number): Omit<SubmissionPart, 'input' | 'settings'> {
		return {
			key: index === 0 ? this.key : undefined,
			contentHash: index === 0 ? this.content : digest(`${this.content}/${index}`),
			place: placeOf(this.original),
			submissionId: submissionIdOf(this.original) ?? undefined,
		};
	}

	/** Those of the retries that are this one, by their place among its batches. */
	own(retries: readonly Batch[]): Map<Batch, number> {
		const keys = this.submissions.keysOf(retries.map((_, index) => this.part(index)));
		const own = new Map<Batch, number>();
		for (const retry of retries) {
			const index = keys.findIndex((key) => isSameContent(keyOf(retry) ?? '', key));
			// One that was cancelled is not adopted, so what it has answered counts as any other's answers.
			if (index !== -1 && isAdoptable(retry)) own.set(retry, index);
		}
		return own;
	}
}

/** In which run of the node a retry was first asked for, and which retries had ended before. */
interface Round {
	run: number;
	after: string[];
}

/**
 * Finds out which retry this is. The same choices in one run of the node are the same retry, also
 * when n8n tries again after an error. Where a loop comes back to the node after that retry has
 * ended, they are the next one, which asks for what is left.
 */
export function identify(
	context: IExecuteFunctions,
	submissions: Submissions,
	{ original, retries, options }: { original: Batch; retries: Batch[]; options: RetryOptions },
) {
	const data = context.getContext('node') as { retryRounds?: Record<string, Round> };
	const rounds = (data.retryRounds ??= {});
	const identityAfter = (after: string[]) => new Identity(original, submissions, options, after);
	const name = identityAfter([]).part(0).contentHash;
	const run = Number(context.getWorkflowDataProxy(0).$runIndex ?? 0);
	const known = rounds[name];
	const last = known ?? { run, after: [] };
	let identity = identityAfter(last.after);
	let own = identity.own(retries);
	const before = [...own.keys()];
	const hasEnded = before.length > 0 && before.every(isFinished);
	// The original's key is that of all executions: what another one has done is an earlier round.
	const isOfAll = identity.key !== undefined && !submissions.isShared;
	const isNext = known ? run !== last.run : isOfAll;
	const after = isNext && hasEnded ? before.map(({ id }) => id) : last.after;
	if (after !== last.after) {
		identity = identityAfter(after);
		own = identity.own(retries);
	}
	rounds[name] = { run, after };
	return { identity, own };
}

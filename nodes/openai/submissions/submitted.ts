import { createHash } from 'crypto';
import type { NodeApiError } from 'n8n-workflow';
import { BATCH_PAGE_SIZE, listBatchPage } from '../api/batches';
import type { OpenAiClient } from '../http/client';
import { pages } from '../api/pages';
import { statusOf } from '../api/status';
import type { Batch } from '../api/types';
import { apiPath } from '../http/url';

/** The metadata pairs by which a part of a submission is found again. */
export const SUBMISSION_KEY = 'submission_key';
export const SUBMISSION_PART = 'submission_part';

/** A batch that cost nothing, or that the user stopped, does not stand for its submission. */
const NOT_ADOPTED: readonly string[] = ['failed', 'cancelling', 'cancelled'];

/**
 * What an execution knows of its creates, by submission key: the batch's id, or `''` while a
 * create was sent and its answer is not known. The list of batches may lag behind it.
 */
export type CreateMemory = Record<string, string>;

/** In whose name batches are created, which decides when one is the same as another. */
export interface Scope {
	name: string;
	/** Unix seconds: batches of this scope cannot be older. */
	since: number;
	memory: CreateMemory;
}

/**
 * The key of one part: the same content under the same name gives the same key.
 *
 * @param name who submits: this execution and node, or a key of the user's
 * @param contentHash a digest of the part's bytes
 */
export function submissionKey(name: string, contentHash: string): string {
	return createHash('sha256').update(`${name}\n${contentHash}`).digest('hex').slice(0, 32);
}

/** The key that a batch was created with, if any. */
export function keyOf(batch: Batch): string | undefined {
	return batch.metadata?.[SUBMISSION_KEY];
}

/** Whether a batch found by its key is the submission, rather than a spent attempt at it. */
export function isAdoptable(batch: Batch): boolean {
	return !NOT_ADOPTED.includes(statusOf(batch));
}

/**
 * The batches of a scope that carry one of the keys, newest first: those in the list, and those
 * that this execution remembers although the list does not show them yet.
 * One list page in the usual case: it ends with the first page on which all batches are older.
 *
 * @throws {NodeApiError} when the list cannot be read to its end, which proves no absence; it tells
 * what earlier tries of this execution have created
 */
export async function findSubmitted(
	client: OpenAiClient,
	keys: ReadonlySet<string>,
	scope: Scope,
): Promise<Batch[]> {
	try {
		return await search(client, keys, scope);
	} catch (error) {
		throw tellRemembered(error, keys, scope.memory);
	}
}

/**
 * An error of the client that also tells what this execution has created under the keys: "Retry On
 * Fail" shows the error of its last try only.
 */
export function tellRemembered(
	thrown: unknown,
	keys: ReadonlySet<string>,
	memory: CreateMemory,
): NodeApiError {
	const error = thrown as NodeApiError;
	const known = [...keys].filter((key) => Object.hasOwn(memory, key));
	const created = known.map((key) => memory[key]).filter(Boolean);
	const unsettled = known.filter((key) => memory[key] === '');
	const said = [
		created.length > 0 && `Created so far: ${created.join(', ')}.`,
		unsettled.length > 0 &&
			`Perhaps created: look for ${SUBMISSION_KEY} ${unsettled.join(', ')} in the metadata.`,
		error.description,
	];
	error.description = said.filter(Boolean).join(' ');
	return error;
}

async function search(
	client: OpenAiClient,
	keys: ReadonlySet<string>,
	{ since, memory }: Scope,
): Promise<Batch[]> {
	const found: Batch[] = [];
	const isOld = ({ created_at: at }: Batch) => typeof at === 'number' && at < since;
	const fetchPage = async (after: string | undefined, limit: number) =>
		await listBatchPage(client, { after, limit });
	for await (const page of pages(fetchPage, BATCH_PAGE_SIZE)) {
		found.push(...page.filter((batch) => !isOld(batch) && keys.has(keyOf(batch) ?? '')));
		if (page.every(isOld)) break;
	}
	for (const key of keys) {
		const id = memory[key];
		if (!id || found.some((batch) => batch.id === id)) continue;
		const batch = await findBatch(client, id);
		if (batch) found.unshift(batch);
	}
	for (const batch of found) {
		const key = keyOf(batch);
		if (key !== undefined && isAdoptable(batch)) memory[key] ||= batch.id;
	}
	return found;
}

/** One batch, undefined when there is none with this id. */
async function findBatch(client: OpenAiClient, id: string): Promise<Batch | undefined> {
	const path = apiPath('batches', id);
	const result = await client.tryJson<Batch>({ method: 'GET', path, needs: 'id' });
	if (result.ok) return result.value;
	if (result.fault.status === 404) return undefined;
	throw client.error(result.fault);
}

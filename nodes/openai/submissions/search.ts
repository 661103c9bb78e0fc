import type { NodeApiError } from 'n8n-workflow';
import { BATCH_PAGE_SIZE, findBatch, listBatchPage } from '../api/batches';
import { pages } from '../api/pages';
import { statusOf } from '../api/status';
import type { Batch } from '../api/types';
import type { OpenAiClient } from '../http/client';
import type { SubmissionScope } from './scope';

/** The metadata pair by which a batch of a submission is found again. */
export const SUBMISSION_KEY = 'submission_key';

/** A batch that cost nothing, or that the user stopped, does not stand for its submission. */
const NOT_ADOPTED: readonly string[] = ['failed', 'cancelling', 'cancelled'];

/** The key that a batch was created with, if any. */
export function keyOf(batch: Batch): string | undefined {
	return batch.metadata?.[SUBMISSION_KEY];
}

/** Whether a batch found by its key is the submission, rather than a spent attempt at it. */
export function isAdoptable(batch: Batch): boolean {
	return !NOT_ADOPTED.includes(statusOf(batch));
}

/** Finds the batches of a scope by their keys. It only reads. */
export class SubmissionSearch {
	constructor(
		private readonly client: OpenAiClient,
		private readonly scope: SubmissionScope,
	) {}

	/**
	 * The batches of this scope that carry one of the keys, newest first: those in the list, and
	 * those that this execution remembers although the list does not show them yet. One list page in
	 * the usual case: the search ends with the first page on which all batches are older.
	 *
	 * @throws {NodeApiError} when the list cannot be read to its end, which proves no absence; it
	 * names what earlier tries of this execution have created
	 */
	async find(keys: ReadonlySet<string>): Promise<Batch[]> {
		try {
			const listed = await this.findInList(keys);
			const shown = new Set(listed.map(({ id }) => id));
			const remembered: Batch[] = [];
			for (const key of keys) {
				const id = this.scope.memory.idOf(key);
				if (id === undefined || shown.has(id)) continue;
				const batch = await findBatch(this.client, id);
				if (batch) remembered.unshift(batch);
			}
			return [...remembered, ...listed];
		} catch (error) {
			throw this.withCreated(error as NodeApiError, keys);
		}
	}

	private async findInList(keys: ReadonlySet<string>): Promise<Batch[]> {
		const found: Batch[] = [];
		const isOld = ({ created_at: at }: Batch) => typeof at === 'number' && at < this.scope.since;
		const fetchPage = async (after: string | undefined, limit: number) =>
			await listBatchPage(this.client, { after, limit });
		for await (const page of pages(fetchPage, BATCH_PAGE_SIZE)) {
			found.push(...page.filter((batch) => !isOld(batch) && keys.has(keyOf(batch) ?? '')));
			if (page.every(isOld)) break;
		}
		return found;
	}

	/** The error, which also names what this execution has created under the keys. */
	withCreated(error: NodeApiError, keys: Iterable<string>): NodeApiError {
		const created = this.scope.memory.describe(keys, SUBMISSION_KEY);
		error.description = [created, error.description].filter(Boolean).join(' ');
		return error;
	}
}

import type { NodeApiError } from 'n8n-workflow';
import { BATCH_PAGE_SIZE, findBatch, hasNoList, NO_LIST, tryListBatchPage } from '../api/batches';
import type { PageStart } from '../api/pages';
import { pages } from '../api/pages';
import { statusOf } from '../api/status';
import type { Batch, ListPage } from '../api/types';
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

const WITHOUT_SEARCH_ADVICE =
	'Batches that earlier tries have created cannot be found there. Turn on the option Create Without Search to create batches all the same';

/** Finds the batches of a scope by their keys. It only reads. */
export class SubmissionSearch {
	/** Set by a search on a server that has no list of batches, where it finds nothing. */
	hasNoList = false;

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
		for await (const page of pages(this.fetchPage, BATCH_PAGE_SIZE)) {
			found.push(...page.filter((batch) => !isOld(batch) && keys.has(keyOf(batch) ?? '')));
			if (page.every(isOld)) break;
		}
		return found;
	}

	/** Where the user allows it, a server without a list has an empty one. */
	private readonly fetchPage = async (
		start: PageStart,
		limit: number,
	): Promise<ListPage<Batch>> => {
		const { client, scope } = this;
		const isFirst = Object.keys(start).length === 0;
		const result = await tryListBatchPage(client, { ...start, limit });
		if (result.ok) return result.value;
		if (!isFirst || !hasNoList(result.fault)) throw client.error(result.fault);
		this.hasNoList = true;
		if (scope.allowsWithoutList) return { data: [] };
		throw client.error(result.fault, `${NO_LIST}. ${WITHOUT_SEARCH_ADVICE}`);
	};

	/** The error, which also names what this execution has created under the keys. */
	withCreated(error: NodeApiError, keys: Iterable<string>): NodeApiError {
		const created = this.scope.memory.describe(keys, SUBMISSION_KEY);
		error.description = [created, error.description].filter(Boolean).join(' ');
		return error;
	}
}

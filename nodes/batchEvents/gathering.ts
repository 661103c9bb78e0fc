import { endTime, eventTime } from './batchEvent';
import { creationTime } from './batchTimes';
import type { SubmissionEvent } from './submissionEvent';
import { submissionEvent } from './submissionEvent';
import type { Batch } from '../openai/api/objects';
import { isFinished } from '../openai/api/objects';
import type { ListPage } from '../openai/api/pages';
import { isPart, partCountOf, partNumberOf } from '../openai/submissions/parts';
import { submissionIdOf } from '../openai/submissions/submission';

const DAY = 86_400;

/**
 * How long, in seconds, the next part of a submission may follow the one before it: a part that
 * waits for room is created when another ends, and some servers have windows of up to seven days.
 */
const PART_GAP = 8 * DAY;

/** How long after its creation a batch may be retried: its input file is deleted after 30 days. */
const RETRY_GAP = 38 * DAY;

/** A submission that may have finished, since a batch of it has ended. */
export interface EndingSubmission {
	id: string;
	parts: number;
}

/** The submissions of batches; none for a batch of somebody else. */
export function submissionsOf(batches: readonly Batch[]): EndingSubmission[] {
	return batches.flatMap((batch) => {
		const id = submissionIdOf(batch);
		return id === null ? [] : [{ id, parts: partCountOf(batch) }];
	});
}

/** What to ask the server for: the page after a batch (or from the top), or one batch. */
export type GatheringRequest = { page: string | undefined } | { get: string };

interface Found {
	/** The number of the part; 0 for a retry of one. */
	part: number;
	/** Undefined when an earlier poll has read it, or when nobody knows whether it runs. */
	batch?: Batch;
}

interface Sought extends Omit<EndingSubmission, 'id'> {
	/** When the oldest batch found so far was created, in unix seconds; 0 when unknown. */
	oldest: number;
	/** When the first of its parts ended: nothing older can have repeated one; Infinity without any. */
	firstEnd: number;
	found: Map<string, Found>;
}

/** How far the list has been read from its top. */
export interface PlaceInList {
	/** The next page begins after this batch; undefined at the top. */
	after?: string;
	/** When that batch was created, in unix seconds. */
	reached?: number;
}

/** A gathering between two polls: its place in the list, and what it has found. */
export interface StoredGathering extends PlaceInList {
	sought: Array<
		[
			submissionId: string,
			parts: number,
			oldest: number,
			firstEnd: number | null,
			found: Array<[id: string, part: number]>,
		]
	>;
}

function hasAllParts({ parts, found }: Sought): boolean {
	const numbers = new Set([...found.values()].map(({ part }) => part));
	numbers.delete(0);
	return numbers.size === parts;
}

/**
 * Finds out which submissions have finished, when a batch of each has ended. It reads the list from
 * its newest batch on until every part is found, and at least down to the moment when the first part
 * ended, since what repeats a part is created after that. A submission with a batch that runs is left alone, since it will be
 * looked at again when that batch ends; so is one with a part that does not exist yet.
 */
export class Gathering {
	readonly finished: SubmissionEvent[] = [];

	private readonly sought = new Map<string, Sought>();
	/** Batches that the list shows as unfinished, and that nobody else knows to run. */
	private readonly doubtful = new Set<string>();
	private isAtEnd = false;

	/**
	 * @param isRunning whether a submission is known to have a batch that runs
	 * @param place how far the list has been read; what was read there is to be taken in
	 */
	constructor(
		submissions: readonly EndingSubmission[],
		private readonly isRunning: (submissionId: string) => boolean = () => false,
		private place: PlaceInList = {},
	) {
		for (const { id, parts } of submissions) {
			this.seek(id, { parts, oldest: 0, firstEnd: Infinity, found: new Map() });
		}
	}

	/** Goes on where an earlier one has stopped. */
	static resume(
		{ sought, ...place }: StoredGathering,
		isRunning: (submissionId: string) => boolean,
	): Gathering {
		const gathering = new Gathering([], isRunning, place);
		for (const [id, parts, oldest, firstEnd, found] of sought) {
			const known = new Map(found.map(([batchId, part]): [string, Found] => [batchId, { part }]));
			gathering.seek(id, { parts, oldest, firstEnd: firstEnd ?? Infinity, found: known });
		}
		return gathering;
	}

	/** The submissions of which it is not known yet whether they have finished. */
	get undecided(): EndingSubmission[] {
		return [...this.sought].map(([id, { parts }]) => ({ id, parts }));
	}

	/** What a later poll needs to go on; undefined when nothing is left to do. */
	get stored(): StoredGathering | undefined {
		if (this.sought.size === 0) return undefined;
		const sought = [...this.sought].map(
			([id, { parts, oldest, firstEnd, found }]): StoredGathering['sought'][number] => [
				id,
				parts,
				oldest,
				firstEnd === Infinity ? null : firstEnd,
				[...found].map(([batchId, { part }]) => [batchId, part]),
			],
		);
		return { ...this.place, sought };
	}

	/** Takes in batches that were read in any case, wherever they stand in the list. */
	take(batches: Iterable<Batch>): void {
		for (const batch of batches) this.takeOne(batch);
		this.conclude();
	}

	/** What to ask for next; undefined when nothing is left to do. */
	next(): GatheringRequest | undefined {
		const [doubtful] = this.doubtful;
		if (doubtful !== undefined) return { get: doubtful };
		const all = [...this.sought.values()];
		if (!all.every((one) => this.isComplete(one))) return { page: this.place.after };
		for (const { found } of all) {
			for (const [id, { batch }] of found) if (!batch) return { get: id };
		}
		return undefined;
	}

	/**
	 * Takes in the answer to a request; undefined when the server does not know the id in it.
	 *
	 * @returns false when reading cannot go on from its place in the list
	 */
	absorb(request: GatheringRequest, answer: ListPage<Batch> | Batch | undefined): boolean {
		if ('page' in request) {
			if (!answer) return false;
			this.takePage(answer as ListPage<Batch>);
		} else if (answer && isFinished(answer as Batch)) {
			this.takeOne(answer as Batch);
		} else {
			// It runs, or is gone: then a part is missing.
			this.drop(({ found }) => found.has(request.get));
		}
		this.conclude();
		return true;
	}

	/** Reads the list from its top again, when its place in it is lost. */
	restart(): void {
		this.place = {};
		this.isAtEnd = false;
	}

	private seek(id: string, sought: Sought): void {
		if (!this.isRunning(id)) this.sought.set(id, sought);
	}

	private takeOne(batch: Batch): void {
		const id = submissionIdOf(batch);
		const sought = id === null ? undefined : this.sought.get(id);
		if (!sought) return;
		const known = isFinished(batch) ? batch : sought.found.get(batch.id)?.batch;
		sought.found.set(batch.id, { part: isPart(batch) ? partNumberOf(batch) : 0, batch: known });
		if (known) this.doubtful.delete(batch.id);
		else this.doubtful.add(batch.id);
		const createdAt = creationTime(batch);
		if (known && isPart(batch)) {
			// A part may be created anew as soon as its cancellation is asked for.
			const end = eventTime(batch, 'cancelling') ?? endTime(batch) ?? createdAt;
			sought.firstEnd = Math.min(sought.firstEnd, end);
		}
		if (createdAt > 0) sought.oldest = Math.min(sought.oldest || createdAt, createdAt);
	}

	private takePage({ data, has_more: hasMore }: ListPage<Batch>): void {
		const last = data.at(-1);
		this.isAtEnd = !last || last.id === this.place.after || hasMore === false;
		for (const batch of data) this.takeOne(batch);
		const reached = creationTime(data.findLast(creationTime)) || this.place.reached;
		this.place = { after: last?.id ?? this.place.after, reached };
		const isPast = ({ oldest, found }: Sought) => {
			const hasRetry = [...found.values()].some(({ part }) => part === 0);
			return (reached ?? Infinity) < oldest - (hasRetry ? RETRY_GAP : PART_GAP);
		};
		this.drop((sought) => !hasAllParts(sought) && (this.isAtEnd || isPast(sought)));
	}

	/** Whether all batches of a submission have been found. */
	private isComplete(sought: Sought): boolean {
		if (!hasAllParts(sought)) return false;
		return this.isAtEnd || (this.place.reached ?? Infinity) <= sought.firstEnd;
	}

	private drop(isDropped: (sought: Sought) => boolean): void {
		for (const [id, sought] of this.sought) {
			if (!isDropped(sought)) continue;
			this.sought.delete(id);
			for (const batchId of sought.found.keys()) this.doubtful.delete(batchId);
		}
	}

	/** Moves the submissions of which everything is known to the finished ones. */
	private conclude(): void {
		for (const [id, sought] of this.sought) {
			const batches = [...sought.found.values()].map(({ batch }) => batch);
			const known = batches.filter((batch) => batch !== undefined);
			if (known.length < batches.length || !this.isComplete(sought)) continue;
			this.sought.delete(id);
			const event = submissionEvent(known);
			if (event) this.finished.push(event);
		}
	}
}

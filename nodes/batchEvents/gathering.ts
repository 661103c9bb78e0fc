import { endTime, eventTime } from './batchEvent';
import { creationTime } from './batchTimes';
import type { SubmissionEvent } from './submissionEvent';
import { submissionEvent } from './submissionEvent';
import type { Batch, ListPage } from '../openai/api/objects';
import { isFinished } from '../openai/api/objects';
import { isPart, partCountOf, partNumberOf } from '../openai/submissions/parts';
import { placeOf, submissionIdOf } from '../openai/submissions/submission';

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
		// The retry of a batch that nobody has submitted is no part of anything.
		const isStray = !isPart(batch) && placeOf(batch) === undefined;
		return id === null || isStray ? [] : [{ id, parts: partCountOf(batch) }];
	});
}

/** What to ask the server for: the page after a batch (or from the top), or one batch. */
export type GatheringRequest = { page: string | undefined } | { get: string };

interface Found {
	/** The number of the part; 0 for a retry of one. */
	part: number;
	/** Undefined when nobody knows whether it runs. */
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

type StoredFound = [id: string, part: number, batch: Batch | null];

/** A gathering between two polls: its place in the list, and what it has found. */
export interface StoredGathering extends PlaceInList {
	sought: Array<[submissionId: string, parts: number, found: StoredFound[]]>;
	/** In how many polls it has not come to its end. */
	polls: number;
}

/** The reasons why a batch failed can be many. */
const small = (batch: Batch): Batch => ({ ...batch, errors: null });

function hasAllParts({ parts, found }: Sought): boolean {
	const numbers = new Set([...found.values()].map(({ part }) => part));
	numbers.delete(0);
	return numbers.size === parts;
}

/**
 * Finds out which submissions have finished, when a batch of each has ended. It reads the list from
 * its newest batch on until every part is found, and at least down to the moment when the first part
 * ended, since what repeats a part is created after that. A submission with a batch that runs is
 * left alone, since it will be looked at again when that batch ends; so is one with a part that does
 * not exist yet.
 */
export class Gathering {
	readonly finished: SubmissionEvent[] = [];

	private readonly sought = new Map<string, Sought>();
	/** Batches that the list shows as unfinished, and that nobody else knows to run. */
	private readonly doubtful = new Set<string>();
	private isAtEnd = false;
	private polls = 0;

	/**
	 * @param isRunning whether a submission is known to have a batch that runs
	 * @param place how far the list has been read; what was read there is to be taken in
	 */
	constructor(
		submissions: readonly EndingSubmission[],
		isRunning: (submissionId: string) => boolean = () => false,
		private place: PlaceInList = {},
	) {
		for (const { id, parts } of submissions) {
			if (isRunning(id)) continue;
			this.sought.set(id, { parts, oldest: 0, firstEnd: Infinity, found: new Map() });
		}
	}

	/** Goes on where an earlier one has stopped. */
	static resume(
		{ sought, polls, ...place }: StoredGathering,
		isRunning: (submissionId: string) => boolean,
	): Gathering {
		const submissions = sought.map(([id, parts]) => ({ id, parts }));
		const gathering = new Gathering(submissions, isRunning, place);
		gathering.polls = polls;
		for (const [id, , found] of sought) {
			for (const [batchId, part, batch] of found) {
				if (batch) gathering.takeOne(batch);
				else gathering.doubt(id, batchId, part);
			}
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
			([id, { parts, found }]): StoredGathering['sought'][number] => [
				id,
				parts,
				[...found].map(([batchId, { part, batch }]) => [
					batchId,
					part,
					batch ? small(batch) : null,
				]),
			],
		);
		return { ...this.place, sought, polls: this.polls + 1 };
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
		return this.sought.size > 0 ? { page: this.place.after } : undefined;
	}

	/**
	 * Takes in the answer to a request; undefined when the server does not know the id in it.
	 *
	 * @returns false when reading cannot go on from its place in the list
	 */
	absorb(request: GatheringRequest, answer: ListPage<Batch> | Batch | undefined): boolean {
		if ('page' in request) {
			const page = answer as ListPage<Batch> | undefined;
			// A list that is empty shows nothing for a moment: there are batches.
			if (!page || (request.page === undefined && page.data.length === 0)) return false;
			this.takePage(page);
		} else {
			if (answer) this.takeOne(answer as Batch);
			// It runs, or is gone: then a part is missing.
			this.drop(({ found }) => found.has(request.get) && !found.get(request.get)?.batch);
			this.doubtful.delete(request.get);
		}
		this.conclude();
		return true;
	}

	/** Reads the list from its top again, when its place in it is lost. */
	restart(): void {
		this.place = {};
		this.isAtEnd = false;
	}

	private takeOne(batch: Batch): void {
		const id = submissionIdOf(batch);
		const sought = id === null ? undefined : this.sought.get(id);
		if (id === null || !sought) return;
		const createdAt = creationTime(batch);
		if (createdAt > 0) sought.oldest = Math.min(sought.oldest || createdAt, createdAt);
		const part = isPart(batch) ? partNumberOf(batch) : 0;
		if (!isFinished(batch)) return this.doubt(id, batch.id, part);
		sought.found.set(batch.id, { part, batch });
		this.doubtful.delete(batch.id);
		if (part === 0) return;
		// A part may be created anew as soon as its cancellation is asked for.
		const end = eventTime(batch, 'cancelling') ?? endTime(batch) ?? createdAt;
		sought.firstEnd = Math.min(sought.firstEnd, end);
	}

	/** Notes a batch that seems to run, unless it is known to have ended. */
	private doubt(submissionId: string, batchId: string, part: number): void {
		const found = this.sought.get(submissionId)?.found;
		if (!found || found.get(batchId)?.batch) return;
		found.set(batchId, { part });
		this.doubtful.add(batchId);
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
		return this.isAtEnd || (this.place.reached ?? Infinity) < sought.firstEnd;
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

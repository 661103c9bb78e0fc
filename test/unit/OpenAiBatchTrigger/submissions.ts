import type { SubmissionEvent } from '../../../nodes/batchEvents/submissionEvent';
import type { Batch } from '../../../nodes/openai/api/objects';
import { isFinished } from '../../../nodes/openai/api/objects';
import type { Random } from '../../support/emulator/random';
import type { ModelServer } from './model';

interface Submission {
	id: string;
	/** In the metadata, for filters. */
	job: string;
	parts: number;
	batches: Batch[];
}

interface Circumstances {
	/** So many events had happened when the trigger was activated. */
	from: number;
	deleted: ReadonlySet<string>;
	/** Whether the list always showed all batches. */
	showsAll: boolean;
	/** Whether all filters that there have been let a batch through. */
	isWatched: (batch: Batch) => boolean;
}

interface Wanted {
	part: number;
	retryOf?: Batch;
}

/** A set of batches by which an event is known, whatever the product calls it. */
const nameOf = (id: string, batches: readonly Batch[]) =>
	`${id} ${batches
		.map((batch) => batch.id)
		.sort()
		.join(' ')}`;

export const nameOfEvent = ({ submissionId, batches }: SubmissionEvent): string =>
	nameOf(submissionId, batches);

const isRetry = ({ metadata }: Batch) => metadata?.retry_of !== undefined;
const numberOf = ({ metadata }: Batch) => Number(metadata?.submission_part.split('/')[0]);
const isSpent = ({ status }: Batch) => ['failed', 'cancelled', 'cancelling'].includes(status);

/**
 * The submissions of a server: their parts are created one by one, some much later or never; parts
 * that failed are created again, and what ended is retried. After each change `note` writes down
 * which submissions have finished, as the definition of the event says it.
 */
export class Submissions {
	/** Every set that was finished at some moment, with the number of events until then. */
	readonly finished = new Map<string, number>();

	private readonly all: Submission[] = [];

	constructor(
		private readonly random: Random,
		private readonly server: ModelServer,
	) {}

	/** Creates one batch of a submission that goes on or begins. */
	create(job: string, lag: number): void {
		const { random } = this;
		// Older ones are left as they are, whether all of their parts exist or not.
		const going = this.all.slice(-20);
		const old = going.length > 0 && random.chance(0.7) ? random.pick(going) : undefined;
		const isCold = old && this.server.time - old.batches.at(-1)!.created_at! > 7 * 86_400;
		const wanted = old && !isCold ? this.wanting(old) : [];
		const submission = old && wanted.length > 0 ? old : this.begin(job);
		const first: Wanted = { part: 1 };
		const { retryOf, part } = wanted.length > 0 ? random.pick(wanted) : first;
		// What is tried again was created before, since the first try has ended.
		if (submission.batches.some((batch) => numberOf(batch) === part)) this.server.time += 1;
		const batch = this.server.create(
			{
				metadata: {
					job: submission.job,
					submission_key: `${submission.id}${String(part).padStart(16, '0')}`,
					submission_part: `${part}/${submission.parts}`,
					...(retryOf && { retry_of: retryOf.id }),
				},
			},
			lag,
		);
		submission.batches.push(batch);
	}

	/** Writes down whether the submission of a batch has finished now that the batch has changed. */
	note({ metadata }: Batch): void {
		const one = this.all.find(({ id }) => metadata?.submission_key?.startsWith(id));
		const name = one && this.finishedName(one);
		if (name && !this.finished.has(name)) this.finished.set(name, this.server.happened.length);
	}

	/**
	 * What was wrong about the submissions that were reported, in the order of their delivery. The
	 * last event of each is required, of the earlier ones only that they were true.
	 */
	verify(reported: readonly string[], { from, deleted, showsAll, isWatched }: Circumstances) {
		const left = new Set(reported);
		const twice = reported.filter((name) => !left.delete(name) && deleted.size === 0);
		const wrong = showsAll ? reported.filter((name) => !this.finished.has(name)) : [];
		const missed = this.all.flatMap((one) => {
			const name = this.finishedName(one);
			const isWhole = one.batches.every((batch) => !deleted.has(batch.id) && isWatched(batch));
			if (!name || !isWhole || (this.finished.get(name) ?? 0) <= from) return [];
			return reported.includes(name) ? [] : [name];
		});
		return { missed, twice, wrong };
	}

	private begin(job: string): Submission {
		const { random } = this;
		const id = String(this.all.length).padStart(16, 'a');
		const parts = random.pick([1, 1, 2, 3, 3, 5]);
		const submission = { id, job, parts, batches: [] };
		this.all.push(submission);
		return submission;
	}

	/** What can be created next: the next part, a part that failed, or a retry of what has ended. */
	private wanting({ parts, batches }: Submission): Wanted[] {
		const attempts = (part: number) =>
			batches.filter((batch) => !isRetry(batch) && numberOf(batch) === part);
		const numbers = Array.from({ length: parts }, (_, index) => index + 1);
		const next = numbers.find((part) => attempts(part).every(isSpent));
		const spent = next === undefined ? undefined : attempts(next).at(-1);
		// Of what failed, either the part is created again, or it is retried.
		const isRetried = spent && batches.some(({ metadata }) => metadata?.retry_of === spent.id);
		if (next !== undefined && !isRetried && (!spent || this.random.chance(0.8))) {
			return [{ part: next }];
		}
		const stands = (batch: Batch) => isRetry(batch) || attempts(numberOf(batch)).at(-1) === batch;
		return batches
			.filter((batch) => isFinished(batch) && stands(batch) && batches.length < 2 * parts + 1)
			.map((retryOf) => ({ part: numberOf(retryOf), retryOf }));
	}

	private finishedName({ id, parts, batches }: Submission): string | undefined {
		if (!batches.every(isFinished)) return undefined;
		const members = batches.filter(isRetry);
		for (let part = 1; part <= parts; part++) {
			const attempts = batches.filter((batch) => !isRetry(batch) && numberOf(batch) === part);
			const stands = attempts.find((batch) => !isSpent(batch)) ?? attempts.at(-1);
			if (!stands) return undefined;
			members.push(stands);
		}
		return nameOf(id, members);
	}
}

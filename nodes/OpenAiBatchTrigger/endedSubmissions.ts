import {
	Gathering,
	submissionsOf,
	type EndingSubmission,
	type StoredGathering,
} from '../batchEvents/gathering';
import { submissionEventId, type SubmissionEvent } from '../batchEvents/submissionEvent';
import type { Batch, ListPage } from '../openai/api/objects';
import type { Request } from './lookups';
import type { Scan } from './reading';
import { shortHash, type State } from './state';

/** The most parts, of all submissions together, that are looked for on one way down the list. */
const MOST_PARTS = 200;

/** The most submissions that wait for that. */
const MOST_WAITING = 500;

/** In so many polls the list is read to its end, or it cannot be read. */
const MOST_POLLS = 60;

interface Poll {
	/** The batches that have just ended. */
	ended: readonly Batch[];
	/** The list from its top, as far as the poll has read it. */
	head: Scan;
	/** All batches that it has read. */
	read: readonly Batch[];
	/** The state that the poll has come to. */
	state: State;
	ask: (request: Request) => Promise<ListPage<Batch> | Batch | undefined>;
	/** Whether there is time for another request. */
	hasTime: () => boolean;
}

interface Gathered extends Pick<State, 'gathering' | 'ending' | 'reported'> {
	submissions: SubmissionEvent[];
	/** What a request failed with: what was to be found out is left to the next poll. */
	problem?: Error;
}

/** How many of the submissions that were reported last are remembered. */
const MOST_REPORTED = 500;

/**
 * Leaves out what was reported before: the end of an older attempt may be noticed after that of the
 * one which stands.
 */
function notReported(submissions: readonly SubmissionEvent[], reported: readonly string[] = []) {
	const known = new Set(reported);
	const news = submissions.filter((event) => {
		const hash = shortHash(submissionEventId(event));
		const isNew = !known.has(hash);
		known.add(hash);
		return isNew;
	});
	return { submissions: news, reported: [...known].slice(-MOST_REPORTED) };
}

/** As many of the submissions as are looked for at once, and the others. */
function firstOf(ending: readonly EndingSubmission[]): EndingSubmission[][] {
	let parts = 0;
	const index = ending.findIndex((one) => (parts += one.parts) > MOST_PARTS);
	const count = index < 0 ? ending.length : Math.max(1, index);
	return [ending.slice(0, count), ending.slice(count)];
}

const unique = (ending: readonly EndingSubmission[]) => [
	...new Map(ending.map((one) => [one.id, one])).values(),
];

/**
 * Finds out which submissions have finished: from the batches that the poll has read in any case,
 * then by reading on below them. What this poll has no time for is left to the next one.
 */
export async function gatherEnded({
	ended,
	head,
	read,
	state,
	ask,
	hasTime,
}: Poll): Promise<Gathered> {
	const ending = unique([...(state.ending ?? []), ...submissionsOf(ended)]);
	if (ending.length === 0 && !state.gathering) return { submissions: [] };
	// Above what this poll has read, a retry may run that nobody has seen yet.
	if (head.pages === 0) {
		return { submissions: [], gathering: state.gathering, ending };
	}

	const running = new Set(state.open.map(({ submission }) => submission));
	const isRunning = (id: string) => running.has(shortHash(id));
	const submissions: SubmissionEvent[] = [];
	let problem: Error | undefined;
	const goOn = async (gathering: Gathering): Promise<Gathering> => {
		let request = gathering.next();
		while (request && hasTime() && !problem) {
			try {
				if (!gathering.absorb(request, await ask(request))) {
					// The batch after which the list goes on was deleted: the next poll begins again.
					gathering.restart();
					break;
				}
			} catch (error) {
				problem = error as Error;
			}
			request = gathering.next();
		}
		submissions.push(...gathering.finished);
		return gathering;
	};

	const place = { after: head.after, reached: head.reached || undefined };
	const sought = new Set(state.gathering?.sought.map(([id]) => id));
	const atHand = new Gathering(
		ending.filter(({ id }) => !sought.has(id)),
		isRunning,
		place,
	);
	atHand.take(read);
	submissions.push(...atHand.finished);
	// What is sought already may be decided without the batch that has ended now.
	let waiting = [...atHand.undecided, ...ending.filter(({ id }) => sought.has(id))];
	let gathering: StoredGathering | undefined;
	if (state.gathering && state.gathering.polls < MOST_POLLS) {
		const resumed = Gathering.resume(state.gathering, isRunning);
		resumed.take(read);
		gathering = (await goOn(resumed)).stored;
	}
	if (!gathering && waiting.length > 0 && hasTime()) {
		const [first, others] = firstOf(waiting);
		waiting = others;
		const begun = new Gathering(first, isRunning, place);
		begun.take(read);
		gathering = (await goOn(begun)).stored;
	}
	return {
		...notReported(submissions, state.reported),
		problem,
		gathering,
		ending: waiting.length > 0 ? waiting.slice(-MOST_WAITING) : undefined,
	};
}

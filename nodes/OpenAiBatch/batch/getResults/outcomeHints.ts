import type { AnswerCounts, AnswerFault } from './answerFaults';
import type { Collected } from './collect';
import type { Job } from './decide';
import type { ResultStatus } from './resultItem';
import type { Tally } from './resultSet';
import type { Batch } from '../../../openai/api/objects';
import { statusOf } from '../../../openai/api/objects';

const NOT_SUCCEEDED = ['failed', 'expired', 'cancelled', 'missing'] as const;

/** How many requests ended how, of these statuses: '2 expired, 1 missing'. */
const kindsOf = (counts: Tally['counts'], statuses: readonly ResultStatus[]) =>
	statuses
		.filter((status) => counts[status] > 0)
		.map((status) => `${counts[status]} ${status}`)
		.join(', ');

/** What became of the requests of a batch and its retries. */
type Outcome = Omit<Collected, 'items'>;

/** How many requests did not succeed, and the error that most of them ended with. */
function unsuccessful(batch: Batch, { tally, stoppedEarly }: Outcome): string[] {
	const { counts, errors, total } = tally;
	const many = total - counts.succeeded;
	if (many === 0) return [];
	const of = stoppedEarly ? `first ${total}` : String(total);
	const start =
		counts.succeeded === 0
			? `None of the ${of} requests of batch ${batch.id} succeeded`
			: `${many} of the ${of} requests of batch ${batch.id} did not succeed`;
	const common = errors.mostCommon();
	return [`${start} (${kindsOf(counts, NOT_SUCCEEDED)}).`, ...(common ? [common] : [])];
}

/** What the answers are, and what to do, by what is wrong with them. */
const ADVICE: Record<
	Exclude<AnswerFault, 'unparsed'>,
	{ one: string; many: string; advice: string }
> = {
	cut_off: {
		one: 'was cut off at its token limit',
		many: 'were cut off at their token limit',
		advice:
			'Raise Max Tokens for the next batch. For this one, use Retry Unfinished: choose Cut Off under Include, and set a higher limit in Body Fields.',
	},
	empty: {
		one: 'is empty',
		many: 'are empty',
		advice:
			'Look at the prompts. To run these requests again, name them under Custom IDs of Retry Unfinished.',
	},
	invalid_json: {
		one: 'is not JSON',
		many: 'are not JSON',
		advice:
			'The field parse_error says why. Ask for JSON with Answer Columns or a JSON schema. If these requests did, use Retry Unfinished and choose Not JSON under Include.',
	},
	refused: {
		one: 'was refused by the model or by a filter',
		many: 'were refused by the model or by a filter',
		advice:
			'Look at the prompts. To run these requests again, use Retry Unfinished: choose Refused under Include, with another model in Body Fields.',
	},
};

const UNPARSED = 'The answers are JSON as text. To get their fields, add the option Parse JSON.';

/** What the user should know about answers that are of no use, and what to do about them. */
function faultHints(counts: AnswerCounts): string[] {
	const { answers, unparsed } = counts;
	if (unparsed === answers) return [UNPARSED];
	return (Object.keys(ADVICE) as Array<keyof typeof ADVICE>).flatMap((fault) => {
		const count = counts[fault] ?? 0;
		if (count === 0) return [];
		const { one, many, advice } = ADVICE[fault];
		const whole = answers === 1 ? '1 answer' : `${answers} answers`;
		return `${count} of ${whole} ${count === 1 ? one : many}. ${advice}`;
	});
}

const ENDED_EARLY: Record<string, string> = {
	expired: 'The batch expired. Requests that ran before have results and were charged.',
	cancelled: 'The batch was cancelled. Requests that ran before have results and were charged.',
};

/** What Get Results returns, and whether it deletes what it read. */
interface Returned {
	include: ReadonlySet<ResultStatus>;
	deleteFiles: boolean;
}

/** What Delete Files takes away although it is not returned; undefined when that is nothing. */
function lostHint({ deleteFiles, include }: Returned, { counts }: Tally): string | undefined {
	const lost = NOT_SUCCEEDED.filter((status) => !include.has(status));
	const many = lost.reduce((sum, status) => sum + counts[status], 0);
	if (!deleteFiles || many === 0) return undefined;
	return `Include Statuses left out ${many} ${many === 1 ? 'request' : 'requests'} that did not succeed (${kindsOf(counts, lost)}). Because of Delete Files, ${many === 1 ? 'it' : 'they'} can no longer be retried.`;
}

/** What the user should know about the results of a batch; nothing when all is well. */
export function outcomeHints(job: Job, outcome: Outcome, returned: Returned): string[] {
	const hints = [resultsHint(job, outcome, returned), lostHint(returned, outcome.tally)];
	return hints.filter((hint) => hint !== undefined);
}

/** About the results as a whole. */
function resultsHint(
	{ batch, failed }: Job,
	outcome: Outcome,
	{ deleteFiles }: Returned,
): string | undefined {
	const { tally, missingKnown } = outcome;
	const { counts, repeatedIds, total } = tally;
	const parts = unsuccessful(batch, outcome);
	// It needs the input file.
	if (parts.length > 0 && missingKnown && !deleteFiles) {
		parts.push(
			'Retry Unfinished runs these requests again, except where the same error would only repeat.',
		);
	}
	const ended = ENDED_EARLY[statusOf(batch)];
	if (ended && counts.succeeded < total) parts.push(ended);
	if (!missingKnown) {
		parts.push(
			'The input file is no longer there. Requests could not be added to the results, and requests without a result could not be found.',
		);
	}
	if (repeatedIds.length > 0) {
		parts.push(
			`A custom_id stands for more than one request, and all their results are returned: ${repeatedIds.join(', ')}. Which result belongs to which request is not known.`,
		);
	}
	if (failed.length > 0) {
		const ids = failed.map(({ id }) => id).join(', ');
		parts.push(`These retries failed before any request ran, so they have no results: ${ids}.`);
	}
	parts.push(...faultHints(outcome.answers));
	return parts.length > 0 ? parts.join(' ') : undefined;
}

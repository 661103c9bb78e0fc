import type { Check, Contest } from './contest';
import { CSV_BYTES, PROMPT_BYTES } from './node/csv';
import type { JobSamples, Sample } from './samples';
import type { Show } from '../support/lab/show';
import type { Step } from '../support/lab/workflows/steps';

/** The most requests of a batch. */
const PER_BATCH = 50_000;

/** As many rows as n8n's own nodes survive in a small n8n as a rule, and as many as end it. */
const SURVIVED = 25_000;
const TOO_MANY = 50_000;

const ENDED = 'n8n ran out of memory and ended';

/** So many rows, where there are more, show that memory does not grow with them. */
const FEWER = 100_000;

/** Enough rows for all code to run once before the measurements. */
const WARM_UP = 1_000;

/** The heap of n8n in MB, as the smallest plan of n8n Cloud has it. */
export const SMALL_HEAP = 320;

export const SUBMIT_FILE = 'submit a file';
export const RESULTS_FILE = 'results as a file';

/** What n8n's own nodes did with more rows than a small n8n bears. */
export interface TooMany {
	rows: number;
	/** How far they came, or what became of n8n. */
	outcome: string;
}

/** Those that take a file there and back. */
type Contestant = 'undici' | 'package' | 'nodes';

interface Pair {
	submit: Sample;
	results: Sample;
}

const name = (rows: number) => `${rows.toLocaleString('en-US')} rows`;

/** Files of rows there and back, with each contestant. */
class FileJobs {
	constructor(private readonly contest: Contest) {}

	async undici(rows: number): Promise<Pair> {
		const { api, floor } = this.contest;
		const job = { api, rows, perBatch: PER_BATCH };
		const submit = await this.contest.limit(() => floor.submitCsv(job), sent(rows), true);
		const outputFileIds = (await this.completed()).map(({ outputFileId }) => outputFileId);
		const results = await this.contest.limit(
			() => floor.resultsCsv({ ...job, outputFileIds }),
			({ items, binaryBytes }) => items === rows && isFile(rows, binaryBytes),
			true,
		);
		return await this.cleared({ submit, results });
	}

	async package(rows: number): Promise<Pair> {
		const { packageNode } = this.contest;
		const submit = await this.steps(rows, packageNode.submitFile(), (outcome) => {
			const parts = Math.ceil(rows / PER_BATCH);
			return outcome.items === parts && sent(rows)(outcome);
		});
		const [{ id }] = await this.completed();
		const results = await this.steps(0, packageNode.resultsFile(id), (outcome) => {
			const { returned, succeeded } = (outcome.lastItem ?? {}) as Record<string, unknown>;
			return returned === rows && succeeded === rows && isFile(rows, outcome.binaryBytes);
		});
		return await this.cleared({ submit, results });
	}

	/** Only for rows that are one batch. */
	async nodes(rows: number): Promise<Pair> {
		const { ownNodes } = this.contest;
		const submit = await this.steps(rows, ownNodes.submitFile(), sent(rows));
		const [{ outputFileId }] = await this.completed();
		const results = await this.steps(rows, ownNodes.resultsFile(outputFileId), (outcome) =>
			isFile(rows, outcome.binaryBytes),
		);
		return await this.cleared({ submit, results });
	}

	/** What becomes of n8n when its own nodes get more rows than it bears. It is not used after this. */
	async tooMany(rows: number): Promise<TooMany> {
		try {
			const { submit, results } = await this.nodes(rows);
			const seconds = (submit.seconds + results.seconds).toFixed(1);
			return { rows, outcome: `they took ${seconds} s` };
		} catch (error) {
			if (await this.contest.hasEnded()) return { rows, outcome: ENDED };
			return { rows, outcome: `they failed: ${(error as Error).message}` };
		}
	}

	private async steps(rows: number, steps: Step[], check: Check): Promise<Sample> {
		const source = rows > 0 ? { operation: 'csv', rows } : { operation: 'nothing' };
		return await this.contest.steps(source, steps, check, true);
	}

	private async completed() {
		return await this.contest.emulator.completeAll();
	}

	private async cleared(pair: Pair): Promise<Pair> {
		await this.contest.emulator.removeAll();
		return pair;
	}
}

/** Whether requests with the prompts of so many rows have arrived. */
const sent =
	(rows: number): Check =>
	({ uploaded }) =>
		uploaded > rows * PROMPT_BYTES && uploaded < rows * 2 * PROMPT_BYTES;

/** Whether a file is as long as so many rows and their answers. */
const isFile = (rows: number, bytes = 0) => bytes > rows * CSV_BYTES;

/**
 * Takes a file of rows there and back: with this package and with undici alone, and with n8n's own
 * nodes as many rows as they survive in a small n8n, and then more.
 */
export async function runMillion(
	contest: Contest,
	{ rows, runs }: { rows: number; runs: number },
	show: Show,
	signal: AbortSignal,
): Promise<{ jobs: JobSamples[]; tooMany: TooMany }> {
	const fileJobs = new FileJobs(contest);
	const few = Math.min(rows, SURVIVED);
	const jobs: JobSamples[] = [];
	/** @returns false when n8n has ended under its own nodes: what was measured before still counts */
	const measure = async (count: number, contestants: Contestant[], runs = 1): Promise<boolean> => {
		const size = { rows: count, bytes: CSV_BYTES };
		const job = (group: string): JobSamples => {
			return { job: `${group} ${name(count)}`, group, size, samples: {} };
		};
		const [submit, results] = [job(SUBMIT_FILE), job(RESULTS_FILE)];
		jobs.push(submit, results);
		const turns = Array.from({ length: runs }, () => contestants).flat();
		for (const contestant of turns) {
			signal.throwIfAborted();
			show.step(`${name(count)}, there and back: ${contestant}`);
			let pair: Pair;
			try {
				pair = await fileJobs[contestant](count);
			} catch (error) {
				if (contestant !== 'nodes' || !(await contest.hasEnded())) throw error;
				show.note(ENDED);
				return false;
			}
			(submit.samples[contestant] ??= []).push(pair.submit);
			(results.samples[contestant] ??= []).push(pair.results);
			const times = [pair.submit, pair.results].map(({ seconds }) => `${seconds.toFixed(2)} s`);
			show.note(times.join(', '));
		}
		return true;
	};

	const warmUp = async (contestant: Contestant) => {
		show.step(`Warming up: ${contestant}`);
		await fileJobs[contestant](Math.min(rows, WARM_UP));
	};
	await warmUp('undici');
	await warmUp('package');
	// First, since n8n's own nodes leave a larger process behind, which would hide what a file needs.
	if (rows > FEWER) await measure(FEWER, ['undici', 'package']);
	if (rows > few) await measure(rows, ['undici', 'package']);
	await warmUp('nodes');
	if (!(await measure(few, ['undici', 'package', 'nodes'], runs))) {
		return { jobs, tooMany: { rows: few, outcome: ENDED } };
	}
	const many = Math.min(rows, TOO_MANY);
	show.step(`${name(many)} with n8n's own nodes`);
	const tooMany = await fileJobs.tooMany(many);
	show.note(tooMany.outcome);
	return { jobs, tooMany };
}

import { join } from 'node:path';
import type { Show } from '../support/lab/show';
import { startChild } from '../support/processes/child';
import type { Arguments } from './arguments';
import { Contest } from './contest';
import { allJobs, type Job } from './jobs';
import { runMillion, SMALL_HEAP, type TooMany } from './million';
import { N8nBench } from './n8nBench';
import { requireCost, type RequireCost } from './requireCost';
import type { Contestant, JobSamples, Sample } from './samples';

/** Enough requests for all code to run once before the measurements. */
const WARM_UP = { rows: 1_000, bytes: 600 };

export interface Outcome {
	jobs: JobSamples[];
	/** Undefined where it was not measured. */
	required?: RequireCost;
	tooMany?: TooMany;
}

/** Starts everything that takes part, each in its own process. */
async function start(
	folder: string,
	options: { profiles?: string; heap?: number; semiSpace?: number },
	show: Show,
	stack: AsyncDisposableStack,
	signal: AbortSignal,
): Promise<Contest> {
	show.step('Starting the API and undici');
	const emulator = startChild<typeof import('./emulatorProcess')>(
		join(__dirname, 'emulatorProcess.ts'),
		['api', 'complete', 'completeAll', 'removeAll', 'settle', 'keep'],
	);
	stack.defer(async () => void (await emulator.end()));
	const floor = startChild<typeof import('./floor/process')>(
		join(__dirname, 'floor', 'process.ts'),
		['submit', 'submitCsv', 'submitImages', 'results', 'resultsCsv', 'uploadFile', 'downloadFile'],
	);
	stack.defer(async () => void (await floor.end()));
	const api = await emulator.api();
	const n8n = await N8nBench.open({ folder, api, ...options, show, signal });
	stack.defer(async () => await n8n.close());
	return new Contest(api, emulator, floor, n8n);
}

async function runJob({ contestants }: Job, { samples }: JobSamples, signal: AbortSignal) {
	for (const [name, measure] of Object.entries(contestants)) {
		signal.throwIfAborted();
		const sample: Sample = await measure();
		(samples[name as Contestant] ??= []).push(sample);
	}
}

/**
 * Measures all jobs. The contestants of a job take turns, and so do the jobs, so that other work of
 * the machine affects all of them.
 */
export async function runBench(
	{ sizes, runs, only, profile: profiles, million, semiSpace }: Arguments,
	folder: string,
	show: Show,
	stack: AsyncDisposableStack,
	signal: AbortSignal,
): Promise<Outcome> {
	if (million !== undefined) {
		const options = { profiles, heap: SMALL_HEAP, semiSpace };
		const contest = await start(folder, options, show, stack, signal);
		return await runMillion(contest, { rows: million, runs }, show, signal);
	}
	const contest = await start(folder, { profiles, semiSpace }, show, stack, signal);
	show.step('Loading the package as n8n does');
	const required = await requireCost();
	const chosen = allJobs(contest, sizes).filter(({ name }) => name.includes(only));
	const jobs = chosen.map(({ name, group, size }): JobSamples => {
		return { job: name, group, size, samples: {} };
	});

	show.step('Warming up');
	for (const job of allJobs(contest, [WARM_UP])) {
		await runJob(job, { job: '', group: '', size: job.size, samples: {} }, signal);
	}
	for (let run = 1; run <= runs; run++) {
		show.step(`Run ${run} of ${runs}`);
		for (const [index, job] of chosen.entries()) {
			await runJob(job, jobs[index], signal);
			const times = Object.entries(jobs[index].samples).map(
				([name, samples]) => `${name} ${samples.at(-1)!.seconds.toFixed(2)} s`,
			);
			show.note(`${job.name}: ${times.join(', ')}`);
		}
	}
	return { jobs, required };
}

import { join } from 'node:path';
import { Closers } from '../support/lab/closers';
import type { Show } from '../support/lab/show';
import { ensureN8n } from '../support/lab/install';
import { packPackage } from '../support/lab/package';
import type { Arguments } from './arguments';
import { startChild } from './child';
import { Contest } from './contest';
import { compileCustomNode } from './customNode';
import type { EmulatorHandlers } from './emulatorProcess';
import type { FloorHandlers } from './floor/process';
import { allJobs, type Job } from './jobs';
import { N8nProcess } from './n8nProcess';
import { requireCost, type RequireCost } from './requireCost';
import type { Contestant, JobSamples, Sample } from './samples';

/** Enough for all code to have run once. */
const WARM_UP = { rows: 1_000, bytes: 600 };

export interface Outcome {
	jobs: JobSamples[];
	required: RequireCost;
}

/** Starts everything that takes part, each in a process of its own. */
async function start(
	folder: string,
	profiles: string | undefined,
	show: Show,
	closers: Closers,
	signal: AbortSignal,
) {
	show.step('Building and packing the package');
	const tarball = await packPackage(join(folder, 'package'), signal);
	const required = await requireCost();

	show.step('Looking for n8n; the first time it takes several minutes to install');
	const { version } = await ensureN8n({ onProgress: show.note, signal });

	show.step(`Starting n8n ${version}, the API and undici`);
	const emulator = startChild<EmulatorHandlers>(join(__dirname, 'emulatorProcess.ts'));
	closers.add(emulator.stop);
	const floor = startChild<FloorHandlers>(join(__dirname, 'floor', 'process.ts'));
	closers.add(floor.stop);
	const api = await emulator.call('api');
	const customNodes = join(folder, 'custom');
	await compileCustomNode(customNodes);
	const n8n = await N8nProcess.start({ folder, tarball, customNodes, api, profiles, signal });
	closers.add(async () => await n8n.stop());
	return { contest: new Contest(api, emulator, floor, n8n), required };
}

async function runJob({ contestants }: Job, { samples }: JobSamples, signal: AbortSignal) {
	for (const [name, measure] of Object.entries(contestants)) {
		signal.throwIfAborted();
		const sample: Sample = await measure();
		(samples[name as Contestant] ??= []).push(sample);
	}
}

/**
 * Measures all jobs. The contestants of a job take turns, and so do the jobs, so that whatever else
 * the machine does meets all of them.
 */
export async function runBench(
	{ sizes, runs, only, profile }: Arguments,
	folder: string,
	show: Show,
	closers: Closers,
	signal: AbortSignal,
): Promise<Outcome> {
	const { contest, required } = await start(folder, profile, show, closers, signal);
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

/**
 * `npm run test:leaks -- --runs N --only text`: runs each operation again and again in n8n's engine
 * and looks whether its memory grows. Fails when it does.
 */
import '../engine/harness/environment';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch, OpenAiBatchTrigger } from '../chaos/nodes';
import { startChild } from '../bench/child';
import { closeHarness, createEngine } from '../engine/harness';
import type { EmulatorHandlers } from './emulatorProcess';
import { NODE, Operations, TRIGGER, type Job } from './jobs';

const { values } = parseArgs({
	options: { runs: { type: 'string', default: '1000' }, only: { type: 'string', default: '' } },
});
const runs = Number(values.runs);

/** Caches fill and code is compiled in the first runs. */
const WARM_UP = 100;

/** The growth for each run that is taken for chance, and for n8n's engine: a leak of one item is more. */
const MAX_BYTES_PER_RUN = 1_024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function used(): Promise<number> {
	// What ends with a turn of the event loop is garbage only then.
	await new Promise((resolve) => setImmediate(resolve));
	collect();
	const { heapUsed, external } = process.memoryUsage();
	return heapUsed + external;
}

async function repeat({ run }: Job, times: number): Promise<void> {
	for (let count = 0; count < times; count++) await run();
}

/** Returns whether the memory stayed as it was. */
async function measure(job: Job): Promise<boolean> {
	await repeat(job, WARM_UP);
	const before = await used();
	const begun = performance.now();
	await repeat(job, runs);
	const seconds = (performance.now() - begun) / 1000;
	const growth = (await used()) - before;
	const perRun = growth / runs;
	const isSteady = perRun <= MAX_BYTES_PER_RUN;
	const kilobytes = (growth / 1024).toFixed(0);
	console.log(
		`${job.name}: ${kilobytes} KB after ${runs} runs, ${perRun.toFixed(0)} bytes a run${isSteady ? '' : ', WHICH GROWS'} (${seconds.toFixed(0)} s)`,
	);
	return isSteady;
}

async function main(): Promise<boolean> {
	if (!Number.isInteger(runs) || runs < 1) throw new TypeError('--runs has to be a whole number');
	const emulator = startChild<EmulatorHandlers>(join(__dirname, 'emulatorProcess.ts'));
	try {
		const api = await emulator.call('api');
		const engine = await createEngine({
			nodes: { [NODE]: OpenAiBatch, [TRIGGER]: OpenAiBatchTrigger },
			credentials: [OpenAiBatchApi],
			credentialData: { openAiBatchApi: { ...api } },
		});
		const operations = new Operations(engine);
		const [first, second] = [await operations.submit(), await operations.submit()];
		const [completed, expired] = [String(first.id), String(second.id)];
		await emulator.call('step', { id: completed, status: 'completed' });
		await emulator.call('step', { id: expired, status: 'expired' });
		const inputFile = String(first.input_file_id);
		const jobs = await operations.jobs({ completed, inputFile, expired });
		let areSteady = true;
		for (const job of jobs) {
			if (job.name.includes(values.only)) areSteady = (await measure(job)) && areSteady;
		}
		return areSteady;
	} finally {
		await emulator.stop();
	}
}

void main()
	.then(
		(areSteady) => (process.exitCode = areSteady ? 0 : 1),
		(error: unknown) => {
			console.error(error);
			process.exitCode = 1;
		},
	)
	.finally(closeHarness);

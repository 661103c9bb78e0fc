/**
 * `npm run test:leaks -- --runs N --only text`: runs each operation again and again in n8n's engine
 * and checks whether its memory grows. Fails when it does.
 */
import '../support/engine/environment';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { closeHarness, createEngine } from '../support/engine';
import { OpenAiBatch, OpenAiBatchTrigger } from '../support/engine/nodes';
import { startChild } from '../support/processes/child';
import { NODE, Operations, TRIGGER, type Job } from './jobs';

const { values } = parseArgs({
	options: { runs: { type: 'string', default: '1000' }, only: { type: 'string', default: '' } },
});
const runs = Number(values.runs);

/** Caches fill and code is compiled in the first runs. */
const WARM_UP = 100;

/** The memory of a job goes up and down by so much by chance. */
const MAX_GROWTH = 4 * 1024 * 1024;

const COLLECTIONS = 10;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The memory in use without garbage. Collecting takes several turns: finalizers free more of it. */
async function used(): Promise<number> {
	for (let turns = 0; turns < COLLECTIONS; turns++) {
		await turn();
		collect();
	}
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
	const isSteady = growth <= MAX_GROWTH;
	const kilobytes = (growth / 1024).toFixed(0);
	console.log(
		`${job.name}: ${kilobytes} KB after ${runs} runs, ${(growth / runs).toFixed(0)} bytes a run${isSteady ? '' : ', WHICH GROWS'} (${seconds.toFixed(0)} s)`,
	);
	return isSteady;
}

async function main(): Promise<boolean> {
	if (!Number.isInteger(runs) || runs < 1) throw new TypeError('--runs has to be a whole number');
	const module = join(__dirname, 'emulatorProcess.ts');
	const emulator = startChild<typeof import('./emulatorProcess')>(module, ['api', 'step']);
	try {
		const api = await emulator.api();
		const engine = await createEngine({
			nodes: { [NODE]: OpenAiBatch, [TRIGGER]: OpenAiBatchTrigger },
			credentials: [OpenAiBatchApi],
			credentialData: { openAiBatchApi: { ...api } },
			// n8n's other engine makes an isolate for each execution, which is most of the time.
			expressionEngine: 'legacy',
		});
		const operations = new Operations(engine);
		const [first, second] = [await operations.submit(), await operations.submit()];
		const [completed, expired] = [String(first.id), String(second.id)];
		await emulator.step(completed, 'completed');
		await emulator.step(expired, 'expired');
		const inputFile = String(first.input_file_id);
		const jobs = await operations.jobs({ completed, inputFile, expired });
		let areSteady = true;
		for (const job of jobs) {
			if (job.name.includes(values.only)) areSteady = (await measure(job)) && areSteady;
		}
		return areSteady;
	} finally {
		await emulator.end();
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

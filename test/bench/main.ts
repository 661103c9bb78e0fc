import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closers } from '../support/lab/closers';
import { showOnConsole } from '../support/lab/show';
import { readArguments, USAGE } from './arguments';
import { runBench } from './bench';
import { goals, type Goal } from './goals';
import { drawPlot } from './plot';
import { resultsTable, toTable } from './table';

function stopSignal(): AbortSignal {
	const controller = new AbortController();
	for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(name, () => controller.abort(new Error('Stopped.')));
	}
	return controller.signal;
}

const goalsTable = (all: Goal[]): string =>
	toTable([
		['goal', 'limit', 'measured', 'met'],
		...all.map(({ name, limit, value, isMet }) => [
			name,
			limit,
			value.toFixed(value < 10 ? 2 : 0),
			isMet ? 'yes' : 'NO',
		]),
	]);

/** Returns the exit code: 0 when every job was done as it should be, however long it took. */
async function main(): Promise<number> {
	const closers = new Closers();
	const signal = stopSignal();
	try {
		const options = readArguments(process.argv.slice(2));
		if (options.help) {
			console.log(USAGE);
			return 0;
		}
		if (process.platform !== 'linux') throw new Error('Memory and CPU time are read from Linux.');
		const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-'));
		closers.add(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
		const outcome = await runBench(options, folder, showOnConsole, closers, signal);
		const reached = goals(outcome.jobs, outcome.required);
		console.log(`\n${resultsTable(outcome.jobs)}\n\n${goalsTable(reached)}`);
		const json = JSON.stringify({ ...outcome, goals: reached }, null, '\t');
		if (options.json) await writeFile(options.json, `${json}\n`);
		if (options.plot) await drawPlot(outcome.jobs, options.plot);
		return 0;
	} catch (error) {
		console.error(`\n${error instanceof Error ? error.stack : String(error)}`);
		return 1;
	} finally {
		await closers.close();
	}
}

void main().then((code) => process.exit(code));

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/command';
import { showOnConsole } from '../support/lab/show';
import { toTable } from '../support/table';
import { readArguments, USAGE } from './arguments';
import { runBench } from './bench';
import { goals, isMemory, type Goal } from './goals';
import { drawPlot } from './plot';
import { resultsTable } from './table';

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

/**
 * The exit code is 0 when every job was done as it should be, however long it took. With `--million`,
 * it also has to have been done within the memory that is its goal.
 */
runCommand(async (stack, signal) => {
	const options = readArguments(process.argv.slice(2));
	if (options.help) {
		console.log(USAGE);
		return 0;
	}
	if (process.platform !== 'linux') throw new Error('Memory and CPU time are read from Linux.');
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-'));
	stack.defer(async () => await rm(folder, { recursive: true, force: true, maxRetries: 5 }));
	const outcome = await runBench(options, folder, showOnConsole, stack, signal);
	const reached = goals(outcome.jobs, outcome.required);
	console.log(`\n${resultsTable(outcome.jobs)}\n\n${goalsTable(reached)}`);
	const { tooMany } = outcome;
	if (tooMany) console.log(`\n${tooMany.rows} rows with n8n's own nodes: ${tooMany.outcome}.`);
	const json = JSON.stringify({ ...outcome, goals: reached }, null, '\t');
	if (options.json) await writeFile(options.json, `${json}\n`);
	if (options.plot) await drawPlot(outcome.jobs, options.plot);
	const isTooLarge = reached.some((one) => isMemory(one) && !one.isMet);
	return options.million !== undefined && isTooLarge ? 1 : 0;
});

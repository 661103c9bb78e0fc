import { cpus } from 'node:os';
import { runCommand } from '../../../support/command';
import { Stage } from '../stage';
import { round, SIZES, type Round } from './rounds';
import { serveRows } from './rows';
import { throughputTable } from './table';
import { triggerTable } from './trigger';

const MOST_WORKERS = 3;

/** Measures with one worker, then with one more each time. */
async function measureAll(stage: Stage): Promise<Round[]> {
	const rows = await serveRows();
	stage.defer(rows.close);
	const rounds: Round[] = [];
	for (let workers = 1; workers <= MOST_WORKERS; workers++) {
		if (workers > 1) await stage.cluster.addWorker();
		// The first executions of a process compile its code.
		await round(stage, rows.url, { requests: 100, batches: 10 * workers });
		for (const size of SIZES) {
			console.error(`${workers} worker(s), batches of ${size.requests} requests`);
			rounds.push(await round(stage, rows.url, size));
		}
	}
	return rounds;
}

/** Prints how many batches a minute n8n submits and collects with one, two and three workers. */
runCommand(async (stack, signal) => {
	if (process.platform !== 'linux') throw new Error('CPU time is read from Linux.');
	const stage = await Stage.open(1);
	stack.defer(async () => await stage.close());
	const measured = async () => {
		const rounds = await measureAll(stage);
		console.log(`\n${cpus().length} CPUs: ${cpus()[0].model}\n\n${throughputTable(rounds)}`);
		console.log(`\n${await triggerTable(stage)}`);
		return 0;
	};
	const stopped = new Promise<number>((resolve) => {
		signal.addEventListener('abort', () => resolve(1));
	});
	return await Promise.race([measured(), stopped]);
});

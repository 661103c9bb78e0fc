import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackage } from '../../../support/lab/package';
import { rememberTarball } from '../../triggers/packed';
import { Stage } from '../stage';
import { round, SIZES, type Round } from './rounds';
import { serveRows } from './rows';
import { throughputTable } from './table';
import { triggerTable } from './trigger';

const MOST_WORKERS = 3;

/** Measures with one worker, then with one more each time. */
async function measureAll(stage: Stage): Promise<Round[]> {
	const rows = await serveRows();
	stage.onClose(rows.close);
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
async function main(): Promise<number> {
	if (process.platform !== 'linux') throw new Error('CPU time is read from Linux.');
	const folder = await mkdtemp(join(tmpdir(), 'openai-batch-package-'));
	let stage: Stage | undefined;
	const stopped = new Promise<number>((resolve) => {
		for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => resolve(1));
	});
	const work = async () => {
		rememberTarball(await packPackage(folder));
		stage = await Stage.open(1);
		const rounds = await measureAll(stage);
		console.log(`\n${cpus().length} CPUs: ${cpus()[0].model}\n\n${throughputTable(rounds)}`);
		console.log(`\n${await triggerTable(stage)}`);
		return 0;
	};
	try {
		return await Promise.race([work(), stopped]);
	} finally {
		await stage?.close();
		await rm(folder, { recursive: true, force: true });
	}
}

void main().then(
	(code) => process.exit(code),
	(error: unknown) => {
		console.error(error);
		process.exit(1);
	},
);

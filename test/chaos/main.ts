/**
 * `npm run test:chaos -- --seed N --runs M`: random stories under random faults, each with a server
 * that its seed chooses, or with the one of `--dialect NAME`. With `--ledger` the requests of a
 * story that went wrong are shown.
 */
// First: it takes n8n's sleep's place before anything is loaded that sleeps.
import { virtualTime } from './virtualTime';
import { inspect, parseArgs } from 'node:util';
import { closeHarness } from '../support/engine';
import { SERVER_NAMES, serverNamed } from './servers';
import { senderOf } from './start';
import { tell } from './story';
import { openWorld, startChaosEngine, type World } from './world';

const { values } = parseArgs({
	options: {
		seed: { type: 'string' },
		runs: { type: 'string', default: '40' },
		dialect: { type: 'string' },
		ledger: { type: 'boolean', default: false },
	},
});
const first = Number(values.seed ?? virtualTime.realNow() % 1_000_000);
const runs = Number(values.runs);

/** After so many stories a line says that it goes on, and how much memory is in use. */
const REPORT_EVERY = 50;

/** A story that takes longer than this, in real time, hangs. */
const LONGEST_STORY_MS = 60_000;

const totals: Record<string, number> = {};

/** Seeds that follow each other go through all servers. */
const serverOf = (seed: number) => values.dialect ?? SERVER_NAMES[seed % SERVER_NAMES.length];

const count = (name: string, by = 1) => {
	totals[name] = (totals[name] ?? 0) + by;
};

async function run(engine: Parameters<typeof openWorld>[0], seed: number) {
	const serverName = serverOf(seed);
	const world: World = await openWorld(engine, { seed, serverName, count });
	count(`stories with ${serverName}`);
	let timer: NodeJS.Timeout | undefined;
	const limit = new Promise<void>((resolve) => {
		timer = setTimeout(() => {
			world.broken('nothing hangs', world.emulator.ledger.requests.at(-1));
			resolve();
		}, LONGEST_STORY_MS);
	});
	try {
		await Promise.race([tell(world), limit]);
	} catch (error) {
		world.broken('a story comes to its end', error);
	}
	clearTimeout(timer);
	if (values.ledger && world.violations.length > 0) showLedger(world);
	await world.emulator.close();
	return world.violations;
}

/**
 * Each request: when, in milliseconds of the story, by which execution, its answer, and the fault
 * that struck it.
 */
function showLedger({ emulator: { ledger }, executions }: World): void {
	const [{ at: begin }] = ledger.requests;
	for (const request of ledger.requests) {
		const { at, method, path, status, fault = '' } = request;
		const number = senderOf(request);
		const sender = number === undefined ? '' : `${number} ${executions[number].act.operation}`;
		console.log(`${Math.round(at - begin)} ${sender} ${method} ${path} ${status ?? '-'} ${fault}`);
	}
}

function showViolations(seed: number, violations: World['violations']): void {
	console.log(
		`\nseed ${seed} broke an invariant; alone: npm run test:chaos -- --seed ${seed} --runs 1 --dialect ${serverOf(seed)}`,
	);
	for (const violation of violations.slice(0, 5)) {
		console.log(inspect(violation, { depth: 6, breakLength: 120 }));
	}
}

function memory(): string {
	const { heapUsed, external, rss } = process.memoryUsage();
	const [heap, outside, whole] = [heapUsed, external, rss].map((n) => Math.round(n / 2 ** 20));
	return `${heap} MB heap, ${outside} MB outside of it, ${whole} MB in all`;
}

async function main(): Promise<void> {
	if (!Number.isInteger(first) || !Number.isInteger(runs) || runs < 1) {
		throw new TypeError('--seed and --runs have to be whole numbers');
	}
	serverNamed(serverOf(first));
	const begun = virtualTime.realNow();
	const engine = await startChaosEngine();
	let failed = 0;
	for (let seed = first; seed < first + runs; seed++) {
		const violations = await virtualTime.tell(async () => await run(engine, seed));
		if (violations.length > 0) {
			failed++;
			showViolations(seed, violations);
		}
		const done = seed - first + 1;
		if (done % REPORT_EVERY === 0) console.log(`${done} of ${runs} runs, ${memory()}`);
	}
	const seconds = Math.round((virtualTime.realNow() - begun) / 1000);
	console.log(
		`\nseeds ${first} to ${first + runs - 1}: ${runs - failed} of ${runs} runs kept all invariants (${seconds} s)`,
	);
	for (const [name, count] of Object.entries(totals).sort()) console.log(`  ${count} ${name}`);
	process.exitCode = failed === 0 ? 0 : 1;
}

void main()
	.catch((error: unknown) => {
		console.error(error);
		process.exitCode = 1;
	})
	.finally(closeHarness);

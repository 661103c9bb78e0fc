import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCredential } from '../support/lab/account';
import { Lab } from '../support/lab/lab';
import { failureOf } from '../support/lab/n8n/executions';
import type { Show } from '../support/lab/show';
import { byHand, chain, START, type Credential, type Step } from '../support/lab/workflows/steps';
import { factsOf } from '../support/processes/facts';
import { compileCustomNode } from './customNode';
import type { Api } from './floor/api';
import type { NodeReport } from './node/Bench.node';
import { watch, type Watched } from './watch';
import { bench } from './workflows/nodes';

/** How long n8n may take to end after it has stopped answering. */
const END_MS = 60_000;

/** How often the report is looked for, and how often n8n is asked in its place. */
const LOOK_MS = 20;
const LOOKS_PER_QUESTION = 250;

const MEGABYTE = 1024 * 1024;

/** One execution of a workflow in n8n. */
export interface N8nRun extends NodeReport {
	/** From the click on the button until n8n has saved the execution. */
	wholeSeconds: number;
	/** The largest memory of n8n's main process, above its memory just after the start. */
	wholeExtraMegabytes: number;
	/** The longest time in which n8n did not answer. */
	wholeFreezeMs: number;
}

/** A lab with the benchmark's own node, which measures workflows. */
export class N8nBench {
	private idle = { pid: 0, memory: 0 };

	private constructor(
		private readonly lab: Lab,
		readonly credential: Credential,
	) {}

	/**
	 * Opens the lab.
	 *
	 * @param folder for the compiled node
	 * @param profiles where n8n leaves CPU profiles when it ends, which make it slower
	 * @param heap how large n8n's heap may become, in MB; by default as large as Node.js allows
	 */
	static async open(options: {
		folder: string;
		api: Api;
		profiles?: string;
		heap?: number;
		semiSpace?: number;
		show: Show;
		signal: AbortSignal;
	}): Promise<N8nBench> {
		const { folder, api, profiles, heap, semiSpace, show, signal } = options;
		await compileCustomNode(folder);
		const env = {
			N8N_CUSTOM_EXTENSIONS: folder,
			// The task runner runs all the time, so that its start is not measured.
			N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT: '0',
			NODE_OPTIONS: [
				profiles && `--cpu-prof --cpu-prof-interval 200 --cpu-prof-dir=${profiles}`,
				heap && `--max-old-space-size=${heap}`,
				semiSpace && `--max-semi-space-size=${semiSpace}`,
			]
				.filter(Boolean)
				.join(' '),
		};
		const lab = await Lab.open({ env, show, signal });
		const started = new N8nBench(lab, await createCredential(lab.rest, api));
		started.idle = await started.measureIdle();
		return started;
	}

	/** Runs steps behind a source of items and measures them, and the execution as a whole. */
	async run(source: Step, steps: Step[]): Promise<N8nRun> {
		const report = join(this.lab.folder, 'report.json');
		await rm(report, { force: true });
		const measured = steps.map(({ name }) => name);
		const workflow = chain('Benchmark', [
			byHand,
			source,
			bench('Begin', { operation: 'begin' }),
			...steps,
			bench('End', { operation: 'end', report, measured }),
		]);
		const { rest, n8n } = this.lab;
		const { id } = await rest.createWorkflow(workflow);
		const stopWatching = watch(n8n.url, this.idle.pid || process.pid);
		const start = performance.now();
		let wholeSeconds = 0;
		let watched: Watched;
		try {
			await this.finish(id, await rest.run(id, START), report);
			wholeSeconds = (performance.now() - start) / 1000;
		} finally {
			watched = await stopWatching();
		}
		const { peak, longestAnswerMs } = watched;
		return {
			...(JSON.parse(await readFile(report, 'utf8')) as NodeReport),
			wholeSeconds,
			wholeExtraMegabytes: (peak - this.idle.memory) / MEGABYTE,
			wholeFreezeMs: longestAnswerMs,
		};
	}

	/** Whether n8n has ended. One that runs out of memory does so shortly after it stops answering. */
	async hasEnded(): Promise<boolean> {
		const ended = this.lab.n8n.exited.then(() => true);
		return await Promise.race([ended, sleep(END_MS, false, { ref: false })]);
	}

	async close(): Promise<void> {
		await this.lab.close();
	}

	/** Runs a first, empty execution, which also reports the process id. */
	private async measureIdle(): Promise<{ pid: number; memory: number }> {
		const { pid } = await this.run(bench('Rows', { operation: 'rows' }), []);
		return { pid, memory: factsOf(String(pid))!.memory };
	}

	/**
	 * Waits for the end of an execution and deletes it, so that the database does not grow. Until the
	 * report is there, n8n is hardly asked: each of its answers takes it several milliseconds, which
	 * would slow down whoever leaves it time to answer.
	 */
	private async finish(workflowId: string, executionId: string, report: string): Promise<void> {
		const { rest } = this.lab;
		for (let looks = 1; !existsSync(report); looks++) {
			await sleep(LOOK_MS);
			// One that fails leaves no report.
			if (looks % LOOKS_PER_QUESTION > 0) continue;
			const executions = await rest.executions(workflowId);
			if (executions.some(({ stoppedAt }) => stoppedAt)) break;
		}
		const { status } = await rest.ended(workflowId, executionId);
		if (status !== 'success') throw failureOf(await rest.execution(executionId));
		await rest.deleteExecution(executionId);
	}
}

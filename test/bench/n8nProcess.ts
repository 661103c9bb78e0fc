import { randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from '../support/lab/session';
import { byHand, chain, START, type Step } from '../support/lab/steps';
import { startN8n, type RunningN8n } from '../support/lab/start';
import type { Api } from './floor/api';
import type { NodeReport } from './node/Bench.node';
import { factsOf } from './node/processes';
import { watch } from './watch';
import { bench } from './workflows/nodes';
import { CREDENTIAL, type Credential } from './workflows/package';

const MEGABYTE = 1024 * 1024;
const POLL_MS = 100;

/** One execution of a workflow in n8n. */
export interface N8nRun extends NodeReport {
	/** From the click on the button until n8n has saved the execution. */
	wholeSeconds: number;
	/** The most memory of n8n's main process above what it has when it has just started. */
	wholeExtraMegabytes: number;
	/** The longest time in which n8n answered nobody. */
	wholeFreezeMs: number;
}

/** A real n8n with this package and the benchmark's own node. */
export class N8nProcess {
	private constructor(
		private readonly n8n: RunningN8n,
		private readonly session: Session,
		private readonly folder: string,
		readonly credential: Credential,
	) {}

	private idle: { pid: number; memory: number } = { pid: 0, memory: 0 };

	static async start(options: {
		folder: string;
		tarball: string;
		customNodes: string;
		api: Api;
		/** Where n8n leaves CPU profiles when it ends, which make it slower. */
		profiles?: string;
		signal: AbortSignal;
	}): Promise<N8nProcess> {
		const { folder, tarball, customNodes, api, profiles, signal } = options;
		const n8n = await startN8n({
			userFolder: join(folder, 'n8n'),
			packages: [tarball],
			// A task runner that is there already: its start is no part of anybody's work.
			env: {
				N8N_CUSTOM_EXTENSIONS: customNodes,
				N8N_RUNNERS_AUTO_SHUTDOWN_TIMEOUT: '0',
				...(profiles && {
					NODE_OPTIONS: `--cpu-prof --cpu-prof-interval 200 --cpu-prof-dir=${profiles}`,
				}),
			},
			signal,
		});
		const password = `Bench-${randomBytes(4).toString('hex')}`;
		const owner = { email: 'bench@example.com', password, firstName: 'Test', lastName: 'Bench' };
		await n8n.rest.setUpOwner(owner);
		const session = new Session(`${n8n.url}/rest`);
		await session.call('POST', '/login', { emailOrLdapLoginId: owner.email, password });
		const credential = await n8n.rest.createCredential(CREDENTIAL, 'OpenAI Batch API', { ...api });
		const started = new N8nProcess(n8n, session, folder, credential);
		await started.learnIdle();
		return started;
	}

	/** Runs steps behind a source of items and measures them, and the execution as a whole. */
	async run(source: Step, steps: Step[]): Promise<N8nRun> {
		const report = join(this.folder, 'report.json');
		await rm(report, { force: true });
		const measured = steps.map(({ name }) => name);
		const workflow = chain('Benchmark', [
			byHand,
			source,
			bench('Begin', { operation: 'begin' }),
			...steps,
			bench('End', { operation: 'end', report, measured }),
		]);
		const { rest, url } = this.n8n;
		const { id } = await rest.createWorkflow(workflow);
		const stopWatching = watch(url, this.idle.pid);
		const start = performance.now();
		await this.finish(id, await rest.run(id, START));
		const wholeSeconds = (performance.now() - start) / 1000;
		const { peak, longestAnswerMs } = await stopWatching();
		return {
			...(JSON.parse(await readFile(report, 'utf8')) as NodeReport),
			wholeSeconds,
			wholeExtraMegabytes: (peak - this.idle.memory) / MEGABYTE,
			wholeFreezeMs: longestAnswerMs,
		};
	}

	async stop(): Promise<void> {
		await this.n8n.stop();
	}

	/** A first, empty execution, which also tells the process id. */
	private async learnIdle(): Promise<void> {
		this.idle.pid = process.pid;
		const { pid } = await this.run(bench('Rows', { operation: 'rows' }), []);
		this.idle = { pid, memory: factsOf(String(pid))!.memory };
	}

	/** Waits for the end of an execution and deletes it, so that the database does not grow. */
	private async finish(workflowId: string, executionId: string): Promise<void> {
		for (;;) {
			const [execution] = await this.n8n.rest.executions(workflowId);
			if (execution?.status === 'success') break;
			if (execution && ['error', 'crashed', 'canceled'].includes(execution.status)) {
				const { data } = await this.n8n.rest.execution(executionId);
				throw new Error(`The workflow did not succeed: ${JSON.stringify(data.resultData.error)}`);
			}
			await sleep(POLL_MS);
		}
		await this.session.call('POST', '/executions/delete', { ids: [executionId] });
	}
}

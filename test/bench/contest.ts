import type { JestWorkerFarm } from 'jest-worker';
import type { Step } from '../support/lab/workflows/steps';
import type { Api } from './floor/api';
import type { N8nBench, N8nRun } from './n8nBench';
import type { Measured } from './node/meter';
import type { Sample } from './samples';
import { bench } from './workflows/nodes';
import { OwnNodesSteps } from './workflows/ownNodes';
import { PackageSteps } from './workflows/package';

/** The API and the lower limit, each in its own process. */
export type EmulatorProcess = JestWorkerFarm<typeof import('./emulatorProcess')>;
export type FloorProcess = JestWorkerFarm<typeof import('./floor/process')>;

/** Checks that a job was done as a whole, so that no half of it is measured. */
export type Check = (outcome: { uploaded: number } & Partial<N8nRun>) => boolean;

/** The contestants, and the API that they work with. */
export class Contest {
	readonly ownNodes: OwnNodesSteps;
	readonly packageNode: PackageSteps;

	constructor(
		readonly api: Api,
		readonly emulator: EmulatorProcess,
		readonly floor: FloorProcess,
		private readonly n8n: N8nBench,
	) {
		this.ownNodes = new OwnNodesSteps(api);
		this.packageNode = new PackageSteps(n8n.credential);
	}

	/** Measures what the child process of the limit does. @param keeps whether the uploads stay */
	async limit(work: () => Promise<Measured>, check: Check, keeps = false): Promise<Sample> {
		const { seconds, cpuSeconds, extraMegabytes, keptMegabytes, freezeMs, ...more } = await work();
		const { requests } = await this.settle(more, check, keeps);
		return { seconds, cpuSeconds, extraMegabytes, keptMegabytes, freezeMs, requests };
	}

	/** Measures the steps of a workflow behind a source of items. @param keeps as for the limit */
	async steps(
		source: Record<string, unknown>,
		steps: Step[],
		check: Check,
		keeps = false,
	): Promise<Sample> {
		const run = await this.n8n.run(bench('Source', source), steps);
		const { requests } = await this.settle(run, check, keeps);
		const { nodeSeconds, seconds, cpuSeconds, extraMegabytes, keptMegabytes, freezeMs } = run;
		const { wholeSeconds, wholeExtraMegabytes, wholeFreezeMs } = run;
		return {
			seconds: nodeSeconds,
			betweenSeconds: seconds,
			cpuSeconds,
			extraMegabytes,
			keptMegabytes,
			freezeMs,
			requests,
			wholeSeconds,
			wholeExtraMegabytes,
			wholeFreezeMs,
		};
	}

	/** Whether n8n has ended, or is about to. */
	async hasEnded(): Promise<boolean> {
		return await this.n8n.hasEnded();
	}

	private async settle(outcome: object, check: Check, keeps: boolean) {
		const settled = await this.emulator.settle(keeps);
		if (check({ ...outcome, uploaded: settled.uploaded })) return settled;
		throw new Error(
			`The job was not done as a whole: ${JSON.stringify({ ...outcome, ...settled })}`,
		);
	}
}

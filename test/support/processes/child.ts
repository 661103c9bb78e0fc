import { Worker, type JestWorkerFarm } from 'jest-worker';

/**
 * Runs the named functions of a TypeScript module in a process of its own, so that its memory and
 * its work are measured apart. Arguments and results go over as JSON; `end()` ends the process.
 */
export const startChild = <T extends Record<string, unknown>>(
	module: string,
	functions: Array<keyof T & string>,
): JestWorkerFarm<T> =>
	new Worker(module, {
		numWorkers: 1,
		maxRetries: 0,
		exposedMethods: functions,
		forkOptions: { execArgv: ['--import', 'tsx', '--import', `${__dirname}/orphan.mjs`] },
	}) as JestWorkerFarm<T>;

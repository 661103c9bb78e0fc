import { join, resolve } from 'node:path';
import { run } from '../support/processes/run';
import { median } from './samples';

const PROJECT = resolve(__dirname, '..', '..');
const RUNS = 5;

export interface RequireCost {
	milliseconds: number;
	megabytes: number;
}

/** Loads the files that package.json names, as n8n does at its start, after n8n-core and its dependencies. */
const SCRIPT = `
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { nodes, credentials } = require('./package.json').n8n;
require('n8n-workflow');
require('n8n-core');
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
gc();
const used = () => process.memoryUsage().heapUsed;
const before = used();
const start = performance.now();
const kept = [...nodes, ...credentials].map((file) => Object.values(require('./' + file)).map((Type) => new Type()));
const milliseconds = performance.now() - start;
gc();
console.log(JSON.stringify({ milliseconds, megabytes: (used() - before) / 1024 / 1024, kept: kept.length }));
`;

/** The cost of loading the built package in n8n: the median of several processes. */
export async function requireCost(): Promise<RequireCost> {
	const costs: RequireCost[] = [];
	for (let count = 0; count < RUNS; count++) {
		const output = await run(process.execPath, ['-e', SCRIPT], { cwd: join(PROJECT) });
		costs.push(JSON.parse(output) as RequireCost);
	}
	return {
		milliseconds: median(costs.map(({ milliseconds }) => milliseconds)),
		megabytes: median(costs.map(({ megabytes }) => megabytes)),
	};
}

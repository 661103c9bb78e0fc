import { resolve } from 'node:path';
import { n8n } from '../../package.json';
import { ensureN8n } from '../support/lab/install/install';
import { run } from '../support/processes/run';
import { median } from './samples';

const PROJECT = resolve(__dirname, '..', '..');
const RUNS = 5;

const FILES = [...n8n.nodes, ...n8n.credentials].map((file) => `./${file}`);

/** The node that nearly every n8n uses, to compare with. */
const HTTP_REQUEST = ['n8n-nodes-base/dist/nodes/HttpRequest/HttpRequest.node.js'];

interface Cost {
	milliseconds: number;
	megabytes: number;
}

export interface RequireCost extends Cost {
	/** How long n8n's HTTP Request node takes in the same way. */
	httpRequestMilliseconds: number;
}

/** Loads files as n8n does at its start, after n8n-core and its dependencies. */
const SCRIPT = `
const { createRequire } = require('node:module');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const load = createRequire(process.cwd() + '/');
load('n8n-workflow');
load('n8n-core');
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
gc();
const used = () => process.memoryUsage().heapUsed;
const before = used();
const start = performance.now();
const kept = process.argv.slice(1).map((file) => Object.values(load(file)).map((Type) => new Type()));
const milliseconds = performance.now() - start;
gc();
console.log(JSON.stringify({ milliseconds, megabytes: (used() - before) / 1024 / 1024, kept: kept.length }));
`;

const costOf = async (cwd: string, files: string[]): Promise<Cost> =>
	JSON.parse(await run(process.execPath, ['-e', SCRIPT, ...files], { cwd })) as Cost;

/** The cost of loading the built package in n8n: the median of several processes. */
export async function requireCost(): Promise<RequireCost> {
	const { folder } = await ensureN8n();
	const ours: Cost[] = [];
	const theirs: Cost[] = [];
	for (let count = 0; count < RUNS; count++) {
		ours.push(await costOf(PROJECT, FILES));
		theirs.push(await costOf(folder, HTTP_REQUEST));
	}
	return {
		milliseconds: median(ours.map(({ milliseconds }) => milliseconds)),
		megabytes: median(ours.map(({ megabytes }) => megabytes)),
		httpRequestMilliseconds: median(theirs.map(({ milliseconds }) => milliseconds)),
	};
}

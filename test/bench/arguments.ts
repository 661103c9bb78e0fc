import { resolve } from 'node:path';
import { readOptions } from '../support/command';
import type { Size } from './node/rows';

export const USAGE = `Usage: npm run bench -- [options]
  --quick         1,000 and 10,000 requests of 600 bytes, one run
  --runs <n>      how often everything is measured, and with --million what n8n's own nodes do too;
                  default 3
  --only <text>   only the jobs whose name contains the text, as "results 50,000"
  --json <file>   write all measurements
  --profile <dir> leave CPU profiles of n8n there, which make it slower
  --million       a file of a million rows there and back, in an n8n with a heap of 320 MB
  --rows <n>      how many rows that file has; default 1,000,000
  --semi-space <n> gives V8 at most n MB for half of its new objects
  --plot <file>   draw the times of the largest jobs as SVG
  --help`;

const SMALL: Size[] = [
	{ rows: 1_000, bytes: 600 },
	{ rows: 10_000, bytes: 600 },
];
const LARGE: Size[] = [
	{ rows: 50_000, bytes: 600 },
	{ rows: 50_000, bytes: 4_096 },
];

/** The ids of more rows would not have the same length. */
const MILLION = 1_000_000;

const OPTIONS = {
	help: { type: 'boolean', default: false },
	quick: { type: 'boolean', default: false },
	million: { type: 'boolean', default: false },
	rows: { type: 'string' },
	'semi-space': { type: 'string' },
	runs: { type: 'string' },
	only: { type: 'string', default: '' },
	json: { type: 'string' },
	plot: { type: 'string' },
	profile: { type: 'string' },
} as const;

export interface Arguments {
	help: boolean;
	quick: boolean;
	runs: number;
	sizes: Size[];
	only: string;
	/** How many rows the file has that goes there and back, in place of all other jobs. */
	million: number | undefined;
	/** V8's `--max-semi-space-size` in n8n, in MB. */
	semiSpace: number | undefined;
	json?: string;
	plot?: string;
	profile?: string;
}

/** Reads the command line. Throws, with the usage, for an option that does not exist. */
export function readArguments(args: string[]): Arguments {
	const options = readOptions(args, OPTIONS, USAGE);
	const { quick, runs, profile, million, rows, 'semi-space': semi, ...rest } = options;
	const count = runs === undefined ? (quick ? 1 : 3) : Number(runs);
	if (!Number.isInteger(count) || count < 1)
		throw new Error(`--runs has to be a whole number of at least 1\n${USAGE}`);
	const rowCount = rows === undefined ? MILLION : Number(rows);
	if (!Number.isInteger(rowCount) || rowCount < 1 || rowCount > MILLION)
		throw new Error(`--rows has to be a whole number from 1 to 1000000\n${USAGE}`);
	if (rows !== undefined && !million) throw new Error(`--rows belongs to --million\n${USAGE}`);
	const semiSpace = semi === undefined ? undefined : Number(semi);
	if (semiSpace !== undefined && (!Number.isInteger(semiSpace) || semiSpace < 1))
		throw new Error(`--semi-space has to be a whole number of at least 1\n${USAGE}`);
	const folder = profile && resolve(profile);
	return {
		...rest,
		profile: folder,
		million: million ? rowCount : undefined,
		semiSpace,
		quick,
		runs: count,
		sizes: quick ? SMALL : [...SMALL, ...LARGE],
	};
}

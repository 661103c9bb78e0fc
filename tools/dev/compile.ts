import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { CommandError, run } from '../../test/support/processes/run';

const PROJECT = resolve(__dirname, '..', '..');
const ROUND = /Found (\d+) errors?\./;
const NOISE = /^\s*$|Starting (incremental )?compilation|File change detected|Found \d+ errors?\./;

export interface Watching {
	/** Settles when the first round is done. */
	started: Promise<void>;
	/** Settles when the compiler has been stopped. @throws when it ended by itself */
	ended: Promise<void>;
}

/**
 * Compiles the nodes and credentials straight into the installed package, and again whenever a
 * file changes; n8n notices that. Errors of a round are shown; its output is written all the same.
 */
export function compileOnChange(
	installed: string,
	show: (text: string) => void,
	signal: AbortSignal,
): Watching {
	const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
	const flags = ['--watch', '--preserveWatchOutput', '--outDir', join(installed, 'dist')];
	let isFirst = true;
	let settle = () => {};
	const started = new Promise<void>((resolveStarted) => (settle = resolveStarted));
	const onLine = (line: string) => {
		const round = ROUND.exec(line);
		if (!NOISE.test(line)) show(line);
		if (!round) return;
		if (!isFirst && round[1] === '0') show('compiled; n8n has loaded the nodes again');
		isFirst = false;
		settle();
	};
	const args = [tsc, '-p', 'tsconfig.build.json', ...flags];
	const ended = run(process.execPath, args, { cwd: PROJECT, onLine, signal }).then(
		() => {
			throw new Error('The compiler ended.');
		},
		(error: unknown) => {
			if (!signal.aborted || error instanceof CommandError) throw error;
		},
	);
	return { started, ended };
}

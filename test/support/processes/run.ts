import { spawn } from 'node:child_process';
import { dirname, delimiter } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunOptions {
	cwd: string;
	/** Added to this process's environment. */
	env?: NodeJS.ProcessEnv;
	/** Called with every line of both outputs. */
	onLine?: (line: string) => void;
	/** Ends the command. */
	signal?: AbortSignal;
}

/** How much of a failed command's output its error message shows. */
const LINES_SHOWN = 15;

/** A command that ended with another code than 0; `output` has its last lines. */
export class CommandError extends Error {
	constructor(
		command: string,
		code: number | string | null,
		readonly output: string,
	) {
		super(`"${command}" ended with ${code}:\n${output}`);
		this.name = 'CommandError';
	}
}

/**
 * Runs a command to its end and returns what it wrote to standard output. Throws a
 * {@link CommandError} when it fails, the signal's reason when it was stopped.
 */
export async function run(command: string, args: string[], options: RunOptions): Promise<string> {
	options.signal?.throwIfAborted();
	const child = spawn(command, args, {
		cwd: options.cwd,
		env: { ...process.env, ...options.env },
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	const stop = () => child.kill('SIGTERM');
	options.signal?.addEventListener('abort', stop, { once: true });

	const stdout: string[] = [];
	const last: string[] = [];
	const note = (line: string) => {
		last.push(line);
		if (last.length > LINES_SHOWN) last.shift();
		options.onLine?.(line);
	};
	createInterface(child.stdout).on('line', (line) => {
		stdout.push(line);
		note(line);
	});
	createInterface(child.stderr).on('line', note);

	try {
		const code = await new Promise<number | string | null>((resolve, reject) => {
			child.on('error', reject);
			child.on('close', (exitCode, exitSignal) => resolve(exitCode ?? exitSignal));
		});
		options.signal?.throwIfAborted();
		if (code !== 0) throw new CommandError([command, ...args].join(' '), code, last.join('\n'));
		return stdout.join('\n');
	} finally {
		options.signal?.removeEventListener('abort', stop);
	}
}

/**
 * Runs npm under the running Node, not under the machine's `node`: native modules are then
 * compiled for the Node that will load them. `npm_execpath` is set by npm for its scripts.
 */
export async function npm(args: string[], options: RunOptions): Promise<string> {
	const env = {
		...options.env,
		PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
	};
	const cli = process.env.npm_execpath;
	return cli?.endsWith('.js')
		? await run(process.execPath, [cli, ...args], { ...options, env })
		: await run('npm', args, { ...options, env });
}

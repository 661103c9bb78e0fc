import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** Reads a command line. Throws, with the usage, for an option that does not exist. */
export function readOptions<O extends Options>(args: string[], options: O, usage: string) {
	try {
		return parseArgs({ args, options }).values;
	} catch (error) {
		throw new Error(`${(error as Error).message}\n${usage}`);
	}
}

/** Reads the value of an option that is a port. */
export function readPort(option: string, text: string): number {
	const port = Number(text);
	if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
	throw new Error(`--${option} has to be a number from 1 to 65535, not "${text}".`);
}

/**
 * Runs a command until it has ended, or until the user stops it (Ctrl-C, or a signal of another
 * program); then ends all that the stack holds, and exits with the returned code. An error is
 * printed, unless it is that of the user's stop, and the code is 1.
 */
export function runCommand(
	work: (stack: AsyncDisposableStack, signal: AbortSignal) => Promise<number>,
): void {
	const controller = new AbortController();
	for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(name, () => controller.abort(new Error('Stopped.')));
	}
	const { signal } = controller;
	const run = async (): Promise<number> => {
		await using stack = new AsyncDisposableStack();
		try {
			return await work(stack, signal);
		} catch (error) {
			if (signal.aborted) console.log('\nStopped.');
			else console.error(`\n${error instanceof Error ? error.message : String(error)}`);
			return 1;
		}
	};
	void run().then(
		(code) => process.exit(code),
		(error: unknown) => {
			console.error(error);
			process.exit(1);
		},
	);
}

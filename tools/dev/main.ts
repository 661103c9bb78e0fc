import { Closers } from '../../test/support/lab/closers';
import { showOnConsole } from '../../test/support/lab/show';
import { readArguments, USAGE } from './arguments';
import { dev } from './dev';

/** Aborts when the user wants to stop: Ctrl-C, or a signal of another program. */
function stopSignal(): AbortSignal {
	const controller = new AbortController();
	for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(name, () => controller.abort(new Error('Stopped.')));
	}
	return controller.signal;
}

/** Returns the exit code: 0 after Ctrl-C. */
async function main(): Promise<number> {
	const closers = new Closers();
	const signal = stopSignal();
	try {
		const options = readArguments(process.argv.slice(2));
		if (options.help) console.log(USAGE);
		else await dev(options, showOnConsole, closers, signal);
		return 0;
	} catch (error) {
		if (signal.aborted) return 0;
		console.error(`\n${error instanceof Error ? error.message : String(error)}`);
		return 1;
	} finally {
		await closers.close();
	}
}

void main().then((code) => process.exit(code));

import { readArguments, USAGE } from './arguments';
import { Closers } from '../../test/support/lab/closers';
import { demo } from './demo';
import { showOnConsole } from '../../test/support/lab/show';

/** Settles when the user wants to stop: Ctrl-C, or a signal of another program. */
function stopSignal(): AbortSignal {
	const controller = new AbortController();
	for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
		process.on(name, () => controller.abort(new Error('Stopped.')));
	}
	return controller.signal;
}

async function untilAborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	// Servers and n8n keep the process alive meanwhile.
	await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** Returns the exit code: 0 only when every film got its row. */
async function main(): Promise<number> {
	const closers = new Closers();
	const signal = stopSignal();
	try {
		const options = readArguments(process.argv.slice(2), process.env);
		if (options.help) {
			console.log(USAGE);
			return 0;
		}
		const complete = await demo(options, showOnConsole, closers, signal);
		if (!options.once) {
			console.log('\nCtrl-C ends it.');
			await untilAborted(signal);
		}
		return complete ? 0 : 1;
	} catch (error) {
		if (signal.aborted) console.log('\nStopped.');
		else console.error(`\n${error instanceof Error ? error.message : String(error)}`);
		return 1;
	} finally {
		await closers.close();
	}
}

void main().then((code) => process.exit(code));

import { runCommand } from '../../test/support/command';
import { showOnConsole } from '../../test/support/lab/show';
import { readArguments, USAGE } from './arguments';
import { demo } from './demo';

async function untilAborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	// Servers and n8n keep the process alive.
	await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** The exit code is 0 only when every film got its row. */
runCommand(async (stack, signal) => {
	const options = readArguments(process.argv.slice(2), process.env);
	if (options.help) {
		console.log(USAGE);
		return 0;
	}
	const isComplete = await demo(options, showOnConsole, stack, signal);
	if (!options.once) {
		console.log('\nCtrl-C ends it.');
		await untilAborted(signal);
	}
	return isComplete ? 0 : 1;
});

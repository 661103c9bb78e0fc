import { runCommand } from '../../test/support/command';
import { showOnConsole } from '../../test/support/lab/show';
import { readArguments, USAGE } from './arguments';
import { dev } from './dev';

/** The exit code is 0 after Ctrl-C. */
runCommand(async (stack, signal) => {
	const options = readArguments(process.argv.slice(2));
	if (options.help) console.log(USAGE);
	else await dev(options, showOnConsole, stack, signal);
	return 0;
});

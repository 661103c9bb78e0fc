import { readOptions, readPort } from '../../test/support/command';

export const USAGE = `Usage: npm run dev -- [options]
  --port <number>           the port of n8n's editor; default 5678
  --emulator-port <number>  the port of the emulator; default 4010
  --fresh                   begin with an empty n8n
  --help`;

const OPTIONS = {
	port: { type: 'string', default: '5678' },
	'emulator-port': { type: 'string', default: '4010' },
	fresh: { type: 'boolean', default: false },
	help: { type: 'boolean', default: false },
} as const;

export interface Arguments {
	port: number;
	emulatorPort: number;
	fresh: boolean;
	help: boolean;
}

/** Reads the command line. Throws, with the usage, for an option that does not exist. */
export function readArguments(args: string[]): Arguments {
	const { port, 'emulator-port': emulatorPort, fresh, help } = readOptions(args, OPTIONS, USAGE);
	return {
		port: readPort('port', port),
		emulatorPort: readPort('emulator-port', emulatorPort),
		fresh,
		help,
	};
}

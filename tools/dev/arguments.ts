import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run dev -- [options]
  --port <number>           the port of n8n's editor; default 5678
  --emulator-port <number>  the port of the emulator; default 4010
  --fresh                   begin with an empty n8n
  --help`;

export interface Arguments {
	port: number;
	emulatorPort: number;
	fresh: boolean;
	help: boolean;
}

/** Reads the command line. Throws, with the usage, for what it does not know. */
export function readArguments(args: string[]): Arguments {
	const { port, 'emulator-port': emulatorPort, fresh, help } = parse(args);
	return {
		port: readPort('port', port),
		emulatorPort: readPort('emulator-port', emulatorPort),
		fresh,
		help,
	};
}

function parse(args: string[]) {
	try {
		return parseArgs({
			args,
			options: {
				port: { type: 'string', default: '5678' },
				'emulator-port': { type: 'string', default: '4010' },
				fresh: { type: 'boolean', default: false },
				help: { type: 'boolean', default: false },
			},
		}).values;
	} catch (error) {
		throw new Error(`${(error as Error).message}\n${USAGE}`);
	}
}

function readPort(name: string, text: string): number {
	const port = Number(text);
	if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
	throw new Error(`--${name} has to be a number from 1 to 65535, not "${text}".`);
}

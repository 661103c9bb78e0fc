import { readOptions, readPort } from '../../test/support/command';

/** With the real API, enough films to see it work for a fraction of a cent. */
export const REAL_FILMS = 5;

export const USAGE = `Usage: npm run demo -- [options]
  --once           exit at the end; with code 1 when a row is missing
  --real           use the real API with the key in OPENAI_API_KEY, for ${REAL_FILMS} films only
  --port <number>  the port of n8n's editor; default any free one
  --help`;

const OPTIONS = {
	once: { type: 'boolean', default: false },
	real: { type: 'boolean', default: false },
	port: { type: 'string' },
	help: { type: 'boolean', default: false },
} as const;

export interface Arguments {
	once: boolean;
	help: boolean;
	port?: number;
	/** The key of the real API; without it the demo brings its own. */
	apiKey?: string;
}

/** Reads the command line. Throws, with the usage, for an option that does not exist. */
export function readArguments(args: string[], env: NodeJS.ProcessEnv): Arguments {
	const { once, real, port, help } = readOptions(args, OPTIONS, USAGE);
	if (real && !env.OPENAI_API_KEY) {
		throw new Error('--real needs the API key in the environment variable OPENAI_API_KEY.');
	}
	return {
		once,
		help,
		port: port === undefined ? undefined : readPort('port', port),
		apiKey: real ? env.OPENAI_API_KEY : undefined,
	};
}

import { parseArgs } from 'node:util';

import { DIALECTS, startEmulator, type DialectName } from '.';

const USAGE = `Usage: npm run emulator -- [options]
  --port <number>         default 4010
  --dialect <name>        the server that it imitates; default openai
                          ${listed(Object.keys(DIALECTS))}
  --base-path <path>      in front of every route; default that of the dialect
  --folder <path>         where files lie; default a temporary folder
  --api-key <key>         default sk-emulator
  --validating <ms>       time in each status; defaults 1000, 8000, 1000 and 2000
  --in-progress <ms>
  --finalizing <ms>
  --cancelling <ms>
  --deliver-webhooks-to <origin>  such as http://127.0.0.1:5678; default the registered address`;

/** Names in lines of at most seventy characters, each below the first. */
function listed(names: string[]): string {
	const lines = [''];
	for (const name of names) {
		if (lines.at(-1)!.length + name.length > 68) lines.push('');
		lines[lines.length - 1] += `${name} `;
	}
	return lines.map((line) => line.trimEnd()).join(`\n${' '.repeat(26)}`);
}

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '4010' },
		dialect: { type: 'string', default: 'openai' },
		'base-path': { type: 'string' },
		folder: { type: 'string' },
		'api-key': { type: 'string' },
		validating: { type: 'string', default: '1000' },
		'in-progress': { type: 'string', default: '8000' },
		finalizing: { type: 'string', default: '1000' },
		cancelling: { type: 'string', default: '2000' },
		'deliver-webhooks-to': { type: 'string' },
		help: { type: 'boolean', default: false },
	},
});

async function main(): Promise<void> {
	if (values.help) {
		console.log(USAGE);
		return;
	}
	if (!Object.hasOwn(DIALECTS, values.dialect)) {
		console.error(`There is no dialect "${values.dialect}".\n\n${USAGE}`);
		process.exitCode = 1;
		return;
	}
	const dialect = values.dialect as DialectName;
	const emulator = await startEmulator({
		port: Number(values.port),
		dialect,
		basePath: values['base-path'],
		folder: values.folder,
		apiKey: values['api-key'],
		timing: {
			validating: Number(values.validating),
			in_progress: Number(values['in-progress']),
			finalizing: Number(values.finalizing),
			cancelling: Number(values.cancelling),
		},
		webhooks: { deliverTo: values['deliver-webhooks-to'] },
	});
	emulator.onBatch((batch) => console.log(`${batch.id} ${batch.status}`));
	const { title } = DIALECTS[dialect];
	console.log(`${title} Batch API emulator on ${emulator.url} with the key ${emulator.apiKey}`);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void emulator.close());
	}
}

void main();

import { parseArgs } from 'node:util';

import { startEmulator } from '.';

const USAGE = `Usage: npm run emulator -- [options]
  --port <number>         default 4010
  --folder <path>         where files lie; default a temporary folder
  --api-key <key>         default sk-emulator
  --validating <ms>       time in each status; defaults 1000, 8000, 1000 and 2000
  --in-progress <ms>
  --finalizing <ms>
  --cancelling <ms>
  --deliver-webhooks-to <origin>  such as http://127.0.0.1:5678; default the registered address`;

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '4010' },
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
	const emulator = await startEmulator({
		port: Number(values.port),
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
	console.log(`OpenAI Batch API emulator on ${emulator.url} with the key ${emulator.apiKey}`);
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => void emulator.close());
	}
}

void main();

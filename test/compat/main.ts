import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { ensureOlder } from './install';
import { others } from './missing';
import { OLDER_CORE, OLDER_WORKFLOW } from './versions';

/** Main jobs, every operation, whatever costs money, connections that break, and both triggers. */
const FILES = [
	'attachments-checks',
	'attachments-wire',
	'batch-list',
	'ceilings',
	'client',
	'credential',
	'download',
	'file',
	'get-results',
	'main-job',
	'never-two',
	'operations',
	'pickers',
	'request-file',
	'retry',
	'safe-create',
	'secrets',
	'submission-finished',
	'submit-bodies',
	'submit-checks',
	'submit-columns',
	'submit-messages',
	'submit-plan',
	'trigger',
	'upload',
	'wait',
	'waiting-parts',
	'webhook',
	'whole-submission',
];

/** Runs the chosen engine tests with the older engine; returns jest's exit code. */
async function main(): Promise<number> {
	const folder = await ensureOlder(console.log);
	console.log(`n8n-core ${OLDER_CORE}, n8n-workflow ${OLDER_WORKFLOW}, Node ${process.version}`);
	const jest = createRequire(__filename).resolve('jest/bin/jest');
	// LangChain, which this version of n8n-core loads, leaves handles open.
	const args = ['--selectProjects', 'compat', '--forceExit', '--testNamePattern', others()];
	const patterns = FILES.map((file) => `test/engine/${file}\\.test\\.ts$`);
	const child = spawn(process.execPath, [jest, ...args, ...patterns], {
		stdio: 'inherit',
		env: { ...process.env, OLDER_N8N: folder },
	});
	const [code] = (await once(child, 'close')) as [number | null];
	return code ?? 1;
}

void main().then(
	(code) => process.exit(code),
	(error: Error) => {
		console.error(error.message);
		process.exit(1);
	},
);

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import OpenAI from 'openai';

import { download, requestLine, submit } from './client';

const ROOT = join(__dirname, '../../..');

describe('npm run emulator', () => {
	it('runs a batch by itself in compressed time', async () => {
		const statuses = ['validating', 'in-progress', 'finalizing'];
		const timing = statuses.flatMap((status) => [`--${status}`, '10']);
		const child = spawn(
			process.execPath,
			[
				'--import',
				'tsx',
				'test/support/emulator/main.ts',
				'--port',
				'0',
				'--api-key',
				'sk-cli',
				...timing,
			],
			{ cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
		);
		const output = createInterface(child.stdout)[Symbol.asyncIterator]();
		const { value: greeting } = await output.next();
		const [, baseURL] = /on (http:\/\/127\.0\.0\.1:\d+\/v1) with the key sk-cli$/.exec(
			String(greeting),
		)!;

		const client = new OpenAI({ baseURL, apiKey: 'sk-cli' });
		const { id } = await submit(client, [requestLine('a')]);
		const seen: string[] = [];
		while (seen.at(-1) !== `${id} completed`) seen.push(String((await output.next()).value));
		expect(seen).toEqual(
			['validating', 'in_progress', 'finalizing', 'completed'].map((status) => `${id} ${status}`),
		);
		const batch = await client.batches.retrieve(id);
		expect(await download(client, batch.output_file_id)).toHaveLength(1);

		child.kill('SIGTERM');
		expect(await once(child, 'exit')).toEqual([0, null]);
	});
});

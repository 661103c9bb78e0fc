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

	it('speaks a dialect, at its own path or at another', async () => {
		for (const [options, place] of [
			[['--dialect', 'azure-iso'], '/openai/v1'],
			[['--dialect', 'azure-iso', '--base-path', '/v1'], '/v1'],
		] as const) {
			const child = spawn(
				process.execPath,
				['--import', 'tsx', 'test/support/emulator/main.ts', '--port', '0', ...options],
				{ cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
			);
			const output = createInterface(child.stdout)[Symbol.asyncIterator]();
			const greeting = String((await output.next()).value);
			expect(greeting).toMatch(/^Azure OpenAI \(v1 API, ISO times\) Batch API emulator on /);
			const [baseURL] = /http:\S+/.exec(greeting)!;
			expect(new URL(baseURL).pathname).toBe(place);
			const answer = await fetch(`${baseURL}/batches`, { headers: { 'api-key': 'sk-emulator' } });
			expect(await answer.json()).toEqual({
				data: [],
				first_id: null,
				has_more: false,
				last_id: null,
			});
			child.kill('SIGTERM');
			await once(child, 'exit');
		}
	});

	it('names the dialects when it does not know one', async () => {
		const child = spawn(
			process.execPath,
			['--import', 'tsx', 'test/support/emulator/main.ts', '--dialect', 'klingon'],
			{ cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
		);
		let errors = '';
		child.stderr.on('data', (chunk) => (errors += chunk));
		expect(await once(child, 'exit')).toEqual([1, null]);
		expect(errors).toMatch(/^There is no dialect "klingon"\./);
		expect(errors).toContain('litellm-bedrock');
	});
});

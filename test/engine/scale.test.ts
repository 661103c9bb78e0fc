import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface, type Interface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { createEngine, type Engine } from '../support/engine';
import { CREDENTIAL, NODE } from './product';

const REQUESTS = 50_000;
const PROMPT_CHARACTERS = 4_096;
const MEGABYTE = 1024 * 1024;
const MAX_EXTRA_MEGABYTES = 150;

/** The emulator in a process of its own, so that its memory and work are not counted. */
class EmulatorProcess {
	readonly statuses = new Map<string, string>();
	private readonly child: ChildProcess;
	private readonly lines: Interface;

	constructor(folder: string) {
		const timing = ['validating', 'in-progress', 'finalizing'].flatMap((name) => [
			`--${name}`,
			'1',
		]);
		const args = [
			'--import',
			'tsx',
			'test/support/emulator/main.ts',
			'--port',
			'0',
			'--folder',
			folder,
		];
		this.child = spawn(process.execPath, [...args, ...timing], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		this.lines = createInterface({ input: this.child.stdout! });
		this.lines.on('line', (line) => {
			const [id, status] = line.split(' ');
			this.statuses.set(id, status);
		});
	}

	async url(): Promise<string> {
		const line = await this.line((text) => text.includes('http://'));
		return /http:\S+/.exec(line)![0];
	}

	/** Settles when a batch is at its end. */
	async completed(batchId: string): Promise<void> {
		if (this.statuses.get(batchId) === 'completed') return;
		await this.line((text) => text === `${batchId} completed`);
	}

	async stop(): Promise<void> {
		const exited = new Promise((resolve) => this.child.once('exit', resolve));
		this.child.kill();
		await exited;
	}

	private async line(isWanted: (text: string) => boolean): Promise<string> {
		return await new Promise((resolve) => {
			const listen = (text: string) => {
				if (!isWanted(text)) return;
				this.lines.off('line', listen);
				resolve(text);
			};
			this.lines.on('line', listen);
		});
	}
}

/** Frees what is garbage, so that it does not hide what a run needs. */
function collectGarbage(): void {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
}

/** Runs something and tells its time, its longest freeze and its memory above that before it. */
async function measured<T>(run: () => Promise<T>) {
	collectGarbage();
	const before = process.memoryUsage.rss();
	let peak = before;
	const sampler = setInterval(() => {
		peak = Math.max(peak, process.memoryUsage.rss());
	}, 5);
	const delay = monitorEventLoopDelay({ resolution: 5 });
	delay.enable();
	const start = performance.now();
	const value = await run();
	const seconds = (performance.now() - start) / 1000;
	delay.disable();
	clearInterval(sampler);
	const extraMegabytes = Math.round((peak - before) / MEGABYTE);
	return { value, seconds, extraMegabytes, freezeMs: Math.round(delay.max / 1e6) };
}

const report = (
	what: string,
	{ seconds, extraMegabytes, freezeMs }: Awaited<ReturnType<typeof measured>>,
) =>
	process.stderr.write(
		`${what}: ${seconds.toFixed(1)} s, ${extraMegabytes} MB extra, longest freeze ${freezeMs} ms\n`,
	);

/** A prompt with its number in front; one flat string, as those that n8n reads from a database. */
const prompt = (index: number) =>
	Buffer.alloc(
		PROMPT_CHARACTERS,
		`${index} The quick brown fox jumps over the lazy dog. `,
	).toString('latin1');

const line = (index: number) =>
	JSON.stringify({
		custom_id: `row-${index}`,
		method: 'POST',
		url: '/v1/chat/completions',
		body: { model: 'gpt-6-luna', messages: [{ role: 'user', content: prompt(index) }] },
	});

describe(`${REQUESTS} items of ${PROMPT_CHARACTERS} bytes`, () => {
	let folder: string;
	let emulator: EmulatorProcess;
	let engine: Engine;
	let batches: Array<{ id: string; input_file_id: string; requests: number }>;

	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), 'openai-batch-scale-'));
		emulator = new EmulatorProcess(folder);
		const credentialData = { apiKey: 'sk-emulator', url: await emulator.url() };
		engine = await createEngine({
			nodes: { [NODE]: OpenAiBatch },
			credentials: [OpenAiBatchApi],
			credentialData: { [CREDENTIAL]: credentialData },
		});
		// What every first run loads is not what many items need.
		await engine.node(NODE, { operation: 'submit', prompt: 'warm up' }, [{}]);
	});

	afterAll(async () => {
		await emulator.stop();
		await rm(folder, { recursive: true, force: true });
	});

	test('become batches of at most 200 MB in little more memory than the items take', async () => {
		const items = Array.from({ length: REQUESTS }, (_, index) => ({
			json: { id: `row-${index}`, text: prompt(index) },
		}));
		const parameters = { prompt: '={{ $json.text }}', customId: '={{ $json.id }}' };
		const run = await measured(async () => {
			const result = await engine.node(NODE, parameters, items);
			if (result.error) throw result.error;
			return result.items('Node').map(({ json }) => json as never);
		});
		report('Submit', run);
		batches = run.value;
		expect(run.extraMegabytes).toBeLessThan(MAX_EXTRA_MEGABYTES);

		let index = 0;
		for (const { input_file_id, requests } of batches) {
			const first = index;
			const file = createReadStream(join(folder, input_file_id));
			for await (const text of createInterface({ input: file })) {
				if (text !== line(index)) expect(text).toBe(line(index));
				index++;
			}
			expect(index - first).toBe(requests);
			expect(file.bytesRead).toBeLessThanOrEqual(209_715_200);
		}
		expect(index).toBe(REQUESTS);
		expect(batches).toHaveLength(2);
	});

	test('come back as results, one for each', async () => {
		let results = 0;
		for (const { id } of batches) {
			await emulator.completed(id);
			const run = await measured(async () => {
				const parameters = { operation: 'getResults', batchId: id };
				const result = await engine.node(NODE, parameters, [{}]);
				if (result.error) throw result.error;
				return result.items('Node').length;
			});
			report('Get Results', run);
			results += run.value;
		}
		expect(results).toBe(REQUESTS);
	});
});

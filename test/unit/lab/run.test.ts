import { run } from '../../support/processes/run';

const node = async (code: string, options: Partial<Parameters<typeof run>[2]> = {}) =>
	await run(process.execPath, ['-e', code], { cwd: __dirname, ...options });

describe('run', () => {
	it('gives the standard output back, and every line as it comes', async () => {
		const lines: string[] = [];
		const output = await node("console.log('one'); console.error('two')", {
			onLine: (line) => lines.push(line),
		});
		expect(output).toBe('one');
		expect(lines.sort()).toEqual(['one', 'two']);
	});

	it('shows the last lines of a command that fails', async () => {
		const code = 'for (let i = 1; i <= 40; i++) console.log(`line ${i}`); process.exitCode = 3';
		const error = (await node(code).catch((reason: unknown) => reason)) as Error;
		expect(error.message).toContain('ended with 3');
		expect(error.message).toContain('line 40');
		expect(error.message).not.toContain('line 20');
	});

	it('ends the command when the signal aborts, with the reason', async () => {
		const controller = new AbortController();
		const reason = new Error('Stopped.');
		const running = node("console.log('ready'); setInterval(() => {}, 1000)", {
			signal: controller.signal,
			onLine: () => controller.abort(reason),
		});
		await expect(running).rejects.toBe(reason);
	});

	it('reports a command that does not exist', async () => {
		await expect(run('no-such-command', [], { cwd: __dirname })).rejects.toThrow('ENOENT');
	});
});

import OpenAI from 'openai';
import { requestLine, submit } from '../../support/emulator/client';
import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

const DAY = 86_400;

/** What each job pays for a million tokens of input and of output, without the batch discount. */
const PRICES: Record<string, [input: number, output: number]> = {
	films: [2, 8],
	books: [10, 40],
	games: [2, 2],
};

const usage = {
	input_tokens: 1_000_000,
	input_tokens_details: { cached_tokens: 0 },
	output_tokens: 1_000_000,
	output_tokens_details: { reasoning_tokens: 0 },
	total_tokens: 2_000_000,
};

/**
 * The report has what runs, what has ended and what it cost, job by job, in the emulator's numbers.
 * It leaves out what is older than a week, and what belongs to none of the jobs.
 */
export async function weeklyCosts(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	const { emulator } = scene;
	const number = (name: string) => ({ name, type: 'number' as const });
	await scene.table(
		'batch_jobs',
		['job', number('input_price'), number('output_price')],
		Object.entries(PRICES).map(([job, [input_price, output_price]]) => ({
			job,
			input_price,
			output_price,
		})),
	);
	const rows = await scene.table('batch_reports', [
		'running',
		'ended',
		'costs',
		number('total_cost'),
	]);
	const workflow = await scene.import('weekly-costs');
	await scene.run(workflow, 'Every morning');
	expect(await rows()).toMatchObject([
		{ running: '', ended: '', costs: 'films: 0.000000\nbooks: 0.000000\ngames: 0.000000' },
	]);

	const client = new OpenAI({ baseURL: emulator.url, apiKey: emulator.apiKey });
	const create = async (job: string, requests: number) => {
		const lines = Array.from({ length: requests }, (_, index) => requestLine(`${job}-${index}`));
		return (await submit(client, lines, { metadata: { job } })).id;
	};
	const now = Math.floor(Date.now() / 1000);
	const films = { job: 'films' };
	emulator.addBatch({ created_at: now - 8 * DAY, metadata: films, usage });
	const request_counts = { total: 10, completed: 9, failed: 1 };
	const lastWeek = { created_at: now - 6 * DAY, completed_at: now - 5 * DAY, request_counts };
	emulator.addBatch({ ...lastWeek, metadata: films, usage });
	const done = await create('books', 3);
	const cancelled = await create('films', 4);
	const running = await create('films', 5);
	const other = await create('elsewhere', 2);
	for (const id of [done, other]) await emulator.step(id, 'completed');
	await emulator.step(cancelled, 'in_progress', { done: 1 });
	await emulator.step(cancelled, 'cancelled');
	await emulator.step(running, 'in_progress', { done: 2 });
	await scene.run(workflow, 'Every morning');

	const costOf = (job: string, id: string) => {
		const { input_tokens: input, output_tokens: output } = emulator.batch(id).usage;
		const [inputPrice, outputPrice] = PRICES[job];
		return (input * inputPrice + output * outputPrice) / 2e6;
	};
	const seconds = (id: string) => {
		const batch = emulator.batch(id);
		return (batch.completed_at ?? batch.cancelled_at ?? NaN) - batch.created_at;
	};
	const filmsCost = 5 + costOf('films', cancelled) + costOf('films', running);
	const booksCost = costOf('books', done);
	expect(booksCost).toBeGreaterThan(0);
	const [, report, ...more] = await rows();
	expect(more).toEqual([]);
	expect(report).toMatchObject({
		running: 'films: 40 % of 5 requests (in_progress)',
		ended: [
			`films: 1 of 4 requests (cancelled after ${seconds(cancelled)} s)`,
			`films: 9 of 10 requests (completed after ${DAY} s)`,
			`books: 3 of 3 requests (completed after ${seconds(done)} s)`,
		].join('\n'),
		costs: `films: ${filmsCost.toFixed(6)}\nbooks: ${booksCost.toFixed(6)}\ngames: 0.000000`,
		total_cost: expect.closeTo(filmsCost + booksCost, 9),
	});
}

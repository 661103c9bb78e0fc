import OpenAI from 'openai';

import type { Emulator } from '.';
import { download, requestLine, startWithClient, submit, upload } from './client';

const NOW = Date.UTC(2026, 10, 1);
const SECONDS = NOW / 1000;

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient({
		now: NOW,
		timing: { validating: 2000, in_progress: 8000, finalizing: 1000, cancelling: 3000 },
	}));
});

afterEach(() => emulator.close());

const lines = (count: number) =>
	Array.from({ length: count }, (_, index) => requestLine(`request-${index}`));

describe('the life of a batch', () => {
	it('starts with the nulls and zeros of the real service', async () => {
		const { id, input_file_id, ...rest } = await submit(client, lines(2), { metadata: { a: 'b' } });
		expect(id).toMatch(/^batch_[0-9a-f]{32}$/);
		expect(input_file_id).toMatch(/^file-[A-Za-z0-9]{22}$/);
		expect(rest).toEqual({
			object: 'batch',
			endpoint: '/v1/chat/completions',
			model: null,
			completion_window: '24h',
			status: 'validating',
			output_file_id: null,
			error_file_id: null,
			errors: null,
			created_at: SECONDS,
			in_progress_at: null,
			expires_at: SECONDS + 86_400,
			finalizing_at: null,
			completed_at: null,
			failed_at: null,
			expired_at: null,
			cancelling_at: null,
			cancelled_at: null,
			request_counts: { total: 0, completed: 0, failed: 0 },
			metadata: { a: 'b' },
			usage: {
				input_tokens: 0,
				input_tokens_details: { cached_tokens: 0 },
				output_tokens: 0,
				output_tokens_details: { reasoning_tokens: 0 },
				total_tokens: 0,
			},
		});
	});

	it('follows the clock through every status to results', async () => {
		const { id } = await submit(client, lines(8));
		await emulator.advance(1999);
		expect((await client.batches.retrieve(id)).status).toBe('validating');
		await emulator.advance(1);
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'in_progress',
			model: 'gpt-6-luna',
			in_progress_at: SECONDS + 2,
			request_counts: { total: 8, completed: 0, failed: 0 },
		});
		await emulator.advance(4000);
		expect((await client.batches.retrieve(id)).request_counts?.completed).toBe(4);
		await emulator.advance(4000);
		expect((await client.batches.retrieve(id)).status).toBe('finalizing');
		await emulator.advance(1000);

		const batch = await client.batches.retrieve(id);
		expect(batch).toMatchObject({
			status: 'completed',
			in_progress_at: SECONDS + 2,
			finalizing_at: SECONDS + 10,
			completed_at: SECONDS + 11,
			error_file_id: null,
			request_counts: { total: 8, completed: 8, failed: 0 },
		});
		const results = await download(client, batch.output_file_id);
		const ids = results.map((line) => line.custom_id);
		expect([...ids].sort()).toEqual(Array.from({ length: 8 }, (_, index) => `request-${index}`));
		expect(ids).not.toEqual([...ids].sort());
		const used = results.reduce((sum, line) => sum + line.response.body.usage.total_tokens, 0);
		expect(batch.usage?.total_tokens).toBe(used);
	});

	it('keeps the finished part when it is cancelled in progress', async () => {
		const { id } = await submit(client, lines(8));
		await emulator.advance(6000);
		expect(await client.batches.cancel(id)).toMatchObject({
			status: 'cancelling',
			cancelling_at: SECONDS + 6,
		});
		await emulator.advance(3000);
		const batch = await client.batches.retrieve(id);
		expect(batch).toMatchObject({
			status: 'cancelled',
			cancelled_at: SECONDS + 9,
			request_counts: { total: 8, completed: 4, failed: 0 },
		});
		expect(await download(client, batch.output_file_id)).toHaveLength(4);
		const errors = await download(client, batch.error_file_id);
		expect(errors).toHaveLength(4);
		expect(errors[0]).toMatchObject({ response: null, error: { code: 'batch_cancelled' } });
	});

	it('counts failures as they happen, and agrees with its files when it stops', async () => {
		emulator.control.requests({
			match: ({ custom_id }) => Number(custom_id.split('-')[1]) % 3 === 0,
			outcome: { type: 'fail', status: 500, code: 'server_error' },
		});
		const { id } = await submit(client, lines(900));
		await emulator.step(id, 'in_progress', { done: 700 });
		const { request_counts: counts } = await client.batches.retrieve(id);
		await emulator.step(id, 'expired', { done: 700 });

		const batch = await client.batches.retrieve(id);
		expect(batch.request_counts).toEqual(counts);
		const errors = await download(client, batch.error_file_id);
		expect(await download(client, batch.output_file_id)).toHaveLength(counts!.completed);
		expect(errors.filter(({ response }) => response !== null)).toHaveLength(counts!.failed);
		expect(errors.filter(({ error }) => error?.code === 'batch_expired')).toHaveLength(200);
	});

	it('loses nothing over many blocks of lines and chunks of bytes', async () => {
		const ids = Array.from({ length: 1300 }, (_, index) => `${index}-${'ü'.repeat(index % 300)}`);
		const content = ids.map((id) => requestLine(id)).join('\n');
		const file = await upload(client, content);
		const { id } = await client.batches.create({
			input_file_id: file.id,
			endpoint: '/v1/chat/completions',
			completion_window: '24h',
		});
		await emulator.step(id, 'completed');
		const results = await download(client, emulator.batch(id).output_file_id);
		expect(results.map(({ custom_id }) => custom_id).sort()).toEqual([...ids].sort());
	});

	it('can be cancelled while its file is being read', async () => {
		const { id } = await submit(client, lines(8));
		const reading = emulator.step(id, 'in_progress');
		await emulator.step(id, 'cancelled');
		await expect(reading).rejects.toThrow(/is cancelled and cannot become in_progress/);
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'cancelled',
			in_progress_at: null,
			output_file_id: null,
		});
	});

	it('reads its file once, however many ask for it', async () => {
		const { id } = await submit(client, lines(8));
		await Promise.all([emulator.step(id, 'in_progress'), emulator.step(id, 'in_progress')]);
		expect(emulator.batch(id)).toMatchObject({ status: 'in_progress', errors: null });
	});

	it('stays cancelled when the cancel overtakes the expiry', async () => {
		const { id } = await submit(client, lines(8));
		await emulator.step(id, 'in_progress', { done: 2 });
		const expiring = emulator.step(id, 'expired', { done: 2 });
		await emulator.step(id, 'cancelled', { done: 2 });
		await expect(expiring).rejects.toThrow(/cannot become expired/);
		const batch = await client.batches.retrieve(id);
		expect(batch).toMatchObject({ status: 'cancelled', expired_at: null });
		expect(await download(client, batch.output_file_id)).toHaveLength(2);
		expect((await client.files.list({ purpose: 'batch_output' })).data).toHaveLength(2);
	});
});

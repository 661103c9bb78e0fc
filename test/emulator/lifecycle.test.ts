import OpenAI from 'openai';

import type { Emulator } from '.';
import { download, requestLine, startWithClient, submit } from './client';

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
});

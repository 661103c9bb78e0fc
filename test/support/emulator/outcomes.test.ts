import OpenAI from 'openai';

import type { Emulator } from '.';
import { download, requestLine, startWithClient, submit } from './client';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient({
		timing: { validating: 1000, in_progress: 8000, finalizing: 1000, cancelling: 1000 },
	}));
});

afterEach(() => emulator.close());

const lines = (count: number) =>
	Array.from({ length: count }, (_, index) => requestLine(`r${index}`));

/** Both result files by custom_id. */
async function resultsOf(id: string) {
	const { output_file_id: output, error_file_id: error } = await client.batches.retrieve(id);
	const byId = <T extends { custom_id: string }>(results: T[]) =>
		Object.fromEntries(results.map((line) => [line.custom_id, line]));
	return {
		output: byId(await download(client, output)),
		error: byId(await download(client, error)),
	};
}

describe('outcomes of requests', () => {
	it('follow the markers in the line', async () => {
		const say = (id: string, content: string) =>
			requestLine(id, { messages: [{ role: 'user', content }] });
		const { id } = await submit(client, [
			say('fine', 'Hello'),
			say('failing', '[[emulator:fail 400 context_length_exceeded]] Hello'),
			say('missing', 'Hello [[emulator:missing]]'),
			say('refused', '[[emulator:refuse]]'),
			say('cut', '[[emulator:truncate]]'),
			requestLine('[[emulator:timeout]]'),
		]);
		await emulator.step(id, 'completed');
		const { output, error } = await resultsOf(id);
		expect(Object.keys(output).sort()).toEqual(['cut', 'fine', 'refused']);
		expect(output.fine).toEqual({
			id: expect.stringMatching(/^batch_req_[0-9a-f]{32}$/),
			custom_id: 'fine',
			response: {
				status_code: 200,
				request_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
				body: expect.objectContaining({ object: 'chat.completion' }),
			},
			error: null,
		});
		expect(output.refused.response.body.choices[0].message).toMatchObject({
			content: null,
			refusal: "I'm sorry, but I can't assist with that request.",
		});
		expect(output.cut.response.body.choices[0].finish_reason).toBe('length');
		expect(error.failing).toMatchObject({
			response: {
				status_code: 400,
				body: { error: { code: 'context_length_exceeded', type: 'invalid_request_error' } },
			},
			error: null,
		});
		expect(error['[[emulator:timeout]]']).toMatchObject({
			response: null,
			error: { code: 'request_timeout' },
		});
		expect(emulator.batch(id).request_counts).toEqual({ total: 6, completed: 3, failed: 2 });
	});

	it('follow the rules of a test, the last one first', async () => {
		emulator.control.requests({
			match: () => true,
			outcome: ({ custom_id }) => ({ type: 'answer', content: `${custom_id}!` }),
		});
		emulator.control.requests({
			match: ({ custom_id }) => custom_id === 'r1',
			outcome: { type: 'fail', status: 429, code: 'rate_limit_exceeded', message: 'Slower' },
		});
		const { id } = await submit(client, lines(2));
		await emulator.step(id, 'completed');
		const { output, error } = await resultsOf(id);
		expect(output.r0.response.body.choices[0].message.content).toBe('r0!');
		expect(error.r1.response.body.error).toMatchObject({
			message: 'Slower',
			code: 'rate_limit_exceeded',
		});
	});
});

describe('fates of batches, by metadata', () => {
	const submitWith = (fate: string) =>
		submit(client, lines(8), { metadata: { emulator: fate } }).then(({ id }) => id);

	it('expire keeps what was finished', async () => {
		const id = await submitWith('expire');
		await emulator.advance(10_000);
		const batch = await client.batches.retrieve(id);
		expect(batch).toMatchObject({
			status: 'expired',
			expired_at: expect.any(Number),
			completed_at: null,
			request_counts: { total: 8, completed: 4, failed: 0 },
		});
		const { output, error } = await resultsOf(id);
		expect(Object.keys({ ...output, ...error })).toHaveLength(8);
		expect(Object.values(output)).toHaveLength(4);
		for (const line of Object.values(error)) {
			expect(line).toMatchObject({
				response: null,
				error: {
					code: 'batch_expired',
					message: 'This request could not be executed before the completion window expired.',
				},
			});
		}
	});

	it('cancel cancels itself half-way', async () => {
		const id = await submitWith('cancel');
		await emulator.advance(10_000);
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'cancelled',
			request_counts: { total: 8, completed: 4, failed: 0 },
		});
	});

	it('fail_all completes without an output file', async () => {
		const id = await submitWith('fail_all');
		await emulator.advance(10_000);
		const batch = await client.batches.retrieve(id);
		expect(batch).toMatchObject({
			status: 'completed',
			output_file_id: null,
			request_counts: { total: 8, completed: 0, failed: 8 },
		});
		expect(await download(client, batch.error_file_id)).toHaveLength(8);
	});

	it.each([
		['token_limit', 'token_limit_exceeded', /Limit: 2,000,000 enqueued tokens/],
		['file_not_found', 'invalid_request', /^Cannot find file file-/],
	])('%s fails validation', async (fate, code, message) => {
		const id = await submitWith(fate);
		await emulator.advance(1000);
		expect((await client.batches.retrieve(id)).errors?.data).toEqual([
			expect.objectContaining({ code, message: expect.stringMatching(message) }),
		]);
	});

	it('stay_in_progress ends with the completion window only', async () => {
		const id = await submitWith('stay_in_progress');
		const { expires_at: expiresAt } = emulator.batch(id);
		await emulator.advance(80_000_000);
		expect((await client.batches.retrieve(id)).status).toBe('in_progress');
		await emulator.advance(6_400_000);
		expect(await client.batches.retrieve(id)).toMatchObject({
			status: 'expired',
			expired_at: expiresAt,
		});
	});

	it('may be set by a rule for one batch only', async () => {
		emulator.control.batches({ match: () => true, fate: 'file_not_found', times: 1 });
		const [first, second] = [await submit(client, lines(1)), await submit(client, lines(1))];
		await emulator.advance(10_000);
		expect(emulator.batch(first.id).status).toBe('failed');
		expect(emulator.batch(second.id).status).toBe('completed');
	});
});

describe('steps', () => {
	it('stop where the test says', async () => {
		const { id } = await submit(client, lines(8));
		await emulator.step(id, 'in_progress', { done: 3 });
		expect((await client.batches.retrieve(id)).request_counts?.completed).toBe(3);
		await client.batches.cancel(id);
		await emulator.step(id, 'cancelled');
		const { output, error } = await resultsOf(id);
		expect(Object.keys(output)).toHaveLength(3);
		expect(Object.keys(error)).toHaveLength(5);
	});

	it.each([
		[0, false, true],
		[8, true, false],
	])('leave out the empty file with %d of 8 done', async (done, hasOutput, hasError) => {
		const { id } = await submit(client, lines(8));
		await emulator.step(id, 'expired', { done });
		const batch = await client.batches.retrieve(id);
		expect([batch.output_file_id !== null, batch.error_file_id !== null]).toEqual([
			hasOutput,
			hasError,
		]);
	});

	it('do not go back', async () => {
		const { id } = await submit(client, lines(1));
		await emulator.step(id, 'completed');
		await expect(emulator.step(id, 'expired')).rejects.toThrow(/is completed and cannot become/);
	});

	it('tell listeners every status', async () => {
		const seen: string[] = [];
		emulator.onBatch(({ status }) => seen.push(status));
		const { id } = await submit(client, lines(1));
		await emulator.step(id, 'completed');
		expect(seen).toEqual(['validating', 'in_progress', 'finalizing', 'completed']);
	});

	it('do not need the input file any more once it is read', async () => {
		const { id, input_file_id: input } = await submit(client, lines(2));
		await emulator.step(id, 'in_progress');
		await client.files.delete(input);
		await emulator.step(id, 'completed');
		expect(Object.keys((await resultsOf(id)).output)).toHaveLength(2);
	});
});

import { toEventItem } from '../../../nodes/batchEvents/eventItem';
import type { Batch } from '../../../nodes/openai/api/objects';

/** As OpenAI sent it in September 2026. */
const completed: Batch = {
	id: 'batch_6abc00d919e081908a2139a6f0445973',
	object: 'batch',
	endpoint: '/v1/chat/completions',
	model: 'gpt-6-luna',
	input_file_id: 'file-WSWT79PMeoPcEJ3trFKmpQ',
	completion_window: '24h',
	status: 'completed',
	output_file_id: 'file-V7XpECC2hkGU5DSKJpNEDr',
	error_file_id: '',
	errors: null,
	created_at: 1790705881,
	in_progress_at: 1790705882,
	finalizing_at: 1790706017,
	completed_at: 1790706019,
	expires_at: 1790792281,
	request_counts: { completed: 19, failed: 0, total: 19 },
	metadata: { job: 'test' },
	usage: { input_tokens: 25214, output_tokens: 12974, total_tokens: 38188 },
};

const json = (fields: Partial<Batch> = {}, simplify = true) =>
	toEventItem(
		{ name: 'completed', batch: { ...completed, ...fields }, time: 1790706019 },
		simplify,
	);

describe('the item of an event', () => {
	test('is lean: what happened, the ids for the next node, counts, usage and metadata', () => {
		expect(json()).toEqual({
			event: 'batch.completed',
			event_id: 'batch_6abc00d919e081908a2139a6f0445973:completed',
			event_time: 1790706019,
			id: 'batch_6abc00d919e081908a2139a6f0445973',
			status: 'completed',
			progress: 100,
			duration_seconds: 138,
			submission_id: null,
			endpoint: '/v1/chat/completions',
			model: 'gpt-6-luna',
			created_at: 1790705881,
			input_file_id: 'file-WSWT79PMeoPcEJ3trFKmpQ',
			output_file_id: 'file-V7XpECC2hkGU5DSKJpNEDr',
			error_file_id: null,
			request_counts: { completed: 19, failed: 0, total: 19 },
			usage: { input_tokens: 25214, output_tokens: 12974, total_tokens: 38188 },
			metadata: { job: 'test' },
		});
	});

	test('is the whole batch object without Simplify', () => {
		expect(json({}, false)).toEqual({
			...completed,
			event: 'batch.completed',
			event_id: `${completed.id}:completed`,
			event_time: 1790706019,
			progress: 100,
			duration_seconds: 138,
			submission_id: null,
		});
	});

	test('of a failed batch says why, and whether it can be tried again', () => {
		const full = {
			code: 'token_limit_exceeded',
			message: 'Enqueued token limit reached for gpt-6-luna in organization org-x.',
		};
		expect(json({ status: 'failed', errors: { data: [full] } })).toMatchObject({
			retryable: true,
			error_summary:
				'Enqueued token limit reached for gpt-6-luna in organization org-x. (token_limit_exceeded)',
		});
		const bad = [1, 2, 3, 4, 5].map((line) => ({
			code: 'invalid_json_line',
			line,
			message: 'Bad.',
		}));
		expect(json({ status: 'failed', errors: { data: bad } })).toMatchObject({
			retryable: false,
			error_summary: [
				'Line 1: Bad. (invalid_json_line)',
				'Line 2: Bad. (invalid_json_line)',
				'Line 3: Bad. (invalid_json_line)',
				'… and 2 more',
			].join('\n'),
		});
		expect(json()).not.toHaveProperty('retryable');
	});
});

import { durationSeconds, firstErrors, progressOf } from '../../../../nodes/openai/api/objects';
import type { Batch } from '../../../../nodes/openai/api/objects';

const batch = (fields: Partial<Batch>): Batch => ({
	id: 'batch_1',
	endpoint: '/v1/responses',
	input_file_id: 'file-1',
	completion_window: '24h',
	status: 'in_progress',
	created_at: 1000,
	...fields,
});

describe('progressOf', () => {
	test.each<[string, Partial<Batch>, number]>([
		['counts of both kinds', { request_counts: { total: 8, completed: 4, failed: 2 } }, 75],
		['never 100 before the last request', { request_counts: { total: 1000, completed: 999 } }, 99],
		['missing counts', { request_counts: null }, 0],
		['nothing counted yet', { request_counts: { total: 0, completed: 0, failed: 0 } }, 0],
		['more than all', { request_counts: { total: 2, completed: 2, failed: 1 } }, 100],
		['completed without counts', { status: 'completed', request_counts: null }, 100],
		['cancelled half-way', { status: 'cancelled', request_counts: { total: 8, completed: 4 } }, 50],
		['failed validation', { status: 'failed', request_counts: { total: 0 } }, 0],
	])('%s', (_, fields, percent) => {
		expect(progressOf(batch(fields))).toBe(percent);
	});
});

describe('durationSeconds', () => {
	test('from creation to the end that the status names', () => {
		expect(durationSeconds(batch({ status: 'completed', completed_at: 1138 }))).toBe(138);
		expect(durationSeconds(batch({ status: 'cancelled', cancelled_at: 1010 }))).toBe(10);
	});

	test('to the completion, where a server gives every end as that', () => {
		expect(durationSeconds(batch({ status: 'failed', completed_at: 1138 }))).toBe(138);
	});

	test('null while it runs, and where the server gives no time', () => {
		expect(durationSeconds(batch({}))).toBeNull();
		expect(durationSeconds(batch({ status: 'expired' }))).toBeNull();
		expect(durationSeconds(batch({ status: 'failed', failed_at: null }))).toBeNull();
	});

	test('never negative', () => {
		expect(durationSeconds(batch({ status: 'failed', failed_at: 999 }))).toBe(0);
	});
});

describe('firstErrors', () => {
	test('line, words, code and parameter in one readable line each', () => {
		const data = [
			{
				code: 'missing_required_parameter',
				line: 1,
				message: 'Missing it.',
				param: 'body.messages',
			},
			{ code: 'empty_file', line: null, message: 'The input file is empty.', param: null },
			{ code: 'too_many_tasks' },
			{},
		];
		expect(firstErrors(batch({ errors: { data } }), 4)).toEqual([
			'Line 1: Missing it. (missing_required_parameter, body.messages)',
			'The input file is empty. (empty_file)',
			'too_many_tasks',
			'No reason was given',
		]);
		expect(firstErrors(batch({ errors: { data } }), 1)).toHaveLength(1);
	});

	test('no errors, no lines', () => {
		expect(firstErrors(batch({ errors: null }), 3)).toEqual([]);
		expect(firstErrors(batch({ errors: { data: null } }), 3)).toEqual([]);
	});
});

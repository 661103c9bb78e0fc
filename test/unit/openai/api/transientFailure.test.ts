import { readStatus } from '../../../../nodes/openai/api/readBatch';
import { transientFailure } from '../../../../nodes/openai/api/objects';
import type { BatchValidationError } from '../../../../nodes/openai/api/objects';

const failed = (...data: BatchValidationError[]) => ({
	status: 'failed',
	errors: { object: 'list', data },
});

const NOT_READY: BatchValidationError = {
	code: 'invalid_request',
	line: null,
	message: 'Cannot find file file-abc, or organization org-x does not have access to it.',
	param: 'file_id',
};
const TOKENS: BatchValidationError = {
	code: 'token_limit_exceeded',
	line: null,
	message:
		'Enqueued token limit reached for gpt-6-luna in organization org-x. Limit: 2,000,000 enqueued tokens. Please try again once some in_progress batches have been completed.',
	param: null,
};
const BAD_LINE: BatchValidationError = {
	code: 'invalid_json_line',
	line: 7,
	message: 'This line is not parseable as valid JSON.',
	param: null,
};

describe('transientFailure', () => {
	test('a file that the validator could not see yet', () => {
		expect(transientFailure(failed(NOT_READY))).toEqual({
			reason: 'file_not_ready',
			message: NOT_READY.message,
		});
	});

	test('a full queue, by its code, and by its words where the code differs', () => {
		expect(transientFailure(failed(TOKENS))?.reason).toBe('enqueued_limit');
		expect(transientFailure(failed({ code: 'token_limit_exceeded' }))).toEqual({
			reason: 'enqueued_limit',
			message: '',
		});
		const message =
			'Enqueued request limit reached for text-embedding-3-small in organization org-x.';
		expect(transientFailure(failed({ code: null, message }))?.reason).toBe('enqueued_limit');
	});

	test('an upper-case status is a failed batch too', () => {
		expect(transientFailure({ ...failed(TOKENS), status: readStatus('FAILED') })).toBeDefined();
	});

	test.each([
		['a bad line', failed(BAD_LINE)],
		['a bad line among transient reasons', failed(TOKENS, BAD_LINE)],
		[
			'a missing model parameter',
			failed({ ...NOT_READY, message: 'Model parameter is required.' }),
		],
		[
			'a line that speaks of files',
			failed({ ...NOT_READY, line: 3, param: 'body.input', code: 'invalid_value' }),
		],
		['no reasons at all', failed()],
		['reasons left out', { status: 'failed', errors: null }],
		['a batch that did not fail', { ...failed(TOKENS), status: 'completed' }],
	])('not passing: %s', (_, batch) => {
		expect(transientFailure(batch)).toBeUndefined();
	});
});

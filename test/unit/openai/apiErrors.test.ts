import { ClassifiedResult, isRetryable, parseResultLine } from '../../../nodes/jsonl/resultLine';
import {
	hasPermanentCause,
	hasTransientCause,
	isQuotaError,
	isTransient,
	isTransientStatus,
} from '../../../nodes/openai/apiErrors';
import { statusFault } from '../../../nodes/openai/http/fault';

const STATUSES = [400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504, 529];
const QUOTA = [
	'insufficient_quota',
	'credit_balance_exhausted',
	'organization_spend_limit_exceeded',
	'project_spend_limit_exceeded',
	'organization_usage_limit_exceeded',
];
const WRONG = ['context_length_exceeded', 'model_not_found', 'invalid_api_key'];

describe('the cause that an error names', () => {
	it.each(QUOTA)('%s is a quota that is used up, as code and as type', (word) => {
		expect([isQuotaError({ code: word }), isQuotaError({ type: word })]).toEqual([true, true]);
		expect(hasPermanentCause({ code: word })).toBe(true);
	});

	it.each(WRONG)('%s is permanent, and not a matter of quota', (word) => {
		expect([hasPermanentCause({ code: word }), hasPermanentCause({ type: word })]).toEqual([
			true,
			true,
		]);
		expect(isQuotaError({ code: word })).toBe(false);
	});

	it.each(['server_error', 'rate_limit_exceeded', 'slow_down', 'server_is_overloaded'])(
		'%s is transient',
		(word) => {
			expect([hasTransientCause({ code: word }), hasTransientCause({ type: word })]).toEqual([
				true,
				true,
			]);
			expect(hasPermanentCause({ code: word })).toBe(false);
		},
	);

	it.each([{}, { code: null, type: null }, { code: '', type: '' }, { code: 'new_code' }])(
		'%j is none',
		(error) => {
			expect([hasPermanentCause(error), hasTransientCause(error)]).toEqual([false, false]);
		},
	);
});

test('statuses that are transient', () => {
	const transient = [408, 409, 425, 429, 500, 502, 503, 504, 529];
	expect(STATUSES.filter(isTransientStatus)).toEqual(transient);
});

describe.each(STATUSES)('an error with the status %i', (status) => {
	it.each([undefined, 'new_code', ...QUOTA, ...WRONG])(
		'and the code %s is judged alike as an answer and as a line',
		(code) => {
			const body = { error: { message: 'm', code } };
			const line = { custom_id: 'a', response: { status_code: status, body } };
			const isLineTransient = isRetryable(
				new ClassifiedResult(parseResultLine(JSON.stringify(line))),
			);
			expect(isTransient(statusFault(status, {}, body, 0))).toBe(isLineTransient);
		},
	);
});

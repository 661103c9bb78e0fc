import type { Fault } from '../../../../nodes/openai/client';
import { isTransient } from '../../../../nodes/openai/apiErrors';
import {
	retryAfterMs,
	retryIn,
	statusFault,
	waitBeforeRetry,
} from '../../../../nodes/openai/http/fault';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const noJitter = () => 0;

const status = (code: number, error = {}, headers: Record<string, string> = {}): Fault =>
	statusFault(code, headers, { error }, NOW);

describe('what passes', () => {
	test.each([408, 409, 425, 429, 500, 502, 503, 504, 529])('status %i', (code) => {
		expect(isTransient(status(code))).toBe(true);
	});

	test.each([400, 401, 403, 404, 405, 413, 415, 422])('not status %i', (code) => {
		expect(isTransient(status(code))).toBe(false);
	});

	test.each([
		['type insufficient_quota', { type: 'insufficient_quota', code: 'insufficient_quota' }],
		['credit_balance_exhausted', { code: 'credit_balance_exhausted' }],
		['organization_spend_limit_exceeded', { code: 'organization_spend_limit_exceeded' }],
		['project_spend_limit_exceeded', { code: 'project_spend_limit_exceeded' }],
		['organization_usage_limit_exceeded', { code: 'organization_usage_limit_exceeded' }],
	])('not a 429 with %s, whatever the headers say', (_name, error) => {
		expect(isTransient(status(429, error))).toBe(false);
		expect(isTransient(status(429, error, { 'x-should-retry': 'true' }))).toBe(false);
	});

	test('the server has the last word on other statuses', () => {
		expect(isTransient(status(500, {}, { 'x-should-retry': 'false' }))).toBe(false);
		expect(isTransient(status(400, {}, { 'x-should-retry': 'true' }))).toBe(true);
		expect(isTransient(status(500, {}, { 'x-should-retry': 'perhaps' }))).toBe(true);
	});
});

describe('how long to wait', () => {
	test('half a second doubling up to eight, less up to a quarter', () => {
		const waits = [1, 2, 3, 4, 5, 6, 50].map((attempt) => waitBeforeRetry(attempt, {}, noJitter));
		expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
		expect(waitBeforeRetry(3, {}, () => 1)).toBe(1500);
	});

	test.each<[string, Record<string, string>, number | undefined]>([
		['milliseconds', { 'retry-after-ms': '1500' }, 1500],
		['milliseconds before seconds', { 'retry-after-ms': '20', 'retry-after': '3' }, 20],
		['seconds', { 'retry-after': '3' }, 3000],
		['parts of seconds', { 'retry-after': '0.25' }, 250],
		['a date', { 'retry-after': 'Sun, 22 Nov 2026 12:00:07 GMT' }, 7000],
		['a date gone by', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' }, 0],
		['unusable milliseconds', { 'retry-after-ms': 'soon', 'retry-after': '2' }, 2000],
		['negative milliseconds', { 'retry-after-ms': '-5' }, undefined],
		['negative seconds', { 'retry-after': '-5' }, undefined],
		['words', { 'retry-after': 'tomorrow' }, undefined],
		['nothing', {}, undefined],
	])('as the server asks: %s', (_name, headers, expected) => {
		expect(retryAfterMs(headers, NOW)).toBe(expected);
	});

	test('not at all when the server asks for more than a minute', () => {
		const far = status(429, {}, { 'retry-after': '61' });
		expect(retryIn(1, far, {}, NOW)).toBeUndefined();
		expect(retryIn(1, status(429, {}, { 'retry-after': '60' }), {}, NOW)).toBe(60_000);
		const absurd = status(503, {}, { 'retry-after': '1e300' });
		expect(retryIn(1, absurd, {}, NOW)).toBeUndefined();
	});

	test('not beyond the deadline', () => {
		const fault = status(503, {}, { 'retry-after': '3' });
		expect(retryIn(1, fault, { deadline: NOW + 3001 }, NOW)).toBe(3000);
		expect(retryIn(1, fault, { deadline: NOW + 3000 }, NOW)).toBeUndefined();
	});
});

test('a request is given up after four repetitions', () => {
	const attempts = [1, 2, 3, 4, 5].map((attempt) => retryIn(attempt, status(500), {}, NOW));
	expect(attempts.map((wait) => wait === undefined)).toEqual([false, false, false, false, true]);
});

describe('a request to be sent once', () => {
	const once = { once: true };

	test.each([408, 409, 500, 502, 503, 504])('is not repeated after status %i', (code) => {
		expect(retryIn(1, status(code), once, NOW)).toBeUndefined();
	});

	test('is repeated after a refusal that passes', () => {
		expect(retryIn(1, status(429), once, NOW, noJitter)).toBe(500);
	});
});

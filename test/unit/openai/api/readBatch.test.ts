import fc from 'fast-check';
import { readBatch, readFile, readStatus, readTime } from '../../../../nodes/openai/api/readBatch';
import { COMPLETED_BATCH } from '../../../support/completedBatch';

const WHOLE = {
	...COMPLETED_BATCH,
	completed_at: 1_790_000_100,
	error_file_id: null,
	errors: null,
	request_counts: { total: 3, completed: 3, failed: 0 },
	metadata: { job: 'films' },
	model: null,
	usage: null,
};

test("a batch of OpenAI's stays as it is", () => {
	expect(readBatch(WHOLE)).toEqual(WHOLE);
});

test.each([undefined, null, '', {}, []])('what has the id %j is not a batch', (id) => {
	expect(readBatch({ ...WHOLE, id } as never)).toBeUndefined();
});

describe('times', () => {
	it.each<[unknown, number | null]>([
		[1_790_000_000, 1_790_000_000],
		[1_790_000_000.7, 1_790_000_000],
		[1_790_000_000_123, 1_790_000_000],
		['1790000000', 1_790_000_000],
		['1790000000123', 1_790_000_000],
		['2026-09-21T13:33:20Z', 1_789_997_600],
		['2026-09-21T13:33:20.2491382+00:00', 1_789_997_600],
		['2026-09-21T21:33:20.949816948+08:00', 1_789_997_600],
		[0, null],
		[946_684_800, null],
		['0001-01-01T00:00:00Z', null],
		['<string>', null],
		['', null],
		[null, null],
		[undefined, null],
		[{}, null],
		[NaN, null],
	])('%j is %j', (value, seconds) => {
		expect(readTime(value)).toBe(seconds);
	});

	it('mean the same in every form', () => {
		fc.assert(
			fc.property(fc.integer({ min: 1_000_000_000, max: 4_000_000_000 }), (seconds) => {
				const forms = [
					seconds,
					seconds * 1000,
					String(seconds),
					String(seconds * 1000),
					new Date(seconds * 1000).toISOString(),
				];
				for (const form of forms) expect(readTime(form)).toBe(seconds);
			}),
		);
	});
});

describe('statuses', () => {
	it.each([
		['VALIDATING', 'validating'],
		['Validating', 'validating'],
		['in_queue', 'validating'],
		['queued', 'validating'],
		['pending', 'validating'],
		['PROGRESS', 'in_progress'],
		['InProgress', 'in_progress'],
		['in-progress', 'in_progress'],
		['running', 'in_progress'],
		['succeeded', 'completed'],
		['complete', 'completed'],
		['PartiallyCompleted', 'completed'],
		['JOB_STATE_SUCCEEDED', 'completed'],
		['canceled', 'cancelled'],
		['Stopping', 'cancelling'],
		['timed_out', 'expired'],
		['error', 'failed'],
	])('%s is %s', (sent, status) => {
		expect(readStatus(sent)).toBe(status);
	});

	it('mean the same in any spelling', () => {
		const words = fc.constantFrom(
			['validating', 'validating'],
			['in progress', 'in_progress'],
			['finalizing', 'finalizing'],
			['completed', 'completed'],
			['succeeded', 'completed'],
			['failed', 'failed'],
			['expired', 'expired'],
			['cancelling', 'cancelling'],
			['canceled', 'cancelled'],
		);
		const joints = fc.constantFrom('_', '-', ' ', '');
		const prefixes = fc.constantFrom('', 'JOB_STATE_', 'batch-status-');
		const spellings = fc.constantFrom<(text: string) => string>(
			(text) => text,
			(text) => text.toUpperCase(),
			(text) => text.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
		);
		fc.assert(
			fc.property(words, joints, prefixes, spellings, ([word, status], joint, prefix, spell) => {
				const sent = `${prefix}${spell(word).replace(' ', joint)}`;
				expect([sent, readStatus(sent)]).toEqual([sent, status]);
			}),
		);
	});

	it('that are not known stay as they were sent', () => {
		expect(readStatus('Hibernating')).toBe('Hibernating');
		expect(readStatus(undefined)).toBe('');
	});
});

describe('other forms', () => {
	const read = (changes: object) => readBatch({ ...WHOLE, ...changes });

	it.each<[unknown, unknown]>([
		[
			['line 3: no custom_id'],
			[{ code: null, line: null, message: 'line 3: no custom_id', param: null }],
		],
		[
			'model not supported',
			[{ code: null, line: null, message: 'model not supported', param: null }],
		],
		[
			[{ code: 'invalid_json_line', line: 3, message: 'not parseable' }],
			[{ code: 'invalid_json_line', line: 3, message: 'not parseable', param: null }],
		],
		[
			{ data: [{ code: 'empty_file', message: 'The input file is empty.' }] },
			[{ code: 'empty_file', line: null, message: 'The input file is empty.', param: null }],
		],
	])('of errors: %j', (errors, data) => {
		expect(read({ errors })?.errors).toEqual({ object: 'list', data });
	});

	it.each([null, '', [], {}, { object: 'list', data: [] }, { data: null }])(
		'of no errors: %j',
		(errors) => {
			expect(read({ errors })?.errors).toBeNull();
		},
	);

	it.each<[object, object | null]>([
		[
			{ request_counts: { total: '3', completed: '2', failed: null } },
			{ total: 3, completed: 2, failed: null },
		],
		[
			{ request_counts: null, total_requests: 3, completed_requests: 2, failed_requests: 1 },
			{ total: 3, completed: 2, failed: 1 },
		],
		[
			{ request_counts: 123, total: 123, completed: 100, failed: 23 },
			{ total: 123, completed: 100, failed: 23 },
		],
		[{ request_counts: {} }, null],
		[{ request_counts: undefined }, null],
	])('of counts: %j', (changes, counts) => {
		expect(read(changes)?.request_counts).toEqual(counts);
	});

	it.each([
		[
			'gs://bucket/litellm-vertex-files/publishers/google/models/gemini',
			'/prediction-1/predictions.jsonl',
		],
		['s3://bucket/litellm-batch-outputs/litellm-batch-1/', 'abc.jsonl.out'],
	])('of files that are not there yet are null: LiteLLM names a folder, %s', (folder, rest) => {
		const read = (id: string) => readBatch({ ...WHOLE, output_file_id: id })?.output_file_id;
		expect(read(folder)).toBeNull();
		expect(read(folder + rest)).toBe(folder + rest);
	});

	it('of ids: empty text stands for none, numbers are written out', () => {
		expect(read({ id: 123, output_file_id: '', error_file_id: 7 })).toMatchObject({
			id: '123',
			output_file_id: null,
			error_file_id: '7',
		});
	});

	it('of metadata: values become text, what is no object is none', () => {
		expect(read({ metadata: { a: 1, b: null, c: 'x', d: { e: 1 } } })?.metadata).toEqual({
			a: '1',
			c: 'x',
			d: '{"e":1}',
		});
		expect(read({ metadata: 'x' })?.metadata).toBeNull();
	});
});

test('a file may come in an envelope, with its time under another name', () => {
	const data = { id: 'file-1', bytes: '8509', createdAt: 1_790_000_000, filename: '' };
	expect(readFile({ code: 20000, message: 'Ok', status: true, data })).toMatchObject({
		id: 'file-1',
		bytes: 8509,
		created_at: 1_790_000_000,
		filename: null,
	});
});

/** What a field has to be after reading, whatever it was before. */
const isNullOr = (type: string) => (value: unknown) =>
	value === undefined || value === null || typeof value === type;

const TYPES: Record<string, (value: unknown) => boolean> = {
	id: (value) => typeof value === 'string' && value !== '',
	status: (value) => typeof value === 'string',
	...Object.fromEntries(
		['created_at', 'in_progress_at', 'expires_at', 'completed_at', 'failed_at'].map((name) => [
			name,
			isNullOr('number'),
		]),
	),
	...Object.fromEntries(
		[
			'endpoint',
			'completion_window',
			'model',
			'input_file_id',
			'output_file_id',
			'error_file_id',
		].map((name) => [name, isNullOr('string')]),
	),
	metadata: isNullOr('object'),
	usage: isNullOr('object'),
	errors: isNullOr('object'),
	request_counts: isNullOr('object'),
};

test('any field may be absent, null, or of another type', () => {
	const value = fc.oneof(fc.constant(undefined), fc.jsonValue());
	const changes = fc.dictionary(fc.constantFrom(...Object.keys(TYPES)), value);
	fc.assert(
		fc.property(changes, (changed) => {
			const batch = readBatch({ ...WHOLE, ...changed } as never);
			if (!batch) return;
			for (const [name, fits] of Object.entries(TYPES)) {
				expect([name, fits((batch as never)[name])]).toEqual([name, true]);
			}
		}),
		{ numRuns: 500 },
	);
});

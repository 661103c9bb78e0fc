import type { History } from './batches';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForEachTest } from './product';

const product = productForEachTest();

async function errorOf(batchId: string, options = {}) {
	const { error } = await product.run('batch', 'getResults', { batchId, options });
	expect(error).toBeDefined();
	const { message, description } = error as { message: string; description: string };
	return { message, description };
}

test('an unfinished batch: the error has its status and how far it is', async () => {
	const batch = addHistory(product, {
		status: 'in_progress',
		request_counts: { total: 10, completed: 3, failed: 1 },
	});
	const { message, description } = await errorOf(batch.id);
	expect(message).toBe(`Batch ${batch.id} is in progress: 3 of 10 requests are done, 1 failed`);
	expect(description).toContain('OpenAI Batch Trigger');
});

test('an unfinished batch without counts: the error has its status', async () => {
	const batch = addHistory(product, { status: 'VALIDATING', request_counts: null });
	expect((await errorOf(batch.id)).message).toBe(`Batch ${batch.id} is validating`);
});

test('a failed batch: the error lists the reasons with their lines', async () => {
	const data = Array.from({ length: 22 }, (_, index) => ({
		code: 'invalid_url',
		line: index + 1,
		message: 'The URL is wrong.',
		param: 'url',
	}));
	const batch = addHistory(product, { status: 'failed', errors: { object: 'list', data } });
	const { message, description } = await errorOf(batch.id);
	expect(message).toBe(`Batch ${batch.id} failed: Line 1: The URL is wrong. (invalid_url, url)`);
	expect(description.split('<br>')).toEqual([
		'None of its requests ran and nothing was charged. Correct the requests and submit them again.',
		...Array.from({ length: 19 }, (_, i) => `Line ${i + 2}: The URL is wrong. (invalid_url, url)`),
		'… and 2 more',
	]);
});

test('a failed batch without reasons: the error says that there are none', async () => {
	const batch = addHistory(product, { status: 'failed', errors: null });
	expect((await errorOf(batch.id)).message).toBe(`Batch ${batch.id} failed: no reason given`);
});

test.each([
	['token_limit', /^Batch \S+ failed: Enqueued token limit reached/],
	['file_not_found', /^Batch \S+ failed: Cannot find file/],
] as const)(
	'a batch that failed by %s: the error says that this is temporary, and that a retry helps',
	async (fate, said) => {
		product.emulator.control.batches({ match: () => true, fate });
		const [batch] = await product.json('batch', 'submit', { prompt: 'Hi' });
		await product.emulator.advance(1_000);
		const { message, description } = await errorOf(batch.id as string);
		expect(message).toMatch(said);
		expect(description).toMatch(/^This is temporary: /);
		expect(description).toContain('Retry Unfinished creates the batch again from the same file');
	},
);

test('a batch that does not exist: the error has the words of the API', async () => {
	expect((await errorOf('batch_none')).message).toMatch(/No batch found/);
});

test('a result file that is gone: the error names the file and its batch', async () => {
	const batch = addHistory(product, {
		output: [answerLine('a')],
		error_file_id: 'file-gone',
		input: [requestLine('a')],
		request_counts: { total: 2 },
	});
	const { message, description } = await errorOf(batch.id);
	expect(message).toBe(`The error file file-gone of batch ${batch.id} is no longer there`);
	expect(description).toContain('The service deletes result files after 30 days');
});

test('a result file that expired: the error names it', async () => {
	const [batch] = await product.json('batch', 'submit', {
		prompt: 'Hi',
		options: { outputExpiresAfter: 1 },
	});
	await product.finish(batch.id as string);
	await product.emulator.advance(3_600_000);
	expect((await errorOf(batch.id as string)).message).toMatch(
		/^The output file \S+ of batch \S+ is no longer there$/,
	);
});

test('a file is read even if the server does not describe it', async () => {
	const batch = addHistory(product, { output: [answerLine('a')], request_counts: { total: 1 } });
	product.emulator.faults.next({
		path: `/files/${batch.output_file_id}`,
		fault: { type: 'status', status: 404 },
	});
	const items = await product.json('batch', 'getResults', { batchId: batch.id });
	expect(items.map(({ custom_id }) => custom_id)).toEqual(['a']);
});

test.each([true, false])(
	'a transfer that breaks off is continued (content-length kept: %s)',
	async (keepContentLength) => {
		const ids = Array.from({ length: 500 }, (_, index) => `r${index}`);
		const batch = addHistory(product, {
			output: ids.map((id) => answerLine(id)),
			request_counts: { total: 500 },
		});
		product.emulator.faults.next({
			path: `/files/${batch.output_file_id}/content`,
			fault: { type: 'truncate', bytes: 30_001, keepContentLength },
		});
		const items = await product.json('batch', 'getResults', { batchId: batch.id });
		expect(items.map(({ custom_id }) => custom_id)).toEqual(ids);
	},
);

test('a file that never arrives completely is an error, not a shorter list', async () => {
	const batch = addHistory(product, { output: [answerLine('a'), answerLine('b')] });
	product.emulator.faults.next({
		path: `/files/${batch.output_file_id}/content`,
		times: 20,
		fault: { type: 'truncate', bytes: 100, lengthless: 'closed' },
	});
	const { items, error } = await product.run('batch', 'getResults', { batchId: batch.id });
	expect(items('Node')).toEqual([]);
	expect(error?.message).toMatch(
		`File ${batch.output_file_id} could not be downloaded: It ended after 100 of`,
	);
});

describe('a result file that the server does not describe, and that comes empty', () => {
	const counted = (completed: number, failed: number, total: number) => ({
		request_counts: { total, completed, failed },
	});
	const [a, b] = ['a', 'b'];

	/** Gets the results of a batch of which some files come empty. */
	async function emptied(history: History, files: Array<'output' | 'error'>) {
		const batch = addHistory(product, history);
		const { faults } = product.emulator;
		faults.next({ path: /files\/[^/]+$/, times: 20, fault: { type: 'status', status: 405 } });
		for (const file of files) {
			const path = `/files/${batch[`${file}_file_id`]}/content`;
			const nothing = { type: 'truncate', bytes: 0, keepContentLength: false } as const;
			faults.next({ path, times: 20, fault: nothing });
		}
		const { items, error } = await product.run('batch', 'getResults', { batchId: batch.id });
		const { message, description } = (error ?? {}) as { message?: string; description?: string };
		return {
			batch,
			message,
			description,
			results: items('Node').map(({ json }) => `${json.custom_id}: ${json.status}`),
		};
	}

	const failures = { output: [answerLine(a)], error: [failureLine(b, 400, 'x')] };
	const cancelled = { status: 'cancelled', error: [notRunLine(b, 'batch_cancelled')] };

	test.each<[string, 'output' | 'error', History]>([
		['failures', 'error', { ...failures, ...counted(1, 1, 2) }],
		['failures, beside missing requests', 'error', { ...failures, ...counted(1, 1, 9) }],
		['answers', 'output', { ...failures, ...counted(1, 1, 2) }],
		[
			'answers, before the cancel',
			'output',
			{ ...cancelled, output: [answerLine(a)], ...counted(1, 0, 2) },
		],
		['all results, without counts', 'output', { output: [answerLine(a)], request_counts: null }],
	])('an error, because there have to be %s', async (_name, file, history) => {
		const { batch, message, description, results } = await emptied(
			{ input: [requestLine(a), requestLine(b)], ...history },
			[file],
		);
		expect(results).toEqual([]);
		const id = batch[`${file}_file_id`];
		expect(message).toMatch(`The ${file} file ${id} of batch ${batch.id} came empty, although`);
		expect(description).toContain('Run the node again.');
	});

	test('the error has the counts', async () => {
		const { message } = await emptied({ input: [], ...failures, ...counted(1, 1, 2) }, ['error']);
		expect(message).toMatch(
			/came empty, although the batch counts 1 completed and 1 failed requests, and its files have the results of 1$/,
		);
	});

	test.each<[string, History, string[]]>([
		[
			'the counts leave no result for it',
			{ output: [answerLine(a)], error: [''], ...counted(1, 0, 2) },
			['a: succeeded', 'b: missing'],
		],
		[
			'no request has run',
			{ status: 'cancelled', error: [''], ...counted(0, 0, 2) },
			['a: missing', 'b: missing'],
		],
		[
			'the counts contradict each other',
			{ output: [answerLine(a), failureLine(b, 400, 'x')], error: [''], ...counted(2, 1, 2) },
			['a: succeeded', 'b: failed'],
		],
	])('is believed where %s', async (_name, history, expected) => {
		const input = [requestLine(a), requestLine(b)];
		const { message, results } = await emptied({ input, ...history }, ['error']);
		expect(message).toBeUndefined();
		expect(results).toEqual(expected);
	});
});

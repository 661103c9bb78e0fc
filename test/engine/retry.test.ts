import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForEachTest } from './product';

const product = productForEachTest();

const retry = async (batchId: string, parameters = {}) =>
	await product.json('batch', 'retry', { batchId, ...parameters });

const run = async (batchId: string, options = {}, parameters = {}) =>
	await product.run('batch', 'retry', { batchId, options, ...parameters });

const uploaded = () =>
	product.emulator.ledger.uploads.map(({ id }) => product.emulator.file(id).text());

const IDS = ['ok', 'quota', 'busy', 'wrong', 'late', 'stopped', 'lost'];

/** One request of each kind; `line` makes the lines of the input file. */
function addMixed(more = {}, line = (id: string) => requestLine(id)) {
	return addHistory(product, {
		status: 'expired',
		input: IDS.map(line),
		output: [answerLine('ok')],
		error: [
			failureLine('quota', 429, 'insufficient_quota'),
			failureLine('busy', 503, 'server_is_overloaded'),
			failureLine('wrong', 400, 'context_length_exceeded'),
			notRunLine('late', 'batch_expired'),
			notRunLine('stopped', 'batch_cancelled'),
		],
		request_counts: { total: 7, completed: 1, failed: 3 },
		...more,
	});
}

test('what may succeed the next time becomes a new batch, byte by byte as it was', async () => {
	const odd = (id: string) =>
		`{ "body": ${JSON.stringify({ model: 'm', messages: [{ role: 'user', content: `ü\u2028 ${id}` }] })} , "url":"/v1/chat/completions","method":"POST",  "custom_id":"${id}"}`;
	const batch = addMixed({ metadata: { job: 'films', submission_key: 'old' } }, odd);
	const [item] = await retry(batch.id);
	expect(uploaded()).toEqual([
		['busy', 'late', 'stopped', 'lost'].map((id) => `${odd(id)}\n`).join(''),
	]);
	const [created] = product.emulator.ledger.batches;
	expect(item).toMatchObject({
		id: created.id,
		object: 'batch',
		status: 'validating',
		endpoint: '/v1/chat/completions',
		completion_window: '24h',
		retry_of: batch.id,
		requests: 4,
		retried_failed: 1,
		retried_expired: 1,
		retried_cancelled: 1,
		retried_missing: 1,
		not_retried: 2,
		adopted: false,
	});
	expect(created.metadata).toEqual({
		job: 'films',
		retry_of: batch.id,
		submission_key: item.submission_key,
	});
	expect(created.metadata?.submission_key).not.toBe('old');
	await product.finish(created.id);
	const results = await product.json('batch', 'getResults', {
		batchId: batch.id,
		options: { followRetries: true, include: ['succeeded'] },
	});
	expect(results.map(({ custom_id }) => custom_id).sort()).toEqual([
		'busy',
		'late',
		'lost',
		'ok',
		'stopped',
	]);
});

test('Include chooses by what became of the requests', async () => {
	const batch = addMixed();
	const [item] = await retry(batch.id, { options: { include: ['expired', 'missing'] } });
	expect(uploaded()).toEqual([`${requestLine('late')}\n${requestLine('lost')}\n`]);
	expect(item).toMatchObject({
		requests: 2,
		retried_failed: 0,
		retried_expired: 1,
		retried_cancelled: 0,
		retried_missing: 1,
		not_retried: 4,
	});
});

test('Retry All Failed takes permanent errors too', async () => {
	const batch = addMixed();
	const options = { include: ['failed'], retryAllFailed: true };
	const [item] = await retry(batch.id, { options });
	expect(uploaded()).toEqual([
		['quota', 'busy', 'wrong'].map((id) => `${requestLine(id)}\n`).join(''),
	]);
	expect(item).toMatchObject({ requests: 3, retried_failed: 3, not_retried: 3 });
});

test('an input file with a BOM, CRLF, blank lines and no final line feed', async () => {
	const lines = ['a', 'b', 'c'].map((id) => requestLine(id));
	const batch = addHistory(product, {
		input: `\uFEFF${lines[0]}\r\n\r\n${lines[1]}\r\n${lines[2]}`,
		output: [answerLine('b')],
	});
	await retry(batch.id);
	expect(uploaded()).toEqual([`${lines[0]}\n${lines[2]}\n`]);
});

test('a request that succeeded in one line is not run again for another', async () => {
	const batch = addHistory(product, {
		input: ['a', 'b'].map((id) => requestLine(id)),
		output: [answerLine('a')],
		error: [failureLine('a', 500, 'server_error'), failureLine('b', 500, 'server_error')],
	});
	await retry(batch.id);
	expect(uploaded()).toEqual([`${requestLine('b')}\n`]);
});

test('a large input file is read in pieces, twice', async () => {
	const ids = Array.from({ length: 2_000 }, (_, index) => `r${index}`);
	const line = (id: string) => requestLine(id, { note: `${id} ${'ä'.repeat(300)}` });
	const batch = addHistory(product, {
		input: ids.map(line),
		output: ids.filter((_, index) => index % 3 !== 0).map((id) => answerLine(id)),
	});
	const [item] = await retry(batch.id);
	const kept = ids.filter((_, index) => index % 3 === 0);
	expect(uploaded()).toEqual([kept.map((id) => `${line(id)}\n`).join('')]);
	expect(item).toMatchObject({ requests: kept.length, retried_missing: kept.length });
	const reads = product.emulator.ledger.calls('GET', `/files/${batch.input_file_id}/content`);
	expect(reads).toHaveLength(2);
});

test('endpoint and window are the original ones, expiries the given ones', async () => {
	const batch = addHistory(product, {
		endpoint: '/v1/embeddings',
		input: [requestLine('a', { input: 'A' }, '/v1/embeddings')],
	});
	await retry(batch.id, { options: { inputExpiresAfter: 2, outputExpiresAfter: 3 } });
	const [create] = product.emulator.ledger.calls('POST', '/batches');
	expect(create.body).toMatchObject({
		endpoint: '/v1/embeddings',
		completion_window: '24h',
		output_expires_after: { anchor: 'created_at', seconds: 10_800 },
	});
	const [upload] = product.emulator.ledger.calls('POST', '/files');
	expect(upload.form).toContainEqual({ name: 'expires_after[seconds]', value: '7200' });
});

test('the file is named after the original, also when a retry is retried', async () => {
	const batch = addMixed();
	const [first] = await retry(batch.id);
	await product.emulator.step(first.id as string, 'in_progress', { done: 0 });
	await product.emulator.step(first.id as string, 'expired', { done: 1 });
	const [second] = await retry(first.id as string);
	expect(second.metadata).toMatchObject({ retry_of: first.id });
	const names = product.emulator.ledger.uploads.map(({ filename }) => filename);
	expect(names).toEqual([
		expect.stringMatching(/^file-retry-[0-9a-f]{8}\.jsonl$/),
		expect.stringMatching(/^file-retry-[0-9a-f]{8}\.jsonl$/),
	]);
	expect(names[0]).not.toBe(names[1]);
});

describe('metadata', () => {
	const pairs = (count: number, prefix: string) =>
		Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, 'x']));

	test("is the original's, with the user's over it", async () => {
		const batch = addMixed({ metadata: { job: 'films', try: '1' } });
		const [item] = await retry(batch.id, { metadata: { pairs: [{ key: 'try', value: '2' }] } });
		expect(item.metadata).toMatchObject({ job: 'films', try: '2', retry_of: batch.id });
	});

	test('without room for all, the last pairs of the original are left out with a hint', async () => {
		const batch = addMixed({ metadata: { ...pairs(14, 'old'), retry_of: 'batch_0' } });
		const { items, hints } = await run(
			batch.id,
			{},
			{ metadata: { pairs: [{ key: 'new', value: 'y' }] } },
		);
		const metadata = items('Node')[0].json.metadata as Record<string, string>;
		expect(Object.keys(metadata)).toHaveLength(16);
		expect(metadata).toMatchObject({ new: 'y', old12: 'x', retry_of: batch.id });
		expect(hints('Node').map(({ message }) => message)).toEqual([
			`Batch ${batch.id} has more metadata than its retry has room for. Left out: old13.`,
		]);
	});

	test('of the user may have 13 pairs, none of them ours; nothing is sent otherwise', async () => {
		const batch = addMixed();
		const given = (metadata: object) => ({
			metadata: {
				pairs: Object.entries(metadata).map(([key, value]) => ({ key, value: String(value) })),
			},
		});
		const tooMany = await run(batch.id, {}, given(pairs(14, 'k')));
		expect(tooMany.error?.message).toContain('a batch can have 13 besides the 3');
		const ours = await run(batch.id, {}, given({ retry_of: 'x' }));
		expect(ours.error?.message).toContain("'retry_of' is set by this node itself");
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

describe('safely', () => {
	test('the same batch twice in one execution becomes one retry', async () => {
		const batch = addMixed();
		product.emulator.faults.listLag(3);
		const items = await product.json('batch', 'retry', { batchId: '={{ $json.id }}' }, [
			{ id: batch.id },
			{ id: batch.id },
		]);
		expect(items.map(({ adopted }) => adopted)).toEqual([false, true]);
		expect(items[1].id).toBe(items[0].id);
		expect(items[1]).toMatchObject({ retry_of: batch.id, requests: 4, not_retried: 2 });
		expect(product.emulator.ledger.batches).toHaveLength(1);
		expect(product.emulator.ledger.uploads).toHaveLength(1);
	});

	test('a create whose answer is lost is found again, not repeated', async () => {
		const batch = addMixed();
		product.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'reset', when: 'after' },
		});
		const [item] = await retry(batch.id);
		expect(item).toMatchObject({ adopted: true, retry_of: batch.id });
		expect(product.emulator.ledger.batches).toHaveLength(1);
	});

	test('another execution leaves to the first retry what that works on or has answered', async () => {
		const batch = addMixed();
		const [first] = await retry(batch.id);
		const { error } = await product.run('batch', 'retry', { batchId: batch.id });
		expect(error?.description).toMatch(/are still running in an earlier retry/);
		await product.finish(String(first.id));
		const answered = await product.run('batch', 'retry', { batchId: batch.id });
		expect(answered.error?.message).toBe(`Batch ${batch.id} has no requests to retry`);
		expect(product.emulator.ledger.batches).toHaveLength(1);
	});

	test('what an earlier retry has not answered is asked again', async () => {
		const batch = addMixed();
		const [first] = await retry(batch.id);
		await product.emulator.step(String(first.id), 'expired');
		const [second] = await retry(batch.id);
		expect(second.id).not.toBe(first.id);
		// Half of the first retry had an answer when it expired.
		expect([first.requests, second.requests]).toEqual([4, 2]);
	});

	test('a submission key holds over executions', async () => {
		const batch = addMixed();
		const options = { submissionKey: 'once' };
		const [first] = await retry(batch.id, { options });
		const [second] = await retry(batch.id, { options });
		expect(second).toMatchObject({ id: first.id, adopted: true });
	});

	test('what a retry had answered before it was cancelled is not asked again under its key', async () => {
		const batch = addMixed();
		const options = { submissionKey: 'cancelled' };
		const [first] = await retry(batch.id, { options });
		// Half of it had an answer.
		await product.emulator.step(String(first.id), 'expired');
		Object.assign(product.emulator.batch(String(first.id)), { status: 'cancelled' });
		const [second] = await retry(batch.id, { options });
		expect(second.id).not.toBe(first.id);
		expect([first.requests, second.requests]).toEqual([4, 2]);
	});

	test('a create that is refused leaves no file behind', async () => {
		const batch = addMixed();
		product.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'status', status: 400, body: { error: { message: 'No more batches' } } },
		});
		const { error } = await run(batch.id);
		expect(error?.message).toMatch(
			/^The batch was not created, its input file \S+\.jsonl was deleted: No more batches$/,
		);
		const [upload] = product.emulator.ledger.uploads;
		expect(() => product.emulator.file(upload.id)).toThrow();
	});
});

describe('a batch that failed validation', () => {
	test.each(['token_limit', 'file_not_found'] as const)(
		'for a transient reason (%s) is created again from the same file',
		async (fate) => {
			product.emulator.control.batches({ match: () => true, fate, times: 1 });
			const [batch] = await product.json('batch', 'submit', {
				prompt: 'Hi',
				metadata: { pairs: [{ key: 'job', value: 'films' }] },
			});
			await product.emulator.advance(1_000);
			const [item] = await retry(batch.id as string);
			expect(item).toMatchObject({
				input_file_id: batch.input_file_id,
				status: 'validating',
				retry_of: batch.id,
				not_retried: 0,
				adopted: false,
				metadata: { job: 'films', retry_of: batch.id, submission_key: item.submission_key },
			});
			expect(item).not.toHaveProperty('requests');
			expect(product.emulator.ledger.uploads).toHaveLength(1);
			await product.finish(item.id as string);
		},
	);

	test('and is created twice in an execution only once, keeping the file when refused', async () => {
		product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
		const [batch] = await product.json('batch', 'submit', { prompt: 'Hi' });
		await product.emulator.advance(1_000);
		product.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'status', status: 400, body: { error: { message: 'Not now' } } },
		});
		const refused = await run(batch.id as string);
		expect(refused.error?.message).toBe('The batch was not created: Not now');
		expect(product.emulator.file(batch.input_file_id as string).text()).not.toBe('');
		const id = batch.id as string;
		const items = await product.json('batch', 'retry', { batchId: id }, [{}, {}]);
		expect(items.map(({ adopted }) => adopted)).toEqual([false, true]);
	});

	test('for a permanent reason is refused with that reason', async () => {
		const data = [{ code: 'invalid_url', line: 3, message: 'The URL is wrong.', param: 'url' }];
		const batch = addHistory(product, {
			status: 'failed',
			errors: { object: 'list', data },
			input: [requestLine('a')],
		});
		const { error } = await run(batch.id);
		expect(error?.message).toBe(
			`Batch ${batch.id} failed: Line 3: The URL is wrong. (invalid_url, url)`,
		);
	});
});

describe('refuses with a reason', () => {
	const refusal = async (batchId: string, options = {}) => {
		const { error } = await run(batchId, options);
		expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
		return error as { message: string; description: string };
	};

	test('an unfinished batch', async () => {
		const batch = addHistory(product, {
			status: 'finalizing',
			request_counts: { total: 2, completed: 2, failed: 0 },
		});
		const { message } = await refusal(batch.id);
		expect(message).toBe(`Batch ${batch.id} is finalizing: 2 of 2 requests are done`);
	});

	test('a batch of which all requests succeeded', async () => {
		const batch = addHistory(product, {
			input: [requestLine('a'), requestLine('b')],
			output: [answerLine('b'), answerLine('a')],
		});
		const { message, description } = await refusal(batch.id);
		expect(message).toBe(`All 2 requests of batch ${batch.id} succeeded`);
		expect(description).toBe('There is nothing to retry.');
	});

	test('errors that would only repeat, naming the most common', async () => {
		const batch = addHistory(product, {
			input: ['a', 'b', 'c', 'd'].map((id) => requestLine(id)),
			output: [answerLine('d')],
			error: [
				failureLine('a', 400, 'invalid_prompt'),
				failureLine('b', 404, 'model_not_found'),
				failureLine('c', 404, 'model_not_found'),
			],
		});
		const { message, description } = await refusal(batch.id);
		expect(message).toBe(`Batch ${batch.id} has no requests to retry`);
		expect(description.split('<br>')).toEqual([
			'3 requests failed with errors that a retry would only repeat. Correct those requests and submit them again, or turn on Retry All Failed when the cause is gone.',
			'Most common error (2 requests): It ended with model_not_found.',
		]);
	});

	test('requests that the options leave out', async () => {
		const batch = addHistory(product, { input: [requestLine('a'), requestLine('b')] });
		const { description } = await refusal(batch.id, { include: ['expired'] });
		expect(description).toBe('2 requests did not succeed, but the option Include leaves them out.');
	});

	test('a batch whose input file is gone', async () => {
		const batch = addHistory(product, { error: [failureLine('a', 500, 'server_error')] });
		const { message } = await refusal(batch.id);
		expect(message).toBe(`The input file file-gone of batch ${batch.id} is no longer there`);
	});

	test('a batch with a result file that is gone, since it might run twice what succeeded', async () => {
		const batch = addHistory(product, { input: [requestLine('a')], output_file_id: 'file-gone' });
		const { message } = await refusal(batch.id);
		expect(message).toBe(`The output file file-gone of batch ${batch.id} is no longer there`);
	});

	test('and continues with the other items where the user wants that', async () => {
		const done = addHistory(product, { input: [requestLine('a')], output: [answerLine('a')] });
		const open = addHistory(product, { input: [requestLine('a')] });
		const { items } = await product.run(
			'batch',
			'retry',
			{ batchId: '={{ $json.id }}' },
			[{ id: done.id }, { id: open.id }],
			{ onError: 'continueErrorOutput' },
		);
		expect(items('Node', 0).map(({ json }) => json.retry_of)).toEqual([open.id]);
		expect(items('Node', 1).map(({ json }) => json.error)).toEqual([
			`The only request of batch ${done.id} succeeded`,
		]);
	});
});

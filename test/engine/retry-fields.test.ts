import type { IDataObject } from 'n8n-workflow';
import { addHistory, failureLine, requestLine } from './batches';
import { productForEachTest } from './product';

/** Retry Unfinished with Body Fields: the lines that run again change. */
const product = productForEachTest();

type Line = { custom_id: string; url: string; body: IDataObject };

const run = async (batchId: string, bodyFields: unknown, options: IDataObject = {}) =>
	await product.run('batch', 'retry', { batchId, options: { bodyFields, ...options } as never });

const uploads = () =>
	product.emulator.ledger.uploads.map(({ id }) => product.emulator.file(id).text());

const bodies = () =>
	uploads().map((text) =>
		text
			.trimEnd()
			.split('\n')
			.map((line) => (JSON.parse(line) as Line).body),
	);

const addBatch = (...requests: object[]) =>
	addHistory(product, {
		input: requests.map((body, index) => requestLine(`r${index}`, body as IDataObject)),
	});

const refusal = async (bodyFields: unknown, ...requests: object[]) => {
	const { error } = await run(addBatch(...requests).id, bodyFields);
	expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
	return error as { message: string; description: string };
};

test('they are merged deeply, and everything else stays', async () => {
	const batch = addBatch({
		temperature: 1,
		response_format: { type: 'json_object' },
		messages: [{ role: 'user', content: 'JSON, please' }],
		metadata: { a: '1', b: '2' },
	});
	const { items } = await run(batch.id, '{"metadata": {"b": "3", "c": "4"}, "top_p": 0.5}');
	expect(bodies()).toEqual([
		[
			{
				model: 'gpt-6-luna',
				temperature: 1,
				response_format: { type: 'json_object' },
				messages: [{ role: 'user', content: 'JSON, please' }],
				metadata: { a: '1', b: '3', c: '4' },
				top_p: 0.5,
			},
		],
	]);
	expect(uploads()[0]).toMatch(
		/^\{"custom_id":"r0","method":"POST","url":"\/v1\/chat\/completions"/,
	);
	expect(items('Node')[0].json).toMatchObject({
		requests: 1,
		retried_missing: 1,
		retry_of: batch.id,
	});
});

test('another model: the batch is of that model alone', async () => {
	const batch = addBatch({}, {});
	const { items } = await run(batch.id, '={{ { model: "gpt-6-sol" } }}');
	expect(bodies()).toEqual([
		[{ model: 'gpt-6-sol' }, { model: 'gpt-6-sol' }].map(expect.objectContaining),
	]);
	const id = String(items('Node')[0].json.id);
	await product.finish(id);
	expect(product.emulator.batch(id)).toMatchObject({ model: 'gpt-6-sol', status: 'completed' });
});

test('a file of several models, as other servers take, becomes a batch for each', async () => {
	const models = ['a', 'b', 'a'];
	const batch = addHistory(product, {
		input: models.map((model, index) => requestLine(`r${index}`, { model })),
		error: [failureLine('r0', 500, 'server_error'), failureLine('r1', 500, 'server_error')],
		metadata: { submission_key: `${'1'.repeat(16)}${'2'.repeat(16)}`, submission_part: '2/3' },
	});
	const parameters = { batchId: batch.id, options: { bodyFields: '{"temperature": 0.5}' } };
	const { items } = await product.run('batch', 'retry', parameters, [{}, {}]);
	expect(bodies().map((file) => file.map(({ model }) => model))).toEqual([['a', 'a'], ['b']]);
	const json = items('Node').map((item) => item.json);
	const seen = ({ requests, retried_failed, retried_missing, adopted }: IDataObject) => [
		...[requests, retried_failed, retried_missing, adopted],
	];
	expect(json.map(seen)).toEqual([
		[2, 1, 1, false],
		[1, 1, 0, false],
		[2, 1, 1, true],
		[1, 1, 0, true],
	]);
	for (const { metadata } of product.emulator.ledger.batches) {
		expect(metadata).toMatchObject({ submission_part: '2/3', retry_of: batch.id });
		expect(metadata!.submission_key).toMatch(/^1{16}/);
	}
	expect(product.emulator.ledger.batches).toHaveLength(2);
});

test('when the second batch fails, the error names the first, and the next try makes the rest', async () => {
	const batch = addHistory(product, {
		input: ['a', 'b'].map((model) => requestLine(model, { model })),
	});
	const parameters = { batchId: batch.id, options: { bodyFields: '{"temperature": 0.5}' } };
	let isFirst = true;
	product.emulator.onBatch(() => {
		if (!isFirst) return;
		isFirst = false;
		product.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'status', status: 400, body: { error: { message: 'Not now' } } },
		});
	});
	const { error } = await product.run('batch', 'retry', parameters, [{}], { executionId: 'rest' });
	const [first] = product.emulator.ledger.batches;
	expect(error?.message).toMatch(/^Batch 2 of 2: The batch was not created/);
	expect(error?.description).toContain(`Created so far: ${first.id}.`);
	const again = await product.run('batch', 'retry', parameters, [{}], { executionId: 'rest' });
	expect(again.items('Node').map(({ json }) => [json.requests, json.adopted])).toEqual([
		[1, true],
		[1, false],
	]);
	expect(product.emulator.ledger.batches).toHaveLength(2);
	expect(product.emulator.ledger.uploads).toHaveLength(3);
});

test.each([
	['max_completion_tokens', 'max_tokens'],
	['max_tokens', 'max_completion_tokens'],
])('the limit %s takes the place of %s, since OpenAI refuses both', async (now, before) => {
	const model = 'gpt-4.1';
	await run(addBatch({ model, [before]: 5 }, { model }).id, { [now]: 50 });
	for (const body of bodies()[0]) {
		expect(body).toMatchObject({ [now]: 50 });
		expect(body).not.toHaveProperty(before);
	}
});

test('a limit that only responses have leaves that of a chat where it is', async () => {
	const batch = addBatch({ max_completion_tokens: 5 });
	const { error, hints } = await run(batch.id, '{"max_output_tokens": 50}');
	expect(error).toBeUndefined();
	expect(bodies()[0]).toMatchObject([{ max_completion_tokens: 5, max_output_tokens: 50 }]);
	expect(hints('Node').map(({ message }) => message)).toEqual([
		expect.stringContaining("Chat Completions has no 'max_output_tokens'."),
	]);
});

test('numbers keep all their digits, and texts that look like them too', async () => {
	const seed = '12345678901234567890';
	const line = requestLine('a', { seed: 0, note: `number: ${seed} "#number:` }).replace(
		'"seed":0',
		`"seed":${seed},"small":1.0e-7,"odd":0.12345678901234567890`,
	);
	const batch = addHistory(product, { input: [line] });
	const { error } = await run(batch.id, '{"temperature": 0.5}', { customIds: 'a' });
	// What the service refuses is not sent; OpenAI's types have neither.
	expect(error).toBeUndefined();
	const [text] = uploads();
	expect(text).toContain(`"seed":${seed}`);
	expect(text).toContain('"odd":0.12345678901234567890');
	expect((JSON.parse(text) as Line).body.note).toBe(`number: ${seed} "#number:`);
	expect(text).toMatch(/"temperature":0.5\}\}\n$/);
});

describe('lines are checked like a submission', () => {
	test('and named by their number in the input file', async () => {
		const { message, description } = await refusal('{"messages": "Hi"}', {}, {});
		expect(message).toMatch(
			/^2 requests of batch \S+ cannot be submitted with Body Fields; nothing was sent$/,
		);
		expect(description).toMatch(/^Line 1: .*'messages'.*<br>Line 2: /);
	});

	test.each<[string, unknown]>([
		['a model that is no text', { model: 5 }],
		['a model that is empty', { model: '' }],
		['no messages', { messages: null }],
	])('%s', async (_, fields) => {
		const { message } = await refusal(JSON.stringify(fields), {});
		expect(message).toMatch(/^1 request of batch \S+ cannot be submitted with Body Fields/);
	});

	test.each(['{"custom_id":"a"}', '{"custom_id":"a","body":[]}', '{"custom_id":"a","body":"x"}'])(
		'a line without a body is named: %s',
		async (line) => {
			const batch = addHistory(product, { input: [line] });
			const { error } = await run(batch.id, '{"user": "x"}');
			expect(error?.message).toMatch(
				/^1 request of batch \S+ cannot be submitted with Body Fields/,
			);
			expect(error?.description).toMatch(/^Line 1: .*body/);
		},
	);

	test.each([{ n: 0 }, { stream: true }])(
		'what only OpenAI refuses is a hint for another server: %j',
		async (fields) => {
			const { error, hints } = await run(addBatch({}, {}).id, JSON.stringify(fields));
			expect(error).toBeUndefined();
			expect(hints('Node').map(({ message }) => message)).toEqual([
				expect.stringMatching(/^OpenAI would refuse 2 of 2 requests, the first in line 1: /),
			]);
		},
	);
});

test.each<[unknown, RegExp]>([
	['{"a": ', /^Body Fields is not valid JSON/],
	['[1]', /^Body Fields has to be a JSON object, and is an array$/],
	['"text"', /^Body Fields has to be a JSON object, and is a string$/],
	['={{ 5 }}', /^Body Fields has to be a JSON object, and is a number$/],
])('%j is refused', async (fields, message) => {
	expect((await refusal(fields, {})).message).toMatch(message);
});

test.each(['', '{}', '={{ {} }}'])('%j changes nothing, byte by byte', async (fields) => {
	const odd = `{ "body": {"model":"m", "messages":[]} , "url":"/v1/chat/completions","method":"POST",  "custom_id":"a"}`;
	await run(addHistory(product, { input: [odd] }).id, fields);
	expect(uploads()).toEqual([`${odd}\n`]);
});

test('a batch that failed as a whole can run with what is right', async () => {
	const data = [{ code: 'model_not_found', line: 1, message: 'No such model.' }];
	const batch = addHistory(product, {
		status: 'failed',
		errors: { object: 'list', data },
		input: [requestLine('a', { model: 'gpt-6-lunna' }), requestLine('b', { model: 'gpt-6-lunna' })],
	});
	expect((await run(batch.id, '')).error?.message).toMatch(`Batch ${batch.id} failed`);
	const { items } = await run(batch.id, '{"model": "gpt-6-luna"}', { include: ['failed'] });
	expect(items('Node')[0].json).toMatchObject({ requests: 2, adopted: false });
	expect(bodies()[0].map(({ model }) => model)).toEqual(['gpt-6-luna', 'gpt-6-luna']);
});

test('other fields are another retry; the same ones in one execution are one', async () => {
	const batch = addBatch({});
	const ask = async (fields: string) => {
		const { items } = await product.run(
			'batch',
			'retry',
			{ batchId: batch.id, options: { bodyFields: fields, customIds: 'r0' } },
			[{}],
			{ executionId: 'fields' },
		);
		return items('Node')[0].json;
	};
	const first = await ask('{"temperature": 0.5}');
	expect(await ask('{ "temperature":0.5 }')).toMatchObject({ id: first.id, adopted: true });
	expect(await ask('{"temperature": 0.6}')).toMatchObject({ adopted: false });
});

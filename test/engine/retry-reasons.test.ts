import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForEachTest } from './product';

/** Retry Unfinished of answers that succeeded and are of no use. */
const product = productForEachTest();

/** Whose host it is; by default that of a server that nobody knows. */
const mockProviderAt = jest.fn<'openai' | 'azure' | undefined, []>();

jest.mock('../../nodes/openai/http/url', () => {
	const actual = jest.requireActual<typeof import('../../nodes/openai/http/url')>(
		'../../nodes/openai/http/url',
	);
	return { ...actual, providerAt: (url: unknown) => mockProviderAt() ?? actual.providerAt(url) };
});

const SCHEMA = {
	type: 'object',
	properties: { genre: { enum: ['horror', 'comedy'] } },
	required: ['genre'],
	additionalProperties: false,
};
const FORMAT = {
	response_format: {
		type: 'json_schema',
		json_schema: { name: 'film', strict: true, schema: SCHEMA },
	},
};

/** The line of an answer, with another choice. */
function answerWith(id: string, choice: object, message: object = {}): string {
	const line = JSON.parse(answerLine(id)) as { response: { body: IDataObject } };
	const [first] = line.response.body.choices as IDataObject[];
	Object.assign(first, choice);
	Object.assign(first.message as object, message);
	return JSON.stringify(line);
}

const cutOff = (id: string) => answerWith(id, { finish_reason: 'length' });
const refused = (id: string) => answerWith(id, {}, { content: null, refusal: 'I cannot.' });

const LIMITED = { max_completion_tokens: 10 };

const addMixed = () =>
	addHistory(product, {
		input: [
			requestLine('good', { ...FORMAT, ...LIMITED }),
			requestLine('cut', { ...FORMAT, ...LIMITED }),
			requestLine('refused', FORMAT),
			requestLine('prose', FORMAT),
			requestLine('other', FORMAT),
			requestLine('text'),
			requestLine('lost', FORMAT),
			requestLine('broken', FORMAT),
		],
		output: [
			answerLine('good', '{"genre":"horror"}'),
			cutOff('cut'),
			refused('refused'),
			answerLine('prose', 'It is a horror film.'),
			answerLine('other', '{"genre":"drama"}'),
			answerLine('text', 'No JSON was asked for.'),
		],
		error: [failureLine('broken', 500, 'server_error')],
	});

const run = async (batchId: string, options: IDataObject = {}) =>
	await product.run('batch', 'retry', { batchId, options: options as never });

const retry = async (batchId: string, options: IDataObject = {}) =>
	await product.json('batch', 'retry', { batchId, options: options as never });

type Line = { custom_id: string; body: IDataObject };

const sent = () => {
	const text = product.emulator.file(product.emulator.ledger.uploads.at(-1)!.id).text();
	return text
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as Line);
};
const sentIds = () => sent().map(({ custom_id: id }) => id);

const MORE = JSON.stringify({ max_completion_tokens: 1000 });

test('by default, nothing that has an answer runs again, and nothing of this is counted', async () => {
	const [item] = await retry(addMixed().id);
	expect(sentIds()).toEqual(['lost', 'broken']);
	expect(item).toMatchObject({
		requests: 2,
		retried_missing: 1,
		retried_failed: 1,
		not_retried: 0,
	});
	expect(Object.keys(item).filter((key) => key.startsWith('retried_'))).toEqual([
		'retried_failed',
		'retried_expired',
		'retried_cancelled',
		'retried_missing',
	]);
});

test.each<[string[], string[], IDataObject]>([
	[['refused'], ['refused'], { retried_refused: 1, not_retried: 2 }],
	[['invalid_json'], ['prose', 'other'], { retried_invalid_json: 2, not_retried: 2 }],
	[['cut_off'], ['cut'], { retried_cut_off: 1, not_retried: 2 }],
	[
		['cut_off', 'invalid_json', 'refused', 'missing'],
		['cut', 'refused', 'prose', 'other', 'lost'],
		{ retried_cut_off: 1, retried_invalid_json: 2, retried_refused: 1, retried_missing: 1 },
	],
])('Include %j takes exactly %j', async (include, ids, counts) => {
	const [item] = await retry(addMixed().id, { include, bodyFields: MORE });
	expect(sentIds()).toEqual(ids);
	expect(item).toMatchObject({ requests: ids.length, ...counts });
});

describe('what was cut off', () => {
	const again =
		/^1 request of batch \S+ was cut off at the token limit, and it would be cut off again$/;

	test.each<[string, string | undefined]>([
		['no Body Fields', undefined],
		['the same limit', '{"max_completion_tokens": 10}'],
		['a lower limit', '{"max_completion_tokens": 9}'],
		['the same limit under another name', '{"max_tokens": 10}'],
	])('is not asked again with %s', async (_, bodyFields) => {
		const { error } = await run(addMixed().id, { include: ['cut_off'], bodyFields });
		expect(error?.message).toMatch(again);
		expect(error?.description).toMatch(/Set a higher token limit in Body Fields/);
		expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
	});

	test.each<[string, IDataObject]>([
		['a higher limit', { max_completion_tokens: 11 }],
		['no limit', { max_completion_tokens: null }],
		['another model', { model: 'gpt-6-sol' }],
		['a lower effort', { reasoning_effort: 'low' }],
	])('is asked again with %s', async (_, fields) => {
		await retry(addMixed().id, { include: ['cut_off'], bodyFields: JSON.stringify(fields) });
		expect(sentIds()).toEqual(['cut']);
	});

	test('OpenAI is not asked for what only responses have, and nothing is paid', async () => {
		mockProviderAt.mockReturnValue('openai');
		try {
			const bodyFields = '{"max_output_tokens": 4000}';
			const { error } = await run(addMixed().id, { include: ['cut_off'], bodyFields });
			expect(error?.message).toMatch(
				/^1 request of batch \S+ cannot be submitted with Body Fields; nothing was sent$/,
			);
			expect(error?.description).toMatch(
				/Chat Completions has no 'max_output_tokens'\. Use 'max_completion_tokens' instead\./,
			);
			expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
		} finally {
			mockProviderAt.mockReset();
		}
	});

	describe('without a limit of its own', () => {
		const UNLIMITED = ['/v1/chat/completions', '/v1/responses'];
		const asked = async (url: string, bodyFields: object) => {
			const isChat = url.endsWith('/chat/completions');
			const other = url.endsWith('responses') ? { input: 'Hi' } : { prompt: 'Hi' };
			const body = isChat ? {} : other;
			const batch = addHistory(product, {
				endpoint: url,
				input: [requestLine('a', body, url)],
				output: [cutOff('a')],
			});
			return await run(batch.id, {
				include: ['cut_off'],
				bodyFields: JSON.stringify(bodyFields),
			});
		};

		test.each([...UNLIMITED, '/v1/completions'])(
			'is asked again with one in %s, since the server may have a low one by default',
			async (url) => {
				expect((await asked(url, { max_tokens: 1000 })).error).toBeUndefined();
				expect(sent()).toMatchObject([{ custom_id: 'a', body: { max_tokens: 1000 } }]);
			},
		);

		test('is not asked again as it was', async () => {
			const batch = addHistory(product, { input: [requestLine('a')], output: [cutOff('a')] });
			const { error } = await run(batch.id, { include: ['cut_off'] });
			expect(error?.message).toMatch(again);
		});

		describe.each(['openai', 'azure'] as const)('at the host of %s', (provider) => {
			beforeEach(() => mockProviderAt.mockReturnValue(provider));
			afterEach(() => mockProviderAt.mockReset());

			test.each([...UNLIMITED, '/chat/completions'])(
				'is not asked again with one in %s',
				async (url) => {
					const name = url.endsWith('responses') ? 'max_output_tokens' : 'max_completion_tokens';
					const { error } = await asked(url, { [name]: 1000 });
					expect(error?.message).toMatch(again);
					expect(product.emulator.ledger.calls('POST', /./)).toEqual([]);
				},
			);

			test.each(UNLIMITED)('is asked again with another change in %s', async (url) => {
				expect((await asked(url, { model: 'gpt-6-sol' })).error).toBeUndefined();
				expect(sentIds()).toEqual(['a']);
			});

			test('is asked again with one in completions, which end after 16 tokens', async () => {
				expect((await asked('/v1/completions', { max_tokens: 1000 })).error).toBeUndefined();
				expect(sentIds()).toEqual(['a']);
			});
		});
	});
});

test('an answer of a retry is judged by what that retry asked for', async () => {
	const original = addHistory(product, {
		input: [requestLine('a'), requestLine('b', FORMAT)],
		error: ['a', 'b'].map((id) => failureLine(id, 500, 'server_error')),
	});
	addHistory(product, {
		input: [requestLine('a', FORMAT), requestLine('b')],
		output: [answerLine('a', 'Prose'), answerLine('b', 'Prose')],
		metadata: { retry_of: original.id },
	});
	const [item] = await retry(original.id, { include: ['invalid_json'] });
	expect(sentIds()).toEqual(['a']);
	expect(item).toMatchObject({ retried_invalid_json: 1 });
});

test('the newest answer decides whether it is of use', async () => {
	const original = addHistory(product, {
		input: [requestLine('a'), requestLine('b')],
		output: [refused('a'), answerLine('b')],
	});
	addHistory(product, {
		input: [requestLine('a'), requestLine('b')],
		output: [answerLine('a'), refused('b')],
		metadata: { retry_of: original.id },
	});
	await retry(original.id, { include: ['refused'] });
	expect(sentIds()).toEqual(['b']);
});

test('of two answers to one id in one batch, the good one is enough', async () => {
	const batch = addHistory(product, {
		input: [requestLine('a'), requestLine('a'), requestLine('b')],
		output: [refused('a'), answerLine('a'), refused('b')],
	});
	await retry(batch.id, { include: ['refused'] });
	expect(sentIds()).toEqual(['b']);
});

test('what is of no use and runs in an earlier retry is not asked twice', async () => {
	const batch = addMixed();
	const options = { include: ['refused'] };
	const [first] = await retry(batch.id, options);
	const { error } = await run(batch.id, options);
	expect(error?.message).toBe(`Batch ${batch.id} has no requests to retry`);
	expect(error?.description).toMatch(/^1 request is still running in an earlier retry/);
	await product.finish(String(first.id));
	const answered = await run(batch.id, options);
	expect(answered.error?.message).toBe(`Batch ${batch.id} has no requests to retry`);
	expect(product.emulator.ledger.batches).toHaveLength(1);
});

test('when all answers are of use, that is said', async () => {
	const batch = addHistory(product, { input: [requestLine('a')], output: [answerLine('a')] });
	const { error } = await run(batch.id, { include: ['refused', 'invalid_json', 'cut_off'] });
	expect(error?.message).toBe(`The only request of batch ${batch.id} succeeded`);
});

test('the answers of the Responses API are judged too', async () => {
	const url = '/v1/responses';
	const format = { format: { type: 'json_schema', name: 'film', strict: true, schema: SCHEMA } };
	const answer = (id: string, body: object) =>
		JSON.stringify({
			custom_id: id,
			response: { status_code: 200, request_id: id, body: { object: 'response', ...body } },
			error: null,
		});
	const text = (words: string) => ({
		output: [{ type: 'message', content: [{ type: 'output_text', text: words }] }],
	});
	const batch = addHistory(product, {
		endpoint: url,
		input: ['good', 'prose', 'cut'].map((id) =>
			requestLine(id, { input: 'Alien', text: format }, url),
		),
		output: [
			answer('good', { status: 'completed', ...text('{"genre":"horror"}') }),
			answer('prose', { status: 'completed', ...text('horror') }),
			answer('cut', {
				status: 'incomplete',
				incomplete_details: { reason: 'max_output_tokens' },
				...text('{"gen'),
			}),
		],
	});
	const [item] = await retry(batch.id, {
		include: ['cut_off', 'invalid_json'],
		bodyFields: '{"reasoning": {"effort": "low"}}',
	});
	expect(sentIds()).toEqual(['prose', 'cut']);
	expect(item).toMatchObject({ retried_cut_off: 1, retried_invalid_json: 1 });
});

import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForTests } from './product';

const product = productForTests();

const line = (fields: object) => JSON.stringify(fields);

const BEDROCK = {
	recordId: 'a',
	modelInput: {},
	modelOutput: { content: [{ type: 'text', text: 'Hello' }] },
};
const ANTHROPIC = { custom_id: 'a', result: { type: 'succeeded', message: { content: [] } } };
const COMPLETION = {
	object: 'chat.completion',
	model: 'm',
	choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }],
};

/** The one result of a batch whose output file has these lines. */
async function results(output: string[], options: IDataObject = {}, more: object = {}) {
	const batch = addHistory(product, { output, request_counts: null, ...more });
	const result = await product.run('batch', 'getResults', {
		batchId: batch.id,
		options: options as never,
	});
	if (result.error) throw result.error;
	return { items: result.items('Node').map(({ json }) => json), hints: result.hints('Node') };
}

const only = async (fields: object, options?: IDataObject) =>
	(await results([line(fields)], options)).items[0];

describe('answers in other forms', () => {
	it('are read where the completion stands directly in the response', async () => {
		const json = await only({ id: 'x', custom_id: 'a', response: COMPLETION });
		expect(json).toMatchObject({ custom_id: 'a', status: 'succeeded', content: 'Hello' });
	});

	it('are read where the body is the text of its JSON', async () => {
		const response = { status_code: 200, body: JSON.stringify(COMPLETION) };
		expect(await only({ custom_id: 'a', response })).toMatchObject({
			status: 'succeeded',
			content: 'Hello',
		});
	});

	it.each([
		['Bedrock', BEDROCK, 'modelInput, modelOutput, recordId'],
		['Anthropic', ANTHROPIC, 'custom_id, result'],
		['nobody', { custom_id: 'a', answer: { text: 'Hello' } }, 'answer, custom_id'],
		['nobody, in the response', { custom_id: 'a', response: { text: 'Hello' } }, 'response.text'],
	])('of %s have an error that names their keys, and the line itself', async (_, fields, keys) => {
		const json = await only(fields);
		expect(json).toMatchObject({
			custom_id: 'a',
			status: 'failed',
			error: { code: 'unknown_result_form' },
			response: fields,
		});
		expect((json.error as IDataObject).message).toContain(keys);
	});

	it('that are still queued did not succeed', async () => {
		const body = { object: 'response', status: 'queued', output: [] };
		const json = await only({ custom_id: 'a', response: { status_code: 200, body } });
		expect(json).toMatchObject({ status: 'failed', error: { code: 'response_queued' } });
	});
});

describe("the server's own reason", () => {
	it.each<[string, object, string]>([
		[
			'beside an empty body',
			{
				response: { status_code: 400, request_id: 'v', body: null },
				error: {
					error: { message: 'maximum context length is 8192', type: 'BadRequestError', code: 400 },
				},
			},
			'maximum context length is 8192',
		],
		[
			'in detail',
			{ response: { status_code: 404, body: { detail: 'Model Not Found' } } },
			'Model Not Found',
		],
		[
			'as a bare message',
			{ response: { status_code: 429, body: { message: 'Too many requests' } } },
			'Too many requests',
		],
		[
			'under a good status',
			{
				response: {
					status_code: 200,
					body: { object: 'error', message: 'The model does not exist' },
				},
			},
			'The model does not exist',
		],
		['as a text', { response: { status_code: 500, body: 'Upstream is down' } }, 'Upstream is down'],
		[
			'as an error of text',
			{ response: null, error: 'Request must not be sent in stream mode' },
			'Request must not be sent in stream mode',
		],
		[
			'as error_message',
			{ response: null, error: { error_code: 'X', error_message: 'Not allowed' } },
			'Not allowed',
		],
	])('is kept: %s', async (_, fields, message) => {
		expect(await only({ custom_id: 'a', ...fields })).toMatchObject({
			status: 'failed',
			error: { message },
		});
	});

	it('is missing, and that is said, where there was no answer', async () => {
		const json = await only({ custom_id: 'a', response: { status_code: 0, body: {} } });
		expect(json).toMatchObject({ status: 'failed', status_code: 0 });
		expect((json.error as IDataObject).message).toBe(
			'The server reported no HTTP status and no reason.',
		);
	});
});

describe('an id that comes twice', () => {
	const twice = [answerLine('a', 'one'), answerLine('b', 'two'), answerLine('a', 'three')];

	it('gives every answer, and a hint that names it', async () => {
		const { items, hints } = await results(twice);
		expect(items.map(({ custom_id, content }) => [custom_id, content])).toEqual([
			['a', 'one'],
			['b', 'two'],
			['a', 'three'],
		]);
		expect(hints.map(({ message }) => message).join(' ')).toMatch(
			/custom_id stands for more than one request.*: a\b/,
		);
	});

	it('is not answered by another of its answers: Retry names it', async () => {
		const batch = addHistory(product, {
			input: ['a', 'b', 'a'].map((id) => requestLine(id)),
			output: [answerLine('a', 'one'), answerLine('b', 'two')],
			error: [failureLine('a', 500, 'server_error')],
			request_counts: { total: 3, completed: 2, failed: 1 },
		});
		const { error } = await product.run('batch', 'retry', { batchId: batch.id });
		expect(`${error?.message} ${error?.description}`).toMatch(/same custom_id.*\ba\b/);
		expect(error?.message).not.toMatch(/All 3 requests .* succeeded/);
	});
});

describe('Retry Unfinished does not pay again for', () => {
	const refusal = async (history: Parameters<typeof addHistory>[1], options: IDataObject = {}) => {
		const batch = addHistory(product, history);
		const creates = product.emulator.ledger.calls('POST', '/batches').length;
		const { error, items } = await product.run('batch', 'retry', {
			batchId: batch.id,
			options: options as never,
		});
		const created = product.emulator.ledger.calls('POST', '/batches').length - creates;
		return { text: `${error?.message} ${error?.description}`, created, items };
	};

	it.each([
		['lines of Bedrock', line(BEDROCK)],
		['lines of Anthropic', line(ANTHROPIC)],
		['lines without an id', line({ response: { status_code: 200, body: COMPLETION } })],
	])('%s', async (_, output) => {
		const { text, created } = await refusal({
			input: [requestLine('a')],
			output: [output],
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		expect(created).toBe(0);
		expect(text).toMatch(/Retry Unreadable/);
	});

	it('answers that the batch counts and the files do not have', async () => {
		const { text, created } = await refusal({
			input: ['a', 'b', 'c'].map((id) => requestLine(id)),
			output: [answerLine('a')],
			request_counts: { total: 3, completed: 3, failed: 0 },
		});
		expect(created).toBe(0);
		expect(text).toMatch(/counts 3 .*1 .*Retry Unreadable/s);
	});

	it('requests whose ids are not in the input file', async () => {
		const { text, created } = await refusal({
			input: [line({ request: { contents: [] } })],
			output: [answerLine('a')],
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		expect(created).toBe(0);
		expect(text).toMatch(/^No line of the input file .* has a custom_id.*your own data/);
	});

	it('any of these, unless Retry Unreadable says so', async () => {
		const { created } = await refusal(
			{
				input: ['a', 'b', 'c'].map((id) => requestLine(id)),
				output: [answerLine('a'), line({ ...ANTHROPIC, custom_id: 'b' })],
				request_counts: { total: 3, completed: 3, failed: 0 },
			},
			{ retryUnreadable: true },
		);
		expect(created).toBe(1);
	});
});

describe('Parse JSON', () => {
	const content = async (text: string) =>
		(await results([answerLine('a', text)], { parseJson: true })).items[0];

	it.each([
		['<think>Let me see {"x": 1}</think>\n{"title":"A"}'],
		['Here is the JSON:\n\n{"title":"A"}'],
		['{"title":"A"}\nI hope this helps!'],
		['Sure!\n```json\n{"title":"A"}\n```\nDone.'],
	])('reads %j', async (text) => {
		const json = await content(text);
		expect(json.content).toEqual({ title: 'A' });
		expect(json).not.toHaveProperty('parse_error');
	});

	it('has no complaint about an answer that only calls tools', async () => {
		const message = {
			role: 'assistant',
			content: null,
			tool_calls: [{ id: 'c', type: 'function' }],
		};
		const body = { ...COMPLETION, choices: [{ index: 0, message, finish_reason: 'tool_calls' }] };
		const json = await only(
			{ custom_id: 'a', response: { status_code: 200, body } },
			{ parseJson: true },
		);
		expect(json).toMatchObject({ content: null, tool_calls: message.tool_calls });
		expect(json).not.toHaveProperty('parse_error');
	});

	it('parses each of several choices', async () => {
		const choice = (index: number, text: string) => ({
			index,
			message: { role: 'assistant', content: text },
			finish_reason: 'stop',
		});
		const body = { ...COMPLETION, choices: [choice(0, '{"n":1}'), choice(1, 'no JSON')] };
		const json = await only(
			{ custom_id: 'a', response: { status_code: 200, body } },
			{ parseJson: true },
		);
		expect(json.content).toEqual([{ n: 1 }, 'no JSON']);
		expect(json.parse_error).toMatch(/choice 2/i);
	});
});

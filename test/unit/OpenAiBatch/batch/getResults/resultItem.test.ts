import type { IDataObject } from 'n8n-workflow';
import { resultItem } from '../../../../../nodes/OpenAiBatch/batch/getResults/resultItem';
import { BatchResult } from '../../../../../nodes/OpenAiBatch/batch/results/batchFiles';
import { parseResultLine } from '../../../../../nodes/jsonl/resultLine';
import type { Batch } from '../../../../../nodes/openai/api/objects';
import bodies from '../../../endpoints/fixtures/response-bodies.json';
import chats from '../../../endpoints/fixtures/chat-answers.json';
import outputs from '../../../endpoints/fixtures/responses-outputs.json';

/** The JSON of the item for an answer, with its content parsed. */
function itemOf(endpoint: string, body: object, parseJson = true): IDataObject {
	const response = { status_code: 200, request_id: 'req_1', body };
	const line = parseResultLine(JSON.stringify({ custom_id: 'a', response, error: null }));
	const result = new BatchResult(line, { id: 'batch_1', endpoint } as Batch);
	return resultItem(result, { parseJson, simplify: true, prices: undefined }).json;
}

const choices = (...messages: object[]) => ({
	choices: messages.map((message, index) => ({ index, message, finish_reason: 'stop' })),
});
const chat = (...messages: object[]) => itemOf('/v1/chat/completions', choices(...messages));
const response = (output: object[]) => itemOf('/v1/responses', { ...bodies.responses, output });

const ORDINARY = [
	'custom_id',
	'status',
	'content',
	'finish_reason',
	'error',
	'model',
	'usage',
	'batch_id',
	'status_code',
	'request_id',
];

describe('the fields of an item', () => {
	it('are the ordinary ones when the answer has only content', () => {
		expect(Object.keys(itemOf('/v1/chat/completions', bodies.chat, false))).toEqual(ORDINARY);
	});

	it.each([
		['refusal', '/v1/responses', outputs.refusalAfterText],
		['tool_calls', '/v1/responses', outputs.calls],
		['reasoning_summary', '/v1/responses', outputs.reasoning],
		['commentary', '/v1/responses', outputs.phases],
		['sources', '/v1/responses', outputs.sources],
		['images', '/v1/responses', outputs.imageAndText],
		['audio', '/v1/chat/completions', chats.chatAudio],
	])('include %s when there is something', (name, endpoint, given) => {
		const body = Array.isArray(given) ? { ...bodies.responses, output: given } : given;
		const item = itemOf(endpoint, body, false);
		expect(Object.keys(item).filter((key) => key !== name)).toEqual(ORDINARY);
		expect(item[name]).toBeTruthy();
	});
});

describe('parsed content', () => {
	it('is the final answer without the commentary', () => {
		expect(response(outputs.phases)).toMatchObject({
			content: { genre: 'comedy' },
			commentary: 'Let me check the catalogue.',
		});
	});

	it('is a list of the parsed choices', () => {
		const item = chat({ content: '{"a":1}' }, { content: '```json\n[2]\n```' }, { content: '3' });
		expect(item.content).toEqual([{ a: 1 }, [2], 3]);
		expect(item).not.toHaveProperty('parse_error');
	});

	it('keeps the text of choices that are not JSON, and the error names them', () => {
		const item = chat({ content: '{"a":1}' }, { content: 'b' }, { content: '{"c":' });
		expect(item.content).toEqual([{ a: 1 }, 'b', '{"c":']);
		expect(String(item.parse_error).split('\n')).toEqual([
			expect.stringMatching(/^Choice 2: The answer is not valid JSON/),
			'Choice 3: The JSON is cut off. Raise the maximum number of output tokens.',
		]);
	});

	it('goes by how each choice ended', () => {
		const body = choices({ content: '{}' }, { content: 'true or fal' });
		body.choices[1].finish_reason = 'length';
		const { content, parse_error } = itemOf('/v1/chat/completions', body);
		expect(content).toEqual([{}, 'true or fal']);
		expect(parse_error).toMatch(/^Choice 2: The JSON is cut off/);
	});

	it('names a choice that was refused', () => {
		expect(chat({ content: '{}' }, { content: null, refusal: 'I cannot.' })).toMatchObject({
			content: [{}, null],
			refusal: 'I cannot.',
			parse_error: 'Choice 2: The model declined: I cannot.',
		});
	});

	it('names no choice when there is only one', () => {
		expect(chat({ content: null, refusal: 'I cannot.' }).parse_error).toBe(
			'The model declined: I cannot.',
		);
		expect(chat({ content: null }).parse_error).toBe('The answer has no text.');
		expect(chat().parse_error).toBe('The answer has no text.');
	});

	it('of legacy completions is a list too', () => {
		const body = {
			choices: [
				{ index: 1, text: '{"b":2}' },
				{ index: 0, text: 'a' },
			],
		};
		expect(itemOf('/v1/completions', body)).toMatchObject({
			content: ['a', { b: 2 }],
			parse_error: expect.stringMatching(/^Choice 1: /) as string,
		});
	});

	it.each([
		['calls a function', () => chat({ content: null, tool_calls: [{ id: 'call_1' }] })],
		['calls a function after a remark', () => chat({ content: 'Hm.', tool_calls: [{}] })],
		['calls a function in the legacy form', () => itemOf('', chats.chatFunctionCall)],
		['calls tools', () => response(outputs.calls)],
		['calls tools in one of two choices', () => chat({ content: '{}' }, { tool_calls: [{}] })],
		['is an image', () => response(outputs.image)],
		['is an image in a chat', () => itemOf('', chats.chatImageParts)],
		['is a vector', () => itemOf('/v1/embeddings', bodies.embedding)],
		['is a verdict', () => itemOf('/v1/moderations', bodies.moderation)],
	])('has no error when the answer %s', (_what, item) => {
		expect(item()).not.toHaveProperty('parse_error');
	});

	it('is parsed when a model answers in JSON and calls a tool', () => {
		expect(chat({ content: '{"a":1}', tool_calls: [{}] }).content).toEqual({ a: 1 });
	});

	it('says that the model declined although it called a tool', () => {
		const item = chat({ content: null, refusal: 'I cannot.', tool_calls: [{}] });
		expect(item.parse_error).toBe('The model declined: I cannot.');
	});
});

import { extractContent } from '../../../../nodes/endpoints/answers';
import bodies from '../fixtures/response-bodies.json';
import chats from '../fixtures/chat-answers.json';
import outputs from '../fixtures/responses-outputs.json';

const PNG = outputs.image[0].result;

/** What an answer has besides its model and usage, without the fields that are null. */
function read(endpoint: string, body: object) {
	const { model, usage, answers, ...content } = extractContent(endpoint, body);
	expect([model, usage]).toEqual([expect.any(String), expect.any(Object)]);
	expect(answers).toHaveLength(1);
	return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null));
}

describe('chat completions', () => {
	const chat = (body: object) => read('/v1/chat/completions', body);

	it('give a legacy function call the present form', () => {
		const call = { name: 'classify', arguments: '{"label":"spam"}' };
		expect(chat(chats.chatFunctionCall)).toEqual({
			finish_reason: 'function_call',
			tool_calls: [{ type: 'function', function: call }],
		});
	});

	it('name a call once when a server sends both forms', () => {
		const call = { id: 'call_1', type: 'function', function: { name: 'a', arguments: '{}' } };
		const message = { content: null, tool_calls: [call], function_call: call.function };
		expect(extractContent('', { choices: [{ message }] }).tool_calls).toEqual([call]);
	});

	it('have the transcript of a spoken answer as their content', () => {
		expect(chat(chats.chatAudio)).toEqual({
			content: 'The film is a comedy.',
			finish_reason: 'stop',
			audio: chats.chatAudio.choices[0].message.audio,
		});
	});

	it('prefer a text to the transcript', () => {
		const message = { content: 'text', audio: { transcript: 'transcript' } };
		expect(extractContent('', { choices: [{ message }] })).toMatchObject({
			content: 'text',
			audio: { transcript: 'transcript' },
		});
	});

	it('name each source once', () => {
		expect(chat(chats.chatSources)).toEqual({
			content: 'It is a comedy [1].',
			finish_reason: 'stop',
			sources: [{ url: 'https://example.com/films', title: 'Films' }],
		});
	});

	it.each([
		['in parts of several texts', chats.chatThinkingParts, '{"label":"spam"}'],
		['in parts, some of them hidden', chats.chatThinkingText, 'spam'],
		['in a field', chats.chatReasoningContent, 'spam'],
		['in two fields that say the same', chats.chatReasoningTwice, 'spam'],
	])('have thoughts %s outside the content', (_where, body, content) => {
		expect(chat(body)).toEqual({
			content,
			finish_reason: 'stop',
			reasoning_summary: 'Which label fits?',
		});
	});

	it('have images beside a text, and as the content where there is no text', () => {
		expect(chat(chats.chatImages)).toEqual({
			content: 'Here it is.',
			finish_reason: 'stop',
			images: [{ b64_json: PNG, output_format: 'png' }],
		});
		expect(chat(chats.chatImageParts)).toEqual({
			content: [
				{ b64_json: 'PHN2Zy8+', output_format: 'svg' },
				{ url: 'https://example.com/cat.webp' },
			],
			finish_reason: 'stop',
		});
	});

	it('have a refusal that comes as a part', () => {
		const content = [{ type: 'refusal', refusal: 'I cannot.' }];
		expect(extractContent('', { choices: [{ message: { content } }] })).toMatchObject({
			content: null,
			refusal: 'I cannot.',
		});
	});

	it('keep a part of an unknown kind, without the thoughts beside it', () => {
		const parts = [
			{ type: 'text', text: 'a' },
			{ type: 'own', value: 1 },
		];
		const content = [{ type: 'reasoning', text: 'thought' }, ...parts];
		expect(extractContent('', { choices: [{ message: { content } }] })).toMatchObject({
			content: parts,
			reasoning_summary: 'thought',
		});
	});

	it('are read choice by choice', () => {
		const messages = [
			{ content: 'one', reasoning_content: 'thought one' },
			{ content: null, refusal: 'I cannot.' },
			{ content: null, tool_calls: [{ id: 'call_1' }] },
			{ content: 'four', reasoning_content: 'thought four', refusal: 'I must not.' },
		];
		const choices = messages.map((message, index) => ({ index, message, finish_reason: 'stop' }));
		const content = extractContent('/v1/chat/completions', { choices: choices.reverse() });
		expect(content).toMatchObject({
			content: ['one', null, null, 'four'],
			refusal: 'I cannot.\n\nI must not.',
			tool_calls: [{ id: 'call_1' }],
			reasoning_summary: 'thought one\n\nthought four',
		});
		expect(content.answers.map(({ refusal }) => refusal)).toEqual([
			null,
			'I cannot.',
			null,
			'I must not.',
		]);
	});
});

describe('responses', () => {
	const response = (output: object[]) => read('/v1/responses', { ...bodies.responses, output });

	it.each<[string, object[], object]>([
		[
			'have the final answer as their content, and the rest as commentary',
			outputs.phases,
			{ content: '{"genre":"comedy"}', commentary: 'Let me check the catalogue.' },
		],
		[
			'have the final answer as their content, and an unmarked message as commentary',
			outputs.unmarkedBesideFinal,
			{ content: 'comedy', commentary: 'Wait.' },
		],
		[
			'have all messages that are no commentary as their content when none is final',
			outputs.messages,
			{ content: 'First. And second.', commentary: 'Let me check the catalogue.' },
		],
		[
			'have no content when there is only commentary',
			outputs.onlyCommentary,
			{ commentary: 'Let me check.\n\nStill checking.' },
		],
		[
			'name each page and file once',
			outputs.sources,
			{
				content: 'Both say so.',
				sources: [
					{ url: 'https://example.com/films', title: 'Films' },
					{ file_id: 'file-1', title: 'films.pdf' },
				],
			},
		],
		[
			'return every kind of call that waits for the caller, as it was sent',
			outputs.calls,
			{ tool_calls: outputs.calls },
		],
		[
			'do not return calls that the service has run',
			outputs.runByTheService,
			{ content: 'There is one file.' },
		],
		[
			'have a text and the refusal that ends it',
			outputs.refusalAfterText,
			{ content: 'It begins well.', refusal: "I can't go on with this." },
		],
	])('%s', (_what, output, content) => {
		expect(response(output)).toEqual({ finish_reason: 'completed', ...content });
	});

	it('have their reasoning as a summary, or as it is where nothing is hidden', () => {
		expect(response(outputs.reasoning)).toEqual({
			content: 'comedy',
			finish_reason: 'completed',
			reasoning_summary: 'The title is that of a comedy.\n\nSo the genre is clear.',
		});
		expect(response(outputs.openReasoning)).toMatchObject({
			content: 'comedy',
			reasoning_summary: 'The title is that of a comedy.',
		});
	});

	it('take the title of a source from any of its citations', () => {
		const annotations = [{ url: 'a' }, { url: 'a', title: 'A' }, { url: 'a', title: 'B' }, {}];
		const output = [{ type: 'message', content: [{ type: 'output_text', text: '', annotations }] }];
		expect(extractContent('', { output }).sources).toEqual([{ url: 'a', title: 'A' }]);
	});

	it('have an image as their content, or beside a text', () => {
		const image = {
			b64_json: PNG,
			output_format: 'png',
			revised_prompt: 'A picture of one pixel.',
		};
		expect(response(outputs.image)).toEqual({ content: image, finish_reason: 'completed' });
		expect(response(outputs.imageAndText)).toEqual({
			content: 'Here it is.',
			finish_reason: 'completed',
			images: [image],
		});
		const two = [...outputs.image, ...outputs.image];
		expect(extractContent('', { output: two }).content).toEqual([image, image]);
	});

	it('return why an image could not be made as a refusal, unless there is something else', () => {
		expect(response(outputs.imageFailed)).toEqual({
			finish_reason: 'completed',
			refusal: 'The picture was blocked.',
		});
		const both = [...outputs.imageFailed, ...outputs.imageAndText];
		expect(extractContent('', { output: both })).toMatchObject({
			content: 'Here it is.',
			refusal: null,
		});
	});

	it('may have the text of a message without parts', () => {
		const output = [{ type: 'message', role: 'assistant', content: 'text' }];
		expect(extractContent('', { output }).content).toBe('text');
	});
});

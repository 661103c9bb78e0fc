import type { ChatCompletion } from 'openai/resources/chat/completions';

import type { Variant } from './variant';

type Message = ChatCompletion['choices'][0]['message'];

/** A WAV file of no length. */
const SOUND = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

function chat(change: (body: ChatCompletion, message: Message) => void): Variant {
	return {
		endpoint: '/v1/chat/completions',
		change: (body: ChatCompletion) => change(body, body.choices[0].message),
	};
}

/** Rarer answers of chat completions: shapes of the SDK's types unless said otherwise. */
export const CHAT = {
	/** The legacy call of one function. */
	'chat.function_call': chat((body, message) => {
		message.content = null;
		message.function_call = { name: 'classify', arguments: '{"label":"spam"}' };
		body.choices[0].finish_reason = 'function_call';
	}),
	/** Calls of both kinds. */
	'chat.tool_calls': chat((body, message) => {
		message.content = null;
		message.tool_calls = [
			{
				id: 'call_1',
				type: 'function',
				function: { name: 'classify', arguments: '{"label":"spam"}' },
			},
			{ id: 'call_2', type: 'custom', custom: { name: 'note', input: 'Remember this.' } },
		];
		body.choices[0].finish_reason = 'tool_calls';
	}),
	/** Sound with its transcript, and no text. */
	'chat.audio': chat((_body, message) => {
		const transcript = message.content ?? '';
		message.content = null;
		message.audio = { id: 'audio_1', data: SOUND, expires_at: 1_790_003_600, transcript };
	}),
	/** Three choices, each of them JSON. */
	'chat.choices': chat((body, message) => {
		body.choices = ['a', 'b', 'c'].map((label, index) => ({
			...body.choices[0],
			index,
			message: { ...message, content: JSON.stringify({ label }) },
		}));
	}),
	'chat.sources': chat((_body, message) => {
		message.annotations = [
			{
				type: 'url_citation',
				url_citation: {
					url: 'https://example.com/films',
					title: 'Films',
					start_index: 0,
					end_index: 5,
				},
			},
		];
	}),
	'chat.content_filter': chat((body, message) => {
		message.content = null;
		body.choices[0].finish_reason = 'content_filter';
	}),
	/** The thoughts as text in the content (open models of several servers; field cases). */
	'chat.think_tags': chat((_body, message) => {
		message.content = `<think>\nWhich label fits?\n</think>\n\n${message.content}`;
	}),
	/** The content as a list with thoughts in it (Mistral's documents). */
	'chat.thinking_parts': chat((_body, message) => {
		const parts = [
			{ type: 'thinking', thinking: [{ type: 'text', text: 'Which label fits?' }] },
			{ type: 'text', text: message.content },
		];
		Object.assign(message, { content: parts });
	}),
	/** The thoughts beside the content (DeepSeek's documents, vLLM). */
	'chat.reasoning_content': chat((_body, message) => {
		Object.assign(message, { reasoning_content: 'Which label fits?' });
	}),
} satisfies Record<string, Variant>;

import type { IncomingMessage } from 'node:http';
import { serveOnLoopback } from '../../support/loopback';

export interface Message {
	role: 'system' | 'user' | 'assistant' | 'tool';
	content: string | null;
}

interface ChatRequest {
	messages: Message[];
	tools?: Array<{ function: { name: string; parameters: { properties: object } } }>;
}

/** What the model says next: the call of a tool, or words. */
export type Turn = { tool: string; arguments: Record<string, unknown> } | { words: string };

/** A chat model without a model: `decide` makes each turn from the conversation so far. */
export interface ChatModel {
	url: string;
	requests: ChatRequest[];
	close: () => Promise<void>;
}

/** Serves OpenAI's chat completions on loopback, as far as an agent with tools needs them. */
export async function startChatModel(decide: (messages: Message[]) => Turn): Promise<ChatModel> {
	const requests: ChatRequest[] = [];
	const { url, close } = await serveOnLoopback(async (incoming, response) => {
		const request = await bodyOf(incoming);
		requests.push(request);
		response.setHeader('content-type', 'application/json');
		response.end(JSON.stringify(completion(decide(request.messages), requests.length)));
	});
	return { url: `${url}/v1`, requests, close };
}

async function bodyOf(incoming: IncomingMessage): Promise<ChatRequest> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
	return JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
}

function completion(turn: Turn, number: number) {
	const isCall = 'tool' in turn;
	const call = isCall && {
		id: `call_${number}`,
		type: 'function',
		function: { name: turn.tool, arguments: JSON.stringify(turn.arguments) },
	};
	const message = call
		? { role: 'assistant', content: null, tool_calls: [call] }
		: { role: 'assistant', content: 'words' in turn ? turn.words : '' };
	return {
		id: `chatcmpl-${number}`,
		object: 'chat.completion',
		created: 1_790_000_000,
		model: 'stub',
		choices: [{ index: 0, message, finish_reason: isCall ? 'tool_calls' : 'stop' }],
		usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
	};
}

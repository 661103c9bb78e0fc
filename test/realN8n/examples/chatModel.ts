import type { IncomingMessage } from 'node:http';
import { serveOnLoopback } from '../../support/loopback';

export interface Message {
	role: 'system' | 'user' | 'assistant' | 'tool';
	content: string | null;
}

export interface ChatRequest {
	messages: Message[];
	tools?: Array<{ function: { name: string; parameters: { properties: object } } }>;
}

/** What the model says next: the call of a tool, words, or that it refuses. */
type Said =
	| { tool: string; arguments: Record<string, unknown> }
	| { words: string; isCutOff?: boolean }
	| { refusal: string };

/** An error of the service in place of an answer. */
interface ServiceError {
	status: number;
	code: string;
	message: string;
}

export type Turn = Said | ServiceError;

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
		const turn = decide(request.messages);
		response.statusCode = 'status' in turn ? turn.status : 200;
		response.setHeader('content-type', 'application/json');
		const body = 'status' in turn ? errorBody(turn) : completion(turn, requests.length);
		response.end(JSON.stringify(body));
	});
	return { url: `${url}/v1`, requests, close };
}

async function bodyOf(incoming: IncomingMessage): Promise<ChatRequest> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
	return JSON.parse(Buffer.concat(chunks).toString()) as ChatRequest;
}

const errorBody = ({ code, message }: ServiceError) => ({
	error: { message, type: code, param: null, code },
});

function completion(said: Said, number: number) {
	return {
		id: `chatcmpl-${number}`,
		object: 'chat.completion',
		created: 1_790_000_000,
		model: 'stub',
		choices: [{ index: 0, ...choice(said, number) }],
		usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
	};
}

function choice(said: Said, number: number) {
	const role = 'assistant';
	if ('tool' in said) {
		const call = {
			id: `call_${number}`,
			type: 'function',
			function: { name: said.tool, arguments: JSON.stringify(said.arguments) },
		};
		return {
			message: { role, content: null, tool_calls: [call] },
			finish_reason: 'tool_calls',
		};
	}
	if ('refusal' in said) {
		return { message: { role, content: null, refusal: said.refusal }, finish_reason: 'stop' };
	}
	const reason = said.isCutOff ? 'length' : 'stop';
	return { message: { role, content: said.words }, finish_reason: reason };
}

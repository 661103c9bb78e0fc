import type { Answer, AnswerContext } from './answer';
import { generateText, words } from './text';

interface ChatBody {
	model?: string;
	messages?: unknown;
	n?: number;
	max_tokens?: number;
	max_completion_tokens?: number;
	response_format?: { type?: string; json_schema?: { schema?: object } };
}

/** `/v1/chat/completions`. */
export function chatCompletion(context: AnswerContext): Answer {
	const body = context.body as ChatBody;
	const generated = Array.from({ length: body.n ?? 1 }, (_, choice) =>
		generateText(context, {
			prompt: words(body.messages),
			json: jsonWanted(body.response_format),
			maxTokens: body.max_completion_tokens ?? body.max_tokens,
			choice,
		}),
	);
	const input = generated[0].tokens.input;
	const output = generated.reduce((sum, { tokens }) => sum + tokens.output, 0);
	return {
		usage: { input, output },
		body: {
			id: `chatcmpl-${context.hex.slice(0, 29)}`,
			object: 'chat.completion',
			created: context.created,
			model: body.model,
			choices: generated.map(({ text, refusal, isCut }, index) => ({
				index,
				message: {
					role: 'assistant',
					content: refusal === null ? text : null,
					refusal,
					annotations: [],
				},
				logprobs: null,
				finish_reason: isCut ? 'length' : 'stop',
			})),
			usage: {
				prompt_tokens: input,
				completion_tokens: output,
				total_tokens: input + output,
				prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
				completion_tokens_details: {
					reasoning_tokens: 0,
					audio_tokens: 0,
					accepted_prediction_tokens: 0,
					rejected_prediction_tokens: 0,
				},
			},
			service_tier: 'default',
			system_fingerprint: null,
		},
	};
}

function jsonWanted(format: ChatBody['response_format']): object | true | undefined {
	if (format?.type === 'json_schema') return format.json_schema?.schema ?? true;
	return format?.type === 'json_object' ? true : undefined;
}

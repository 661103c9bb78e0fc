import type { Answer, AnswerContext } from './answer';
import { generateText, words, type GeneratedText } from './text';

interface ResponsesBody {
	model?: string;
	input?: unknown;
	instructions?: string;
	max_output_tokens?: number;
	temperature?: number;
	top_p?: number;
	reasoning?: { effort?: string; summary?: string };
	metadata?: Record<string, string>;
	text?: { format?: { type?: string; schema?: object } };
}

/** `/v1/responses`. */
export function response(context: AnswerContext): Answer {
	const body = context.body as ResponsesBody;
	const format = body.text?.format ?? { type: 'text' };
	const generated = generateText(context, {
		prompt: [body.instructions ?? '', words(body.input)].filter(Boolean).join('\n'),
		json: jsonWanted(format),
		maxTokens: body.max_output_tokens,
	});
	const { input, output } = generated.tokens;
	const status = generated.isCut ? 'incomplete' : 'completed';
	return {
		usage: { input, output },
		body: {
			id: `resp_${context.hex.slice(0, 48)}`,
			object: 'response',
			created_at: context.created,
			status,
			background: false,
			completed_at: generated.isCut ? null : context.created,
			error: null,
			incomplete_details: generated.isCut ? { reason: 'max_output_tokens' } : null,
			instructions: body.instructions ?? null,
			max_output_tokens: body.max_output_tokens ?? null,
			model: body.model,
			output: [message(context, generated, status)],
			parallel_tool_calls: true,
			previous_response_id: null,
			reasoning: {
				effort: body.reasoning?.effort ?? null,
				summary: body.reasoning?.summary ?? null,
			},
			store: true,
			temperature: body.temperature ?? 1,
			text: { format },
			tool_choice: 'auto',
			tools: [],
			top_p: body.top_p ?? 1,
			truncation: 'disabled',
			usage: {
				input_tokens: input,
				input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
				output_tokens: output,
				output_tokens_details: { reasoning_tokens: 0 },
				total_tokens: input + output,
			},
			user: null,
			metadata: body.metadata ?? {},
		},
	};
}

function message(context: AnswerContext, generated: GeneratedText, status: string) {
	return {
		type: 'message',
		id: `msg_${context.hex.slice(16, 64)}`,
		status,
		role: 'assistant',
		content: [
			generated.refusal === null
				? { type: 'output_text', text: generated.text, annotations: [], logprobs: [] }
				: { type: 'refusal', refusal: generated.refusal },
		],
	};
}

function jsonWanted(format: { type?: string; schema?: object }): object | true | undefined {
	if (format.type === 'json_schema') return format.schema ?? true;
	return format.type === 'json_object' ? true : undefined;
}

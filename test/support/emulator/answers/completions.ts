import type { Answer, AnswerContext } from './answer';
import { generateText, words } from './text';

interface CompletionBody {
	model?: string;
	prompt?: unknown;
	max_tokens?: number;
	n?: number;
}

/** `/v1/completions`: one choice per prompt and `n`, at most 16 tokens unless asked otherwise. */
export function completion(context: AnswerContext): Answer {
	const body = context.body as CompletionBody;
	const prompts = promptsOf(body.prompt).flatMap((prompt) =>
		Array.from({ length: body.n ?? 1 }, () => prompt),
	);
	const generated = prompts.map((prompt, choice) =>
		generateText(context, { prompt, maxTokens: body.max_tokens ?? 16, choice }),
	);
	const input = generated.reduce((sum, { tokens }) => sum + tokens.input, 0);
	const output = generated.reduce((sum, { tokens }) => sum + tokens.output, 0);
	return {
		usage: { input, output },
		body: {
			id: `cmpl-${context.hex.slice(0, 29)}`,
			object: 'text_completion',
			created: context.created,
			model: body.model,
			choices: generated.map(({ text, refusal, isCut }, index) => ({
				text: refusal ?? text,
				index,
				logprobs: null,
				finish_reason: isCut ? 'length' : 'stop',
			})),
			usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
		},
	};
}

/** A prompt is a text, several texts, or token numbers. */
function promptsOf(prompt: unknown): string[] {
	if (Array.isArray(prompt) && prompt.every((entry) => typeof entry === 'string')) return prompt;
	return [words(prompt)];
}

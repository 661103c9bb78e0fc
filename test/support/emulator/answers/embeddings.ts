import { Random, hash32 } from '../random';
import { tokensOf } from '../tokens';
import type { Answer, AnswerContext } from './answer';

interface EmbeddingsBody {
	model?: string;
	input?: unknown;
	dimensions?: number;
	encoding_format?: 'float' | 'base64';
}

/** `/v1/embeddings`: the same text always gets the same vector of length one. */
export function embeddings(context: AnswerContext): Answer {
	const body = context.body as EmbeddingsBody;
	const inputs = embeddingInputs(context.body);
	const dimensions = body.dimensions ?? (body.model?.includes('3-large') ? 3072 : 1536);
	const tokens = inputs.reduce<number>((sum, input) => sum + inputTokens(input), 0);
	return {
		usage: { input: tokens, output: 0 },
		body: {
			object: 'list',
			data: inputs.map((input, index) => ({
				object: 'embedding',
				index,
				embedding: encoded(
					unitVector(`${body.model} ${JSON.stringify(input)}`, dimensions),
					body.encoding_format,
				),
			})),
			model: body.model,
			usage: { prompt_tokens: tokens, total_tokens: tokens },
		},
	};
}

/** The inputs of one request: a text, several texts, token numbers, or several lists of them. */
export function embeddingInputs(body: Record<string, unknown>): unknown[] {
	const { input } = body;
	return Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
}

function inputTokens(input: unknown): number {
	return Array.isArray(input) ? input.length : tokensOf(String(input));
}

function unitVector(text: string, dimensions: number): Float32Array {
	const random = new Random(hash32(text));
	const vector = Float32Array.from({ length: dimensions }, () => random.next() * 2 - 1);
	const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
	return vector.map((value) => value / length);
}

/** Little-endian 32-bit floats in base64, or numbers with eight decimals. */
function encoded(vector: Float32Array, format: EmbeddingsBody['encoding_format']) {
	return format === 'base64'
		? Buffer.from(vector.buffer).toString('base64')
		: Array.from(vector, (value) => Math.round(value * 1e8) / 1e8);
}

import { tokensOf } from '../tokens';
import type { Answer, AnswerContext } from './answer';

/** A transparent picture of one pixel. */
const PNG =
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

/** Tokens of one generated picture of medium quality. */
const PICTURE_TOKENS = 1056;

/** `/v1/images/generations`. */
export function imageGeneration(context: AnswerContext): Answer {
	return pictures(context, 0);
}

/** `/v1/images/edits`: the input pictures count as tokens too. */
export function imageEdit(context: AnswerContext): Answer {
	const { images } = context.body as { images?: unknown };
	return pictures(context, Array.isArray(images) ? images.length : 1);
}

function pictures(context: AnswerContext, inputPictures: number): Answer {
	const { prompt, n = 1, size } = context.body as { prompt: string; n?: number; size?: string };
	const text = tokensOf(String(prompt));
	const image = inputPictures * 323;
	const output = n * PICTURE_TOKENS;
	return {
		usage: { input: text + image, output },
		body: {
			created: context.created,
			background: 'opaque',
			data: Array.from({ length: n }, () => ({ b64_json: PNG })),
			output_format: 'png',
			quality: 'medium',
			size: size === undefined || size === 'auto' ? '1024x1024' : size,
			usage: {
				total_tokens: text + image + output,
				input_tokens: text + image,
				output_tokens: output,
				input_tokens_details: { text_tokens: text, image_tokens: image },
			},
		},
	};
}

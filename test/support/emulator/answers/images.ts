import { attachmentsOf, attachmentTokens } from '../attachments';
import { PICTURES, type PictureFormat } from '../pictures';
import { tokensOf } from '../tokens';
import type { Answer, AnswerContext } from './answer';

/** Tokens of one generated picture of medium quality. */
const PICTURE_TOKENS = 1056;

/** `/v1/images/generations`. */
export function imageGeneration(context: AnswerContext): Answer {
	return pictures(context, 0);
}

/**
 * `/v1/images/edits`: the input pictures count as tokens too. The edit of a picture that came
 * inline is that picture, so that a test sees that the right bytes arrived.
 */
export function imageEdit(context: AnswerContext): Answer {
	const { images } = context.body as { images?: unknown };
	const inline = attachmentsOf(context.body).filter(({ bytes }) => bytes !== undefined);
	const others = Array.isArray(images) ? images.length - inline.length : 1;
	const tokens = Math.max(0, others) * 323 + attachmentTokens(inline);
	return pictures(context, tokens, inline[0]?.bytes?.toString('base64'));
}

interface ImagesBody {
	prompt: string;
	n?: number | null;
	size?: string | null;
	output_format?: PictureFormat | null;
}

function pictures(context: AnswerContext, image: number, picture?: string): Answer {
	const { prompt, n, size, output_format: format } = context.body as unknown as ImagesBody;
	const text = tokensOf(String(prompt));
	const count = n ?? 1;
	const output = count * PICTURE_TOKENS;
	const b64_json = picture ?? PICTURES[format ?? 'png'];
	return {
		usage: { input: text + image, output },
		body: {
			created: context.created,
			background: 'opaque',
			data: Array.from({ length: count }, () => ({ b64_json })),
			output_format: format ?? 'png',
			quality: 'medium',
			size: (size ?? 'auto') === 'auto' ? '1024x1024' : size,
			usage: {
				total_tokens: text + image + output,
				input_tokens: text + image,
				output_tokens: output,
				input_tokens_details: { text_tokens: text, image_tokens: image },
			},
		},
	};
}

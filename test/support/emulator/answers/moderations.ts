import { Random, hash32 } from '../random';
import type { Answer, AnswerContext } from './answer';
import { words } from './text';

/** The categories of `omni-moderation-latest`, and whether it looks for them in images too. */
const CATEGORIES: Record<string, boolean> = {
	harassment: false,
	'harassment/threatening': false,
	sexual: true,
	hate: false,
	'hate/threatening': false,
	illicit: false,
	'illicit/violent': false,
	'self-harm/intent': true,
	'self-harm/instructions': true,
	'self-harm': true,
	'sexual/minors': false,
	violence: true,
	'violence/graphic': true,
};

/** Words that make the emulator flag a text, so that both answers can be had on purpose. */
const FLAGGED = /\b(kill|murder|attack)\w*/i;

/** `/v1/moderations`: one result per text, or one for a list of content parts. */
export function moderation(context: AnswerContext): Answer {
	const { input, model } = context.body as { input?: unknown; model?: string };
	const texts =
		Array.isArray(input) && typeof input[0] === 'string' ? input.map(words) : [words(input)];
	const types = appliedTypes(input);
	return {
		usage: { input: 0, output: 0 },
		body: {
			id: `modr-${context.hex.slice(0, 32)}`,
			model: model ?? 'omni-moderation-latest',
			results: texts.map((text) => result(text, types)),
		},
	};
}

function result(text: string, types: string[]) {
	const random = new Random(hash32(text));
	const isFlagged = FLAGGED.test(text);
	const scores = mapCategories((category) => {
		const low = random.next() / 1000;
		return isFlagged && category.startsWith('violence') ? 0.9 + low : low;
	});
	return {
		flagged: isFlagged,
		categories: mapCategories((category) => scores[category] > 0.5),
		category_scores: scores,
		category_applied_input_types: mapCategories((category) =>
			CATEGORIES[category] ? types : types.filter((type) => type === 'text'),
		),
	};
}

function mapCategories<T>(value: (category: string) => T): Record<string, T> {
	return Object.fromEntries(Object.keys(CATEGORIES).map((key) => [key, value(key)]));
}

function appliedTypes(input: unknown): string[] {
	const parts = Array.isArray(input) ? (input as Array<{ type?: string }>) : [];
	const hasImage = parts.some(({ type }) => type === 'image_url');
	const hasText = !hasImage || parts.some(({ type }) => type === 'text');
	return [...(hasText ? ['text'] : []), ...(hasImage ? ['image'] : [])];
}

/** The shapes of a user's rows: each job takes one of them. */
export type RowKind = 'fields' | 'json' | 'lines';

export interface Size {
	rows: number;
	/** Length of each line of the request file in bytes, with its line break. */
	bytes: number;
}

export const MODEL = 'gpt-6-luna';
export const ENDPOINT = '/v1/chat/completions';

const ID_DIGITS = 6;

export const idOf = (index: number): string => `row-${String(index).padStart(ID_DIGITS, '0')}`;

export const bodyFor = (text: string) => ({
	model: MODEL,
	messages: [{ role: 'user', content: text }],
});

/** The question about each image. */
export const QUESTION = 'What does the photo show?';

export const imageBody = (base64: string) => ({
	model: MODEL,
	messages: [
		{
			role: 'user',
			content: [
				{ type: 'text', text: QUESTION },
				{ type: 'image_url', image_url: { url: `data:image/png;base64,${base64}` } },
			],
		},
	],
});

export const requestFor = (custom_id: string, body: object) => ({
	custom_id,
	method: 'POST',
	url: ENDPOINT,
	body,
});

/** The part of a line that is not the prompt, in bytes. */
const OVERHEAD = JSON.stringify(requestFor(idOf(0), bodyFor(''))).length + 1;

/**
 * The prompt of a row: as long as it takes to make the line of the given length. One flat string
 * of its own, as those that n8n reads from a database.
 */
export const textOf = (index: number, bytes: number): string =>
	Buffer.alloc(
		bytes - OVERHEAD,
		`${index}: the quick brown fox jumps over the lazy dog; `,
	).toString('latin1');

const MAKE: Record<RowKind, (id: string, text: string) => object> = {
	fields: (id, text) => ({ id, text }),
	json: (id, text) => ({ id, body: bodyFor(text) }),
	lines: (id, text) => requestFor(id, bodyFor(text)),
};

/** Makes one row. */
export const makeRow = (kind: RowKind, index: number, bytes: number): object =>
	MAKE[kind](idOf(index), textOf(index, bytes));

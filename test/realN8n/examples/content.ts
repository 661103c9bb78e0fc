/** The text of a chat completion. */
export const chatText = (body: unknown): string =>
	(body as { choices: Array<{ message: { content: string } }> }).choices[0].message.content;

/** The text of a response. */
export const responseText = (body: unknown): string =>
	(body as { output: Array<{ content: Array<{ text: string }> }> }).output[0].content[0].text;

/** The vector of an embedding. */
export const vector = (body: unknown): number[] =>
	(body as { data: Array<{ embedding: number[] }> }).data[0].embedding;

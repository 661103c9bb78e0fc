import type { JsonObject, JsonValue } from '../jsonl/json';
import { checkInput, invalidValue } from './fieldChecks';
import type { Issue } from '../jsonl/issue';

/** How many inputs one embeddings request may have. */
const MAX_INPUTS = 2_048;

/**
 * The number of inputs of an embeddings body, which OpenAI limits to 50,000 a batch: a text or a
 * list of token numbers is one, any other list has one for each entry. 0 without an input.
 */
export function embeddingInputs(body: JsonObject): number {
	const { input } = body;
	if (!Array.isArray(input)) return input === undefined || input === null ? 0 : 1;
	return isTokens(input) ? 1 : input.length;
}

/** `input`: 1 to 2,048 inputs, none of them empty. */
export function checkEmbeddingInput(body: JsonObject): Issue[] {
	const issues = checkInput(body, 'body.input');
	const { input } = body;
	if (issues.length > 0 || !Array.isArray(input) || isTokens(input)) return issues;
	if (input.length > MAX_INPUTS) {
		const message = `'input' has ${input.length} inputs, more than the ${MAX_INPUTS} that one request may have. Spread them over several requests.`;
		return [invalidValue('body.input', message)];
	}
	const at = input.findIndex((one) => one === '' || (Array.isArray(one) && one.length === 0));
	if (at === -1) return [];
	return [invalidValue(`body.input[${at}]`, `'input[${at}]' is empty. Leave empty texts out.`)];
}

function isTokens(input: JsonValue[]): boolean {
	return input.length > 0 && input.every((token) => typeof token === 'number');
}

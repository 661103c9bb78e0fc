import { familyOf } from './paths';
import type { EndpointFamily } from './paths';
import type { JsonObject, JsonValue } from '../jsonl/json';

export interface TokenEstimate {
	input_tokens: number;
	/** The most that may be generated, 0 for vectors and verdicts; null when there is no limit. */
	output_tokens: number | null;
}

/** UTF-8 bytes for one token; see `estimateTokens`. */
const BYTES_PER_TOKEN = 4;

/** Where each endpoint takes its prompt from. */
const PROMPTS = ['messages', 'input', 'prompt', 'instructions', 'suffix'];

/** Definitions that the model reads as text, keys and all. */
const DEFINITIONS = ['tools', 'functions', 'response_format', 'text'];

/** The names of the limit on what is generated, one for each generation of endpoints. */
const OUTPUT_LIMITS = ['max_output_tokens', 'max_completion_tokens', 'max_tokens'];

const GENERATES_NOTHING: ReadonlySet<unknown> = new Set<EndpointFamily>([
	'/embeddings',
	'/moderations',
]);

/** Inside a prompt: pictures, sound and files, counted by the service in other ways, and labels. */
const NOT_TEXT: ReadonlySet<string> = new Set([
	'type',
	'id',
	'image_url',
	'input_audio',
	'file',
	'file_data',
	'file_id',
	'file_url',
]);

/**
 * Estimates the tokens of one request from its body: a token for every four bytes of the prompt.
 * On long English prose this gave 200,000 for 192,423 real tokens; on short texts in nine languages
 * and JSON, against the tokenizer o200k, 0.8 (Czech) to 2.4 times (Hindi) the real number. It is
 * bytes because characters would find only a third of the tokens of Chinese and Japanese.
 * Pictures, sound and files are not counted.
 *
 * @param endpoint the request's url, which tells whether it generates anything
 */
export function estimateTokens(body: JsonObject, endpoint = ''): TokenEstimate {
	const texts = PROMPTS.map((field) => sizeOf(body[field]));
	const bytes = texts.reduce((sum, size) => sum + size.bytes, 0) + definitionBytes(body);
	const tokens = texts.reduce((sum, size) => sum + size.tokens, 0);
	return {
		input_tokens: Math.ceil(bytes / BYTES_PER_TOKEN) + tokens,
		output_tokens: GENERATES_NOTHING.has(familyOf(endpoint)) ? 0 : outputLimit(body),
	};
}

interface Size {
	bytes: number;
	/** Numbers inside a prompt are tokens already. */
	tokens: number;
}

function sizeOf(value: JsonValue | undefined): Size {
	if (typeof value === 'string') return { bytes: Buffer.byteLength(value), tokens: 0 };
	if (typeof value === 'number') return { bytes: 0, tokens: 1 };
	const total: Size = { bytes: 0, tokens: 0 };
	if (typeof value !== 'object' || value === null) return total;
	for (const [key, part] of Object.entries(value)) {
		if (NOT_TEXT.has(key)) continue;
		const size = sizeOf(part);
		total.bytes += size.bytes;
		total.tokens += size.tokens;
	}
	return total;
}

function definitionBytes(body: JsonObject): number {
	return DEFINITIONS.filter((field) => typeof body[field] === 'object' && body[field] !== null)
		.map((field) => Buffer.byteLength(JSON.stringify(body[field])))
		.reduce((sum, bytes) => sum + bytes, 0);
}

/** The limit holds for each of `n` choices. */
function outputLimit(body: JsonObject): number | null {
	const limit = OUTPUT_LIMITS.map((field) => body[field]).find((one) => typeof one === 'number');
	if (limit === undefined) return null;
	return Number(limit) * (typeof body.n === 'number' ? body.n : 1);
}

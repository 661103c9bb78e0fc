import type { Endpoint, EndpointPath, RequestOption, TokenFields } from './endpoint';
import type { SizeOfImage } from './imageTokens';
import { partTokens, sizeOfDataUrl } from './imageTokens';
import { pathFault, unversionedPath } from './endpoint';
import { embeddings, imageEdits, imageGenerations, moderations } from './singleInput';
import { chatCompletions, completions, responses } from './textEndpoints';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { isObject } from '../jsonl/json';

const BY_PATH: { [Path in EndpointPath]: Endpoint<RequestOption, Path> } = {
	'/chat/completions': chatCompletions,
	'/responses': responses,
	'/completions': completions,
	'/embeddings': embeddings,
	'/moderations': moderations,
	'/images/generations': imageGenerations,
	'/images/edits': imageEdits,
};

/** The endpoints whose requests are known here. */
export const ENDPOINTS: readonly Endpoint[] = Object.values(BY_PATH);

/** The endpoint that the panel starts with. */
export const DEFAULT_ENDPOINT = chatCompletions;

/** The model that the panel starts with. It stays there when the user chooses another endpoint. */
export const DEFAULT_MODEL = DEFAULT_ENDPOINT.model.example;

const BY_NAME: ReadonlyMap<string | undefined, Endpoint> = new Map(Object.entries(BY_PATH));

/** The endpoint with this path, with or without `/v1`; undefined for one that is not known here. */
export function endpointOf(path: unknown): Endpoint | undefined {
	return BY_NAME.get(unversionedPath(path));
}

/** Why a url or an endpoint cannot be meant, as `pathFault`, which names the endpoints known here. */
export function urlFault(url: string, what: 'url' | 'endpoint' = 'url'): string | undefined {
	return pathFault(
		url,
		ENDPOINTS.map(({ path }) => path),
		what,
	);
}

/** The estimated tokens of one request, or of several together. */
export interface TokenEstimate {
	input_tokens: number;
	/** The most that can be generated: 0 where nothing is generated, null when there is no limit. */
	output_tokens: number | null;
	/** How many images, files and sounds are not among the tokens of the input. */
	attachments_not_estimated: number;
}

/** What nothing costs, to add to. */
export const NO_TOKENS: Readonly<TokenEstimate> = {
	input_tokens: 0,
	output_tokens: 0,
	attachments_not_estimated: 0,
};

/** UTF-8 bytes for one token; see `estimateTokens`. */
const BYTES_PER_TOKEN = 4;

/** For an endpoint that is not known here: the fields of all that are. */
const ANY_FIELDS: TokenFields = {
	prompts: unionOf('prompts'),
	definitions: unionOf('definitions'),
	outputLimits: unionOf('outputLimits'),
};

function unionOf(kind: keyof TokenFields): string[] {
	return [...new Set(ENDPOINTS.flatMap(({ tokens }) => tokens[kind]))];
}

/** Keys inside a prompt that are labels, or hold pictures, sound and files. */
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
 * and JSON, against the tokenizer o200k, 0.8 (Czech) to 2.4 times (Hindi) the real number. It
 * counts bytes because counting characters would find only a third of the tokens of Chinese and
 * Japanese. Inline images are counted by the rules of the model; other attachments, and images for
 * models whose rule is not known, are left out.
 *
 * @param endpoint where the request goes; undefined for an endpoint that is not known here
 * @param sizeOfImage the size of an image by its address, which is a data URL or something else
 */
export function estimateTokens(
	body: JsonObject,
	endpoint: Endpoint | undefined,
	sizeOfImage: SizeOfImage = sizeOfDataUrl,
): TokenEstimate {
	const { prompts, definitions, outputLimits } = endpoint?.tokens ?? ANY_FIELDS;
	const size: Size = { bytes: definitionBytes(body, definitions), tokens: 0, unknown: 0 };
	const reader = { model: body.model, sizeOfImage };
	for (const field of prompts) addSize(size, body[field], reader);
	// The images of an edit, for which no rule is published.
	for (const images of [body.images, body.mask]) size.unknown += imagesIn(images);
	return {
		input_tokens: Math.ceil(size.bytes / BYTES_PER_TOKEN) + size.tokens,
		output_tokens: endpoint?.generates === false ? 0 : outputLimit(body, outputLimits),
		attachments_not_estimated: size.unknown,
	};
}

function imagesIn(images: JsonValue | undefined): number {
	if (Array.isArray(images)) return images.length;
	return isObject(images) ? 1 : 0;
}

/** The estimates of several requests together; the output has no limit as soon as one has none. */
export function addTokens(sum: TokenEstimate, more: TokenEstimate): TokenEstimate {
	const isOpen = sum.output_tokens === null || more.output_tokens === null;
	return {
		input_tokens: sum.input_tokens + more.input_tokens,
		output_tokens: isOpen ? null : sum.output_tokens! + more.output_tokens!,
		attachments_not_estimated: sum.attachments_not_estimated + more.attachments_not_estimated,
	};
}

interface Size {
	bytes: number;
	/** Numbers inside a prompt are tokens already, and images are counted in tokens. */
	tokens: number;
	/** How many attachments are not among the tokens. */
	unknown: number;
}

interface SizeReader {
	model: JsonValue | undefined;
	sizeOfImage: SizeOfImage;
}

function addSize(total: Size, value: JsonValue | undefined, reader: SizeReader): void {
	if (typeof value === 'string') total.bytes += Buffer.byteLength(value);
	else if (typeof value === 'number') total.tokens++;
	if (typeof value !== 'object' || value === null) return;
	if (!Array.isArray(value)) {
		const attached = partTokens(value, reader.model, reader.sizeOfImage);
		if (attached) {
			total.tokens += attached.tokens;
			total.unknown += attached.unknown;
			return;
		}
	}
	for (const [key, part] of Object.entries(value)) {
		if (!NOT_TEXT.has(key)) addSize(total, part, reader);
	}
}

function definitionBytes(body: JsonObject, definitions: readonly string[]): number {
	return definitions
		.filter((field) => typeof body[field] === 'object' && body[field] !== null)
		.map((field) => Buffer.byteLength(JSON.stringify(body[field])))
		.reduce((sum, bytes) => sum + bytes, 0);
}

/** The limit holds for each of `n` choices. */
function outputLimit(body: JsonObject, outputLimits: readonly string[]): number | null {
	const limit = outputLimits.map((field) => body[field]).find((one) => typeof one === 'number');
	if (limit === undefined) return null;
	return Number(limit) * (typeof body.n === 'number' ? body.n : 1);
}

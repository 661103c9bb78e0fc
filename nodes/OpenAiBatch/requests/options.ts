import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import type { RequestOptions } from './bodies/body';
import { RequestProblem } from './problem';

/** A JSON field of the panel: text, or an object that an expression gave. */
function jsonObject(value: unknown, name: string): JsonObject | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	if (isObject(value)) return value;
	const parsed = tryParseJson(String(value));
	if (!parsed.ok) throw new RequestProblem(`${name} is not valid JSON: ${parsed.message}`);
	if (isObject(parsed.value)) return parsed.value;
	throw new RequestProblem(`${name} has to be a JSON object`);
}

/** Addresses separated by commas or line breaks, or a list that an expression gave. */
function addresses(value: unknown): string[] | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const list = Array.isArray(value) ? value.map(String) : String(value).split(/[,\n]\s*/);
	return list.map((address) => address.trim()).filter((address) => address !== '');
}

function amount(value: unknown, name: string): number | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const number = Number(value);
	if (Number.isFinite(number)) return number;
	throw new RequestProblem(`${name} has to be a number`);
}

function text(value: unknown): string | undefined {
	return value === undefined || value === null ? undefined : String(value);
}

/** The request options of one item in the shapes that bodies need. @throws {RequestProblem} */
export function readOptions(raw: Record<string, unknown>): RequestOptions {
	return {
		additionalFields: jsonObject(raw.additionalFields, 'Additional Body Fields'),
		dimensions: amount(raw.dimensions, 'Dimensions'),
		imageCount: amount(raw.imageCount, 'Number of Images'),
		imageQuality: text(raw.imageQuality),
		imageSize: text(raw.imageSize),
		imageUrls: addresses(raw.imageUrls),
		jsonSchema: jsonObject(raw.jsonSchema, 'JSON Schema'),
		jsonSchemaName: text(raw.jsonSchemaName),
		maxTokens: amount(raw.maxTokens, 'Max Tokens'),
		reasoningEffort: text(raw.reasoningEffort),
		systemMessage: text(raw.systemMessage),
		temperature: amount(raw.temperature, 'Temperature'),
		topP: amount(raw.topP, 'Top P'),
	};
}

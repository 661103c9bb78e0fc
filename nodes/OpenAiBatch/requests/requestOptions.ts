import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import type { RequestOptions } from '../../endpoints/bodies/body';
import { RequestProblem } from '../../endpoints/problem';

/** What the panel stores for an option that was not filled in. */
const isUnset = (value: unknown): value is undefined | null | '' =>
	value === undefined || value === null || value === '';

/** A JSON field of the panel: text, or an object that an expression gave. */
function jsonObject(value: unknown, name: string): JsonObject | undefined {
	if (isUnset(value)) return undefined;
	if (isObject(value)) return value;
	const parsed = tryParseJson(String(value));
	if (!parsed.ok) throw new RequestProblem(`${name} is not valid JSON: ${parsed.message}`);
	if (isObject(parsed.value)) return parsed.value;
	throw new RequestProblem(`${name} has to be a JSON object`);
}

/** Between two addresses; addresses themselves may have commas in them, and data URLs always do. */
const BETWEEN_ADDRESSES = /\r?\n|,\s*(?=(?:https?|data):)/;

/** Addresses separated by commas or line breaks, or a list that an expression gave. */
function addresses(value: unknown): string[] | undefined {
	if (isUnset(value)) return undefined;
	const list: unknown[] = Array.isArray(value) ? value : String(value).split(BETWEEN_ADDRESSES);
	const found = list.map((address) => String(address).trim()).filter((address) => address !== '');
	const wrong = found.find((address) => !/^(?:https?|data):/i.test(address));
	if (wrong === undefined) return found;
	throw new RequestProblem(
		`Image URLs has to hold web addresses or data URLs, but '${wrong.slice(0, 60)}' is neither`,
	);
}

interface Range {
	min?: number;
	max?: number;
	isWhole?: boolean;
}

const COUNT: Range = { min: 1, isWhole: true };

/** A number within the bounds that the panel has too; expressions are not held to those. */
function amount(value: unknown, name: string, { min, max, isWhole }: Range): number | undefined {
	if (isUnset(value)) return undefined;
	const number = typeof value === 'string' ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isFinite(number)) {
		throw new RequestProblem(`${name} has to be a number`);
	}
	if (isWhole && !Number.isInteger(number)) {
		throw new RequestProblem(`${name} has to be a whole number`);
	}
	if (min !== undefined && number < min) throw new RequestProblem(`${name} is less than ${min}`);
	if (max !== undefined && number > max) throw new RequestProblem(`${name} is more than ${max}`);
	return number;
}

function text(value: unknown, name: string): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'object') return String(value);
	throw new RequestProblem(`${name} has to be text`);
}

/** The API refuses other names, but only when the requests run. */
function schemaName(value: unknown): string | undefined {
	const name = text(value, 'JSON Schema Name');
	if (!name || /^[\w-]{1,64}$/.test(name)) return name;
	throw new RequestProblem(
		'JSON Schema Name may have letters, digits, underscores and dashes only, at most 64',
	);
}

/** The request options of one item in the shapes that bodies need. @throws {RequestProblem} */
export function readOptions(raw: Record<string, unknown>): RequestOptions {
	return {
		additionalFields: jsonObject(raw.additionalFields, 'Additional Body Fields'),
		dimensions: amount(raw.dimensions, 'Dimensions', COUNT),
		imageCount: amount(raw.imageCount, 'Number of Images', COUNT),
		imageQuality: text(raw.imageQuality, 'Image Quality'),
		imageSize: text(raw.imageSize, 'Image Size'),
		imageUrls: addresses(raw.imageUrls),
		jsonSchema: jsonObject(raw.jsonSchema, 'JSON Schema'),
		jsonSchemaName: schemaName(raw.jsonSchemaName),
		jsonSchemaStrict: raw.jsonSchemaStrict !== false,
		maxTokens: amount(raw.maxTokens, 'Max Tokens', COUNT),
		reasoningEffort: text(raw.reasoningEffort, 'Reasoning Effort'),
		systemMessage: text(raw.systemMessage, 'System Message'),
		temperature: amount(raw.temperature, 'Temperature', { min: 0, max: 2 }),
		topP: amount(raw.topP, 'Top P', { min: 0, max: 1 }),
	};
}

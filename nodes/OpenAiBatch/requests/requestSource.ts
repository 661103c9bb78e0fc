import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { familyOf, withoutVersion } from '../../endpoints/paths';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import type { RequestLine } from '../../jsonl/requestLine';
import type { ItemParameter, ItemParameters } from '../parameters/itemParameters';
import { bodyBuilder } from '../../endpoints/bodies';
import type { RequestOptions } from '../../endpoints/bodies/body';
import { DEFAULT_MODEL } from './request.properties';
import { readOptions } from './requestOptions';
import { RequestProblem } from '../../endpoints/problem';

/** Makes the requests of the items; whether the API will take them is checked later. */
export interface RequestSource {
	/** An item's custom id, apart from the rest, to name it also when that cannot be made. */
	customId: (itemIndex: number) => string;
	/** The whole request. @throws {RequestProblem} */
	request: (itemIndex: number, customId: string) => RequestLine;
}

interface SourceContext {
	context: IExecuteFunctions;
	parameters: ItemParameters;
	endpoint: string;
}

/** Where the default model of the panel is of use. */
const TEXT_FAMILIES = new Set<string | undefined>(['/chat/completions', '/responses']);

/** A custom id; ids from databases are often numbers. */
function customIdOf(value: unknown): string {
	return (typeof value === 'number' ? String(value) : value) as string;
}

/** A model by its name, or as the panel's locator holds it; '' where there is none. */
function modelOf(value: unknown): string {
	const name = isObject(value) ? value.value : value;
	if (name === undefined || name === null) return '';
	if (typeof name !== 'object') return String(name);
	throw new RequestProblem('The model has to be text', 'model');
}

/**
 * Passes models on, but not the field's default where it cannot be what the user wants.
 *
 * @returns a function that throws {RequestProblem}
 */
function modelCheck(endpoint: string): (model: string) => string {
	if (TEXT_FAMILIES.has(familyOf(endpoint))) return (model) => model;
	return (model) => {
		if (model !== DEFAULT_MODEL) return model;
		throw new RequestProblem(
			`${DEFAULT_MODEL} is no model for ${endpoint}: choose one under Model`,
			'model',
		);
	};
}

/** Prompts are text; a number or boolean is written out, a list is passed on as it is. */
function promptOf(value: unknown): string | JsonValue[] {
	if (value === undefined || value === null || value === '') {
		throw new RequestProblem('The prompt is empty', 'prompt');
	}
	if (Array.isArray(value)) return value as JsonValue[];
	if (typeof value === 'object') {
		throw new RequestProblem('The prompt is an object: turn it into text first', 'prompt');
	}
	return String(value);
}

/** Reads a value per item, working again only when the raw value is another than before. */
function remembered<T>(read: ItemParameter, convert: (raw: unknown) => T): (index: number) => T {
	let last: { raw: unknown; value: T } | undefined;
	return (itemIndex) => {
		const raw = read(itemIndex);
		if (last?.raw !== raw) last = { raw, value: convert(raw) };
		return last!.value;
	};
}

function fieldsSource({ context, parameters, endpoint }: SourceContext): RequestSource {
	const build = bodyBuilder(endpoint);
	if (!build) {
		throw new NodeOperationError(
			context.getNode(),
			`Requests for ${endpoint} cannot be made from fields`,
			{ description: 'Choose JSON Body as the request source and give the whole body.' },
		);
	}
	const customId = parameters.read('customId');
	// Neither mode of the locator extracts anything, so its value is read here, which is fast.
	const model = parameters.read('model');
	const checked = modelCheck(endpoint);
	const prompt = parameters.read('prompt');
	const options = remembered<RequestOptions>(
		parameters.read('requestOptions', { fallback: {} }),
		(raw) => readOptions(raw as Record<string, unknown>),
	);
	return {
		customId: (itemIndex) => customIdOf(customId(itemIndex)),
		request: (itemIndex, custom_id) => ({
			custom_id,
			method: 'POST',
			url: endpoint,
			body: build({
				model: checked(modelOf(model(itemIndex))),
				prompt: promptOf(prompt(itemIndex)),
				options: options(itemIndex),
			}),
		}),
	};
}

function bodyOf(raw: unknown): JsonObject {
	if (isObject(raw)) return raw;
	const parsed = tryParseJson(String(raw));
	if (!parsed.ok) {
		throw new RequestProblem(
			`The body is not valid JSON: ${parsed.message}. Text from an item has to go through JSON.stringify()`,
			'body',
		);
	}
	if (isObject(parsed.value)) return parsed.value;
	throw new RequestProblem('The body has to be a JSON object', 'body');
}

function jsonSource({ parameters, endpoint }: SourceContext): RequestSource {
	const customId = parameters.read('customId');
	const body = remembered(parameters.read('body'), bodyOf);
	return {
		customId: (itemIndex) => customIdOf(customId(itemIndex)),
		request: (itemIndex, custom_id) => ({
			custom_id,
			method: 'POST',
			url: endpoint,
			body: body(itemIndex),
		}),
	};
}

/** Lines for another spelling of the endpoint, with or without `/v1`, get the batch's own. */
function linesSource({ context, endpoint }: SourceContext): RequestSource {
	const items = context.getInputData();
	const isEndpoint = (url: unknown) =>
		typeof url === 'string' && withoutVersion(url) === withoutVersion(endpoint);
	return {
		customId: (itemIndex) => customIdOf(items[itemIndex].json.custom_id),
		request: (itemIndex, custom_id) => {
			const { method, url, body } = items[itemIndex].json;
			return { custom_id, method, url: isEndpoint(url) ? endpoint : url, body } as RequestLine;
		},
	};
}

const SOURCES: Record<string, (source: SourceContext) => RequestSource> = {
	fields: fieldsSource,
	json: jsonSource,
	lines: linesSource,
};

/** Prepares how items become requests, by the `requestSource` parameter. */
export function requestSource(
	context: IExecuteFunctions,
	parameters: ItemParameters,
	endpoint: string,
): RequestSource {
	const name: unknown = context.getNodeParameter('requestSource', 0);
	const isKnown = typeof name === 'string' && Object.hasOwn(SOURCES, name);
	if (isKnown) return SOURCES[name]({ context, parameters, endpoint });
	const given = typeof name === 'string' ? `'${name.slice(0, 60)}'` : 'This value';
	throw new NodeOperationError(context.getNode(), `${given} is not a request source`, {
		description: 'Choose fields, json or lines.',
	});
}

import Ajv, { type ValidateFunction } from 'ajv';

import type { DataValidateFunction } from 'ajv/dist/types';

import type { Endpoint } from '../batches/requestLine';
import { phrased, type Fault, type Refusal, type TagError } from './phrases';
import chat from './schemas/chat.json';
import completions from './schemas/completions.json';
import embeddings from './schemas/embeddings.json';
import imageEdits from './schemas/imageEdits.json';
import imageGenerations from './schemas/imageGenerations.json';
import moderations from './schemas/moderations.json';
import responses from './schemas/responses.json';

/** Made by `tools/requestSchemas` from the types of the official SDK. */
const SCHEMAS: Record<Endpoint, object> = {
	'/v1/responses': responses,
	'/v1/chat/completions': chat,
	'/v1/embeddings': embeddings,
	'/v1/completions': completions,
	'/v1/moderations': moderations,
	'/v1/images/generations': imageGenerations,
	'/v1/images/edits': imageEdits,
};

interface ByTag {
	tag: string;
	definitions: Record<string, string>;
}

/** Compiled when an endpoint is first asked for, once for all emulators of the process. */
const compiled = new Map<Endpoint, ValidateFunction>();

function validator(endpoint: Endpoint): ValidateFunction {
	const known = compiled.get(endpoint);
	if (known !== undefined) return known;
	const ajv = new Ajv({ strict: false, verbose: true, meta: false, validateSchema: false });
	ajv.addKeyword({
		keyword: 'byTag',
		type: 'object',
		errors: true,
		compile: (byTag: ByTag) =>
			choosing(byTag, (name) => ajv.getSchema(`body#/$defs/${name}`) as ValidateFunction),
	});
	const validate = ajv.compile({ $id: 'body', type: 'object', ...SCHEMAS[endpoint] });
	compiled.set(endpoint, validate);
	return validate;
}

/**
 * The keyword `byTag`: the definition that a property chooses. Each is compiled when it is first
 * chosen, since most bodies need few of the hundreds that the Responses API has.
 */
function choosing(
	{ tag, definitions }: ByTag,
	compile: (name: string) => ValidateFunction,
): DataValidateFunction {
	const known = Object.keys(definitions);
	const ready = new Map<string, ValidateFunction>();
	const chosen = (name: string): ValidateFunction => {
		const validate = ready.get(name) ?? compile(name);
		ready.set(name, validate);
		return validate;
	};
	const check: DataValidateFunction = (data: Record<string, unknown>, context) => {
		const value = data[tag];
		const isKnown = typeof value === 'string' && definitions[value] !== undefined;
		const validate = isKnown ? chosen(definitions[value]) : undefined;
		if (validate?.(data, context)) return true;
		// What is found below is hidden in an error of its own, since ajv changes errors on their way.
		const cause = validate?.errors?.[0] as Fault | undefined;
		const { instancePath } = context!;
		const error: TagError = { keyword: 'byTag', instancePath, tag, value, known, cause };
		check.errors = [error as object];
		return false;
	};
	return check;
}

/** Why the published schema of the endpoint does not allow a body; undefined when it does. */
export function schemaRefusal(endpoint: Endpoint, body: unknown): Refusal | undefined {
	const validate = validator(endpoint);
	if (validate(body)) return undefined;
	// The first error is the fault itself; the others say which condition led to it.
	return phrased(validate.errors![0] as Fault);
}

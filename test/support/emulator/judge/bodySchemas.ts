import Ajv, { type ValidateFunction } from 'ajv';

import type { Endpoint } from '../batches/requestLine';
import { phrased, type Refusal, type SchemaError } from './phrases';
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

/** Compiled when an endpoint is first asked for, once for all emulators of the process. */
const compiled = new Map<Endpoint, ValidateFunction>();

function validator(endpoint: Endpoint): ValidateFunction {
	const known = compiled.get(endpoint);
	if (known !== undefined) return known;
	const ajv = new Ajv({ discriminator: true, strict: false, verbose: true });
	const validate = ajv.compile({ type: 'object', ...SCHEMAS[endpoint] });
	compiled.set(endpoint, validate);
	return validate;
}

/** Why the published schema of the endpoint does not allow a body; undefined when it does. */
export function schemaRefusal(endpoint: Endpoint, body: unknown): Refusal | undefined {
	const validate = validator(endpoint);
	if (validate(body)) return undefined;
	// The first error is the fault itself; the others say which condition led to it.
	return phrased(validate.errors![0] as SchemaError, (schema, tag) =>
		tagValues(schema as Union, tag, SCHEMAS[endpoint] as { $defs: Record<string, Member> }),
	);
}

interface Member {
	properties: Record<string, { enum?: unknown[] }>;
}

interface Union {
	oneOf: Array<{ $ref: string }>;
}

/** The values that the members of a union give to their tag. */
function tagValues({ oneOf }: Union, tag: string, { $defs }: { $defs: Record<string, Member> }) {
	return oneOf.flatMap(({ $ref }) => $defs[$ref.split('/').at(-1)!].properties[tag].enum ?? []);
}

import { badRequest } from './errors';

/** The words with which the API names the type of a JSON value in its messages. */
function typeName(value: unknown): string {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'an array';
	if (typeof value === 'object') return 'an object';
	if (typeof value === 'boolean') return 'a boolean';
	if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number';
	return 'a string';
}

function wrongType(param: string, expected: string, value: unknown): Error {
	const got = value === null ? 'null' : `${typeName(value)}`;
	return badRequest(
		`Invalid type for '${param}': expected ${expected}, but got ${got} instead.`,
		param,
		'invalid_type',
	);
}

/** A string that must be there. */
export function requiredString(value: unknown, param: string): string {
	if (value === undefined) {
		throw badRequest(
			`Missing required parameter: '${param}'.`,
			param,
			'missing_required_parameter',
		);
	}
	if (typeof value !== 'string') throw wrongType(param, 'a string', value);
	return value;
}

/** A string that must be one of the supported values. */
export function requiredChoice(
	value: unknown,
	param: string,
	supported: readonly string[],
): string {
	const text = requiredString(value, param);
	if (supported.includes(text)) return text;
	const quoted = supported.map((choice) => `'${choice}'`);
	const list =
		quoted.length < 2
			? `Value must be ${quoted[0]}.`
			: `Supported values are: ${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}.`;
	throw badRequest(`Invalid value: '${text}'. ${list}`, param, 'invalid_value');
}

/** A whole number within bounds; the API names the bound that was passed. */
export function integerBetween(value: unknown, param: string, low: number, high: number): number {
	if (typeof value !== 'number' || !Number.isInteger(value)) {
		throw wrongType(param, 'an integer', value);
	}
	if (value < low) {
		throw badRequest(
			`Invalid '${param}': integer below minimum value. Expected a value >= ${low}, but got ${value} instead.`,
			param,
			'integer_below_min_value',
		);
	}
	if (value > high) {
		throw badRequest(
			`Invalid '${param}': integer above maximum value. Expected a value <= ${high}, but got ${value} instead.`,
			param,
			'integer_above_max_value',
		);
	}
	return value;
}

/** A JSON object (not an array, not null). */
export function requiredObject(value: unknown, param: string): Record<string, unknown> {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw wrongType(param, 'an object', value);
	}
	return value as Record<string, unknown>;
}

/**
 * Refuses parameters that the route does not know, as other routes of the service do; whether this
 * one does has not been seen. It keeps a misspelt parameter from passing a test.
 */
export function onlyKnown(body: Record<string, unknown>, known: readonly string[]): void {
	const unknown = Object.keys(body).find((key) => !known.includes(key));
	if (unknown !== undefined) {
		throw badRequest(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter');
	}
}

/**
 * Metadata: null, or at most 16 pairs of strings with keys up to 64 and values up to 512
 * characters. The message for a long key has not been seen; the others have.
 */
export function metadata(value: unknown): Record<string, string> | null {
	if (value === undefined || value === null) return null;
	const pairs = Object.entries(requiredObject(value, 'metadata'));
	if (pairs.length > 16) {
		throw badRequest(
			`Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with ${pairs.length} properties instead.`,
			'metadata',
			'object_above_max_properties',
		);
	}
	for (const [key, entry] of pairs) {
		const param = `metadata.${key}`;
		if (typeof entry !== 'string') throw wrongType(param, 'a string', entry);
		if (key.length > 64) throw tooLong('metadata', 64, key.length);
		if (entry.length > 512) throw tooLong(param, 512, entry.length);
	}
	return Object.fromEntries(pairs) as Record<string, string>;
}

function tooLong(param: string, limit: number, length: number): Error {
	return badRequest(
		`Invalid '${param}': string too long. Expected a string with maximum length ${limit}, but got a string with length ${length} instead.`,
		param,
		'string_above_max_length',
	);
}

/**
 * `{anchor: 'created_at', seconds}`; undefined when left out. OpenAI takes one hour to thirty days.
 */
export function expiresAfter(
	value: unknown,
	param: string,
	[least, most]: readonly [number, number],
): number | undefined {
	if (value === undefined || value === null) return undefined;
	const policy = requiredObject(value, param);
	requiredChoice(policy.anchor, `${param}.anchor`, ['created_at']);
	if (policy.seconds === undefined) requiredString(undefined, `${param}.seconds`);
	return integerBetween(policy.seconds, `${param}.seconds`, least, most);
}

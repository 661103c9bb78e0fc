import type { DefinedError } from 'ajv';

import type { ApiError as ErrorFields } from '../../../../nodes/openai/apiErrors';

/** A schema as far as its expectations are named in messages. */
interface Expected {
	type?: string | string[];
	enum?: unknown[];
	items?: Expected;
	properties?: Record<string, Expected>;
	then?: Expected;
}

export type Refusal = ErrorFields & { message: string };

export function refusal(message: string, param: string | null, code: string | null): Refusal {
	return { message, type: 'invalid_request_error', param, code };
}

/** `messages[0].content`, from the pointer `/messages/0/content` and the names below it. */
function paramOf(pointer: string, ...below: string[]): string {
	const keys = pointer
		.split('/')
		.slice(1)
		.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
	return [...keys, ...below].reduce((path, key) => {
		if (/^\d+$/.test(key)) return `${path}[${key}]`;
		return path === '' ? key : `${path}.${key}`;
	}, '');
}

/** The words with which the service names the type of a value. */
function got(value: unknown): string {
	if (value === null) return 'null';
	if (Array.isArray(value)) return 'an array';
	if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : 'a decimal number';
	return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Null is allowed for what may be left out; the service does not name it among the values. */
const quoted = (values: readonly unknown[]) =>
	values.filter((value) => value !== null).map((value) => `'${value}'`);

function listed(values: readonly string[], word: 'and' | 'or'): string {
	if (values.length < 3) return values.join(` ${word} `);
	return `${values.slice(0, -1).join(', ')}, ${word} ${values.at(-1)}`;
}

const NAMES: Record<string, (schema: Expected) => string> = {
	string: ({ enum: choices, then }) => {
		const values = choices ?? then?.enum;
		return values === undefined ? 'string' : `one of ${listed(quoted(values), 'or')}`;
	},
	integer: () => 'integer',
	number: () => 'decimal',
	boolean: () => 'boolean',
	object: () => 'object',
	array: ({ items }) => `array of ${[items?.type ?? 'object'].flat()[0]}s`,
};

/** What a schema expects, as `a string` or `one of a string or array of objects`. */
function expectation(schema: Expected): string {
	const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
	const names = types.map((type) => NAMES[type](schema));
	const first = names[0].startsWith('one of')
		? names[0]
		: `${/^[aio]/.test(names[0]) ? 'an' : 'a'} ${names[0]}`;
	if (names.length === 1) return first;
	return `one of ${listed([first, ...names.slice(1)], 'or')}`;
}

type Phrase = (error: DefinedError, param: string) => Refusal;

const bound =
	(side: 'minimum' | 'maximum', word: 'below' | 'above', sign: string): Phrase =>
	({ params, data, parentSchema }, param) => {
		const kind = [parentSchema!.type].flat().includes('integer') ? 'integer' : 'decimal';
		const { limit } = params as { limit: number };
		return refusal(
			`Invalid '${param}': ${kind} ${word} ${side} value. Expected a value ${sign} ${limit}, but got ${data} instead.`,
			param,
			`${kind}_${word}_${side.slice(0, 3)}_value`,
		);
	};

const tooShort: Phrase = ({ data, params }, param) => {
	const what = Array.isArray(data) ? 'array' : 'string';
	const { limit } = params as { limit: number };
	return refusal(
		`Invalid '${param}': empty ${what}. Expected ${what === 'array' ? 'an' : 'a'} ${what} with minimum length ${limit}, but got an empty ${what} instead.`,
		param,
		`empty_${what}`,
	);
};

const tooLong: Phrase = ({ data, params }, param) => {
	const what = Array.isArray(data) ? 'array' : 'string';
	const { limit } = params as { limit: number };
	const { length } = data as { length: number };
	const article = what === 'array' ? 'an' : 'a';
	return refusal(
		`Invalid '${param}': ${what} too long. Expected ${article} ${what} with maximum length ${limit}, but got ${article} ${what} with length ${length} instead.`,
		param,
		`${what}_above_max_length`,
	);
};

const unsupported = (value: unknown, choices: readonly unknown[], param: string) =>
	refusal(
		`Invalid value: '${value}'. ${choices.length === 1 ? 'Value must be' : 'Supported values are:'} ${listed(quoted(choices), 'and')}.`,
		param,
		'invalid_value',
	);

const missing = (param: string) =>
	refusal(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');

/**
 * The service's words for a fault, by the keyword that found it. The sentences and codes are those
 * of the direct API as others recorded them between 2024 and August 2026; for an unknown tag of a
 * Responses item the list of values is not shown, since its order is not known.
 */
const PHRASES: Partial<Record<DefinedError['keyword'], Phrase>> = {
	required: ({ instancePath, params }) =>
		missing(paramOf(instancePath, (params as { missingProperty: string }).missingProperty)),
	additionalProperties: ({ instancePath, params }) => {
		const param = paramOf(
			instancePath,
			(params as { additionalProperty: string }).additionalProperty,
		);
		return refusal(`Unknown parameter: '${param}'.`, param, 'unknown_parameter');
	},
	type: ({ data, parentSchema }, param) =>
		refusal(
			`Invalid type for '${param}': expected ${expectation(parentSchema as Expected)}, but got ${got(data)} instead.`,
			param,
			'invalid_type',
		),
	enum: ({ data, params }, param) =>
		unsupported(data, (params as { allowedValues: unknown[] }).allowedValues, param),
	const: ({ data, params }, param) =>
		unsupported(data, [(params as { allowedValue: unknown }).allowedValue], param),
	minimum: bound('minimum', 'below', '>='),
	maximum: bound('maximum', 'above', '<='),
	minItems: tooShort,
	minLength: tooShort,
	maxItems: tooLong,
	maxLength: tooLong,
};

/** A fault of the keyword `byTag`, which the schemas have for one of several kinds of objects. */
export interface TagError {
	keyword: 'byTag';
	instancePath: string;
	tag: string;
	/** The value of the tag, undefined when there is none. */
	value: unknown;
	/** The values that it may have. */
	known: readonly string[];
	/** What is wrong with the object that the tag chose; undefined when the tag is. */
	cause?: Fault;
}

export type Fault = DefinedError | TagError;

/** A fault in the words of the service. */
export function phrased(error: Fault): Refusal {
	if (error.keyword === 'byTag') {
		if (error.cause !== undefined) return phrased(error.cause);
		const param = paramOf(error.instancePath, error.tag);
		if (error.value === undefined) return missing(param);
		if (typeof error.value === 'string') return unsupported(error.value, error.known, param);
		const message = `Invalid type for '${param}': expected a string, but got ${got(error.value)} instead.`;
		return refusal(message, param, 'invalid_type');
	}
	const phrase = PHRASES[error.keyword];
	if (phrase === undefined) throw new Error(`No words for the keyword ${error.keyword}`);
	return phrase(error, paramOf(error.instancePath));
}

import { Random } from '../random';

interface Schema {
	$ref?: string;
	type?: string | string[];
	enum?: unknown[];
	const?: unknown;
	anyOf?: Schema[];
	oneOf?: Schema[];
	allOf?: Schema[];
	properties?: Record<string, Schema>;
	items?: Schema;
	minItems?: number;
	maxItems?: number;
	minLength?: number;
	maxLength?: number;
	format?: string;
	minimum?: number;
	maximum?: number;
	exclusiveMinimum?: number;
	exclusiveMaximum?: number;
	multipleOf?: number;
}

interface Generator {
	root: Schema;
	random: Random;
}

/** From this depth on the shortest way out is taken, so that recursive schemas come to an end. */
const DEEP = 6;

const WORDS = ['amber', 'brook', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'harbor', 'island'];

const FORMATS: Record<string, (random: Random) => string> = {
	date: (random) => day(random),
	time: () => '12:00:00Z',
	'date-time': (random) => `${day(random)}T12:00:00Z`,
	duration: (random) => `PT${random.integer(1, 59)}M`,
	email: (random) => `${random.pick(WORDS)}@example.com`,
	hostname: (random) => `${random.pick(WORDS)}.example.com`,
	uri: (random) => `https://example.com/${random.pick(WORDS)}`,
	ipv4: (random) => `192.0.2.${random.integer(1, 254)}`,
	ipv6: (random) => `2001:db8::${random.integer(1, 9999)}`,
	uuid: (random) =>
		`00000000-0000-4000-8000-${String(random.integer(0, 1e12 - 1)).padStart(12, '0')}`,
};

/**
 * A value that satisfies a JSON schema of the kind that structured outputs allow. The seed
 * decides everything that the schema leaves open, such as which value of an enum.
 */
export function jsonFor(schema: object, seed: number): unknown {
	return generate(schema as Schema, { root: schema as Schema, random: new Random(seed) }, 0);
}

function generate(given: Schema, generator: Generator, depth: number): unknown {
	const schema = whole(given, generator.root);
	if (schema.const !== undefined) return schema.const;
	if (schema.enum !== undefined) return generator.random.pick(schema.enum);
	const choices = schema.anyOf ?? schema.oneOf;
	if (choices !== undefined)
		return generate(chosen(choices, generator, depth), generator, depth + 1);
	const make = TYPES[typeOf(schema, generator.random, depth)] ?? TYPES.null;
	return make(schema, generator, depth);
}

const TYPES: Record<string, (schema: Schema, generator: Generator, depth: number) => unknown> = {
	object: (schema, generator, depth) =>
		Object.fromEntries(
			Object.entries(schema.properties ?? {}).map(([key, property]) => [
				key,
				generate(property, generator, depth + 1),
			]),
		),
	array: (schema, generator, depth) => {
		const low = schema.minItems ?? (depth >= DEEP ? 0 : 1);
		const high = depth >= DEEP ? low : Math.max(low, Math.min(schema.maxItems ?? 3, low + 2));
		const length = Math.min(generator.random.integer(low, high), schema.maxItems ?? Infinity);
		return Array.from({ length }, () => generate(schema.items ?? {}, generator, depth + 1));
	},
	string: (schema, { random }) => text(schema, random),
	integer: (schema, { random }) => number({ multipleOf: 1, ...schema }, random),
	number: (schema, { random }) => number(schema, random),
	boolean: (_schema, { random }) => random.next() < 0.5,
	null: () => null,
};

/** The schema with references followed and `allOf` merged in. */
function whole(schema: Schema, root: Schema): Schema {
	if (schema.$ref !== undefined) {
		const { $ref, ...rest } = schema;
		return whole({ ...referenced($ref, root), ...rest }, root);
	}
	if (schema.allOf === undefined) return schema;
	const { allOf, ...rest } = schema;
	const parts = [...allOf.map((part) => whole(part, root)), rest];
	return {
		...Object.assign({}, ...parts),
		properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
	};
}

/** The target of `#`, `#/$defs/name` and other pointers into the schema itself. */
function referenced(pointer: string, root: Schema): Schema {
	const keys = pointer.split('/').slice(1);
	return keys.reduce<Schema>(
		(target, key) =>
			(target as Record<string, Schema>)[key.replaceAll('~1', '/').replaceAll('~0', '~')] ?? {},
		root,
	);
}

/** One of several schemas; deep down, one that ends at once where there is one. */
function chosen(choices: Schema[], { root, random }: Generator, depth: number): Schema {
	const short = choices.filter((choice) => isShort(whole(choice, root)));
	return random.pick(depth >= DEEP && short.length > 0 ? short : choices);
}

function isShort(schema: Schema): boolean {
	return schema.type !== 'object' && schema.type !== 'array' && schema.anyOf === undefined;
}

function typeOf(schema: Schema, random: Random, depth: number): string {
	if (typeof schema.type === 'string') return schema.type;
	if (schema.type === undefined) return schema.properties === undefined ? 'string' : 'object';
	return depth >= DEEP && schema.type.includes('null') ? 'null' : random.pick(schema.type);
}

function text(schema: Schema, random: Random): string {
	const format = schema.format === undefined ? undefined : FORMATS[schema.format];
	if (format !== undefined) return format(random);
	let value = `${random.pick(WORDS)} ${random.pick(WORDS)}`;
	while (value.length < (schema.minLength ?? 0)) value += ` ${random.pick(WORDS)}`;
	return value.slice(0, schema.maxLength ?? value.length);
}

/** A number on the grid of `multipleOf`, or of hundredths; from 0 to 100 steps where open. */
function number(schema: Schema, random: Random): number {
	const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
	const range = (maximum ?? exclusiveMaximum ?? 1) - (minimum ?? exclusiveMinimum ?? 0);
	const unit = schema.multipleOf ?? (range > 0 && range < 0.04 ? range / 4 : 0.01);
	const above = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + unit;
	const below = exclusiveMaximum === undefined ? maximum : exclusiveMaximum - unit;
	const low = above ?? (below === undefined || below > 0 ? 0 : below - 100 * unit);
	const high = below ?? low + 100 * unit;
	const steps = random.integer(Math.ceil(low / unit - 1e-9), Math.floor(high / unit + 1e-9));
	return Number((steps * unit).toFixed(10));
}

function day(random: Random): string {
	const month = String(random.integer(1, 12)).padStart(2, '0');
	return `2026-${month}-${String(random.integer(1, 28)).padStart(2, '0')}`;
}

import fc from 'fast-check';

/** A JSON schema as far as those of request bodies go. */
interface Schema {
	$ref?: string;
	additionalProperties?: boolean | Schema;
	/** Which definition holds, by the value of a property. */
	byTag?: { tag: string; definitions: Record<string, string> };
	/** The same in the words of ajv. */
	discriminator?: { propertyName: string };
	oneOf?: Schema[];
	else?: Schema;
	enum?: unknown[];
	items?: Schema;
	maximum?: number;
	minimum?: number;
	minItems?: number;
	properties?: Record<string, Schema>;
	required?: string[];
	then?: Schema;
	type?: string | string[];
}

type Definitions = Record<string, Schema>;

/** Below this depth, objects have only what they need. */
const DEPTH = 4;

/** Texts that suit ids, names and prompts alike. */
const TEXTS = ['Hi', 'answer_1', '[object Object]', 'https://example.com/a.png'];

const ADDRESSES: Schema = {
	enum: ['https://example.com/a.png', 'data:image/png;base64,iVBORw0KGgo='],
};

const PLAIN: Record<string, (schema: Schema) => fc.Arbitrary<unknown>> = {
	string: ({ enum: values, then }) => fc.constantFrom(...(values ?? then?.enum ?? TEXTS)),
	integer: ({ minimum = 0, maximum = 20 }) => fc.integer({ min: minimum, max: maximum }),
	number: ({ minimum = 0, maximum = 1 }) =>
		fc.double({ min: minimum, max: maximum, noNaN: true, noDefaultInfinity: true }),
	boolean: () => fc.boolean(),
	null: () => fc.constant(null),
};

/** Makes values that a schema allows, or nearly always allows. */
class Generator {
	constructor(private readonly definitions: Definitions) {}

	value(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
		const types = [schema.type ?? 'object'].flat();
		return fc.oneof(
			...types.map((type) => ({
				weight: type === 'null' ? 1 : 4,
				arbitrary: this.ofType(type, schema, depth),
			})),
		);
	}

	private ofType(type: string, schema: Schema, depth: number): fc.Arbitrary<unknown> {
		if (type === 'array') {
			const { items = { type: 'string' }, minItems = 0 } = schema;
			return fc.array(this.value(items, depth + 1), { minLength: minItems, maxLength: 3 });
		}
		if (type !== 'object') return PLAIN[type](schema);
		return fc.oneof(...this.members(schema).map((member) => this.object(member, depth)));
	}

	private object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
		const { properties = {}, required = [] } = schema;
		const names = Object.keys(properties).filter(
			(name) => depth < DEPTH || required.includes(name),
		);
		const fields = names.map((name) => {
			const isAddress = /url$/.test(name) && !properties[name].enum;
			const field = { ...properties[name], ...(isAddress && ADDRESSES) };
			return [name, this.value(field, depth + 1)] as const;
		});
		return fc.record(Object.fromEntries(fields), {
			requiredKeys: required.filter((name) => names.includes(name)),
		});
	}

	/** The kinds of objects that a schema allows. */
	private members(schema: Schema): Schema[] {
		if (schema.byTag) {
			const { tag, definitions } = schema.byTag;
			return Object.entries(definitions).map(([value, name]) =>
				tagged(this.definitions[name], tag, [value]),
			);
		}
		if (schema.oneOf) {
			const tag = schema.discriminator!.propertyName;
			return schema.oneOf.map((one) => tagged(this.target(one), tag, undefined));
		}
		if (schema.then?.enum === undefined && schema.then) {
			return [schema.then, ...(schema.else ? [schema.else] : [])].flatMap((one) =>
				this.members(one),
			);
		}
		return [this.target(schema)];
	}

	private target(schema: Schema): Schema {
		const name = schema.$ref?.split('/').at(-1);
		return name === undefined ? schema : this.definitions[name];
	}
}

/** A kind of object with its tag, which its own definition may leave open. */
function tagged(schema: Schema, tag: string, values: string[] | undefined): Schema {
	const own = values ? { type: 'string', enum: values } : schema.properties![tag];
	return {
		...schema,
		required: [...new Set([...(schema.required ?? []), tag])],
		properties: { ...schema.properties, [tag]: own },
	};
}

/** Bodies of an endpoint, made from its published schema. */
export function bodiesOf(schema: object): fc.Arbitrary<Record<string, unknown>> {
	const { $defs = {}, ...body } = schema as Schema & { $defs?: Definitions };
	return new Generator($defs).value(body) as fc.Arbitrary<Record<string, unknown>>;
}

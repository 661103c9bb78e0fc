/** What a value can be in JSON. */
type Kind = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'null';

/**
 * What a field of an output item holds. Of several kinds, n8n's editor shows the first one before
 * the node has run.
 */
export interface OutputField {
	type: Kind | readonly Kind[];
	/** The fields of an object. Without any, they are the user's or the server's own. */
	properties?: OutputFields;
	/** The entries of a list. */
	items?: OutputField;
}

/** The fields of an item, in the order in which the item has them. */
export type OutputFields = Readonly<Record<string, OutputField>>;

type KindOf<Value> = Value extends string
	? 'string'
	: Value extends number
		? 'number'
		: Value extends boolean
			? 'boolean'
			: Value extends null
				? 'null'
				: Value extends readonly unknown[]
					? 'array'
					: Value extends object
						? 'object'
						: never;

interface FieldOf<Value> extends OutputField {
	type: KindOf<Value> | ReadonlyArray<KindOf<Value>>;
}

/** A description of all fields of a type. A field that is missing, or of another kind, is a type error. */
export type FieldsOf<Item> = { readonly [Name in keyof Item]-?: FieldOf<Item[Name]> };

export const text = { type: 'string' } as const;
export const textOrNull = { type: ['string', 'null'] } as const;
export const amount = { type: 'number' } as const;
export const amountOrNull = { type: ['number', 'null'] } as const;
export const yesOrNo = { type: 'boolean' } as const;
export const texts = { type: 'array', items: text } as const;

/** An object with these fields. */
export const objectOf = <Fields extends OutputFields>(properties: Fields) =>
	({ type: 'object', properties }) as const;

/** An object with these fields, or null. */
export const objectOrNull = <Fields extends OutputFields>(properties: Fields) =>
	({ type: ['object', 'null'], properties }) as const;

/** A list of objects with these fields. */
export const listOf = <Fields extends OutputFields>(properties: Fields) =>
	({ type: 'array', items: objectOf(properties) }) as const;

/** The fields of an object that are described, in the order of the description, then all others. */
export function inOrder<Item extends object>(fields: OutputFields, item: Item): Item {
	const names = Object.keys(fields).filter((name) => Object.hasOwn(item, name));
	const first = names.map((name) => [name, item[name as keyof Item]]);
	return { ...Object.fromEntries(first), ...item } as Item;
}

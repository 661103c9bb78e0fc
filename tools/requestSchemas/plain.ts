import type { Overlay } from './overlays';

/** A JSON schema, as far as the generator and this script use it. */
export interface Schema {
	$ref?: string;
	$comment?: string;
	type?: string | string[];
	const?: unknown;
	enum?: unknown[];
	if?: Schema;
	not?: Schema;
	then?: Schema;
	else?: Schema;
	anyOf?: Schema[];
	/** The emulator's own keyword: which definition holds, by the value of a property. */
	byTag?: { tag: string; definitions: Record<string, string> };
	items?: Schema;
	properties?: Record<string, Schema>;
	required?: string[];
	additionalProperties?: boolean | Schema;
	minItems?: number;
	maxItems?: number;
	minLength?: number;
	maxLength?: number;
	minimum?: number;
	maximum?: number;
	definitions?: Record<string, Schema>;
	$defs?: Record<string, Schema>;
}

/** What tells the members of a union of objects apart. */
const TAGS = ['type', 'role'];

/**
 * Rewrites a schema so that a validator finds the one fault that a person would name. Instead of
 * `anyOf`, whose faults are those of all members, a value may have several JSON types, each with
 * its own keywords, and objects are chosen by their tag. What may be left out may be null.
 */
export function plainSchema(source: Schema, overlay: Overlay): Schema {
	const plain = new Plain(source.definitions ?? {}, overlay);
	const { properties, required } = plain.object(source);
	const all = { ...properties, ...overlay.added };
	for (const [name, facts] of Object.entries(overlay.facts)) {
		if (all[name] === undefined) throw new Error(`${overlay.type} has no ${name}`);
		all[name] = { ...all[name], ...facts };
	}
	return {
		required: [...(required ?? []), ...overlay.required],
		additionalProperties: false,
		properties: all,
		$defs: plain.defs,
	};
}

class Plain {
	readonly defs: Record<string, Schema> = {};

	constructor(
		private readonly source: Record<string, Schema>,
		private readonly overlay: Overlay,
	) {
		for (const path of overlay.optional) {
			const [, name, key] = /^(.*)\.(\w+)$/.exec(path)!;
			if (!source[name].required?.includes(key)) throw new Error(`${path} is not required`);
			source[name].required = source[name].required.filter((other) => other !== key);
		}
	}

	/** An object's keywords, without its type: where it is used says that it has to be an object. */
	object(schema: Schema): Schema {
		const { properties = {}, required = [], additionalProperties = false } = schema;
		return {
			...(required.length > 0 && { required }),
			additionalProperties:
				typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
					? this.value([additionalProperties])
					: additionalProperties !== false,
			properties: Object.fromEntries(
				Object.entries(properties).map(([key, value]) => [
					key,
					this.value(required.includes(key) ? [value] : [value, { type: 'null' }]),
				]),
			),
		};
	}

	/** One schema for a value that may be any of the members. */
	private value(members: Schema[]): Schema {
		const flat = distinct(members.flatMap((member) => this.members(member)));
		if (flat.some((member) => Object.keys(member).length === 0)) return {};
		const types = [...new Set(flat.map(({ type, $ref }) => ($ref ? 'object' : (type as string))))];
		const ofType = (type: string) =>
			flat.filter((member) => (member.$ref ? 'object' : member.type) === type);
		const arrays = ofType('array');
		return {
			type: types.length === 1 ? types[0] : types,
			...choices(ofType('string'), types),
			...(arrays.length > 0 && { items: this.value(arrays.map(({ items }) => items ?? {})) }),
			...this.objects(ofType('object')),
		};
	}

	/** A schema as its members, with references followed except those to objects. */
	private members(schema: Schema): Schema[] {
		if (schema.$ref !== undefined) {
			const target = this.source[nameOf(schema.$ref)];
			return target.type === 'object' ? [schema] : this.members(target);
		}
		if (schema.anyOf !== undefined) return schema.anyOf.flatMap((one) => this.members(one));
		if (Array.isArray(schema.type)) {
			return schema.type.map((type) => ({
				...schema,
				type,
				enum: schema.enum?.filter((value) => value !== null),
			}));
		}
		return [schema];
	}

	private objects(members: Schema[]): Schema {
		if (members.length === 0) return {};
		if (members.length === 1) return this.one(members[0]);
		const tag = TAGS.find((name) =>
			members.every((member) => tagValues(this.target(member), name).length > 0),
		);
		if (tag === undefined) return this.one({ ...merged(members.map((one) => this.target(one))) });
		const groups = this.sharing(members, tag);
		const chosen = { byTag: { tag, definitions: this.tagged(groups, tag) } };
		const untagged = groups.filter((group) =>
			group.some((one) => !this.target(one).required?.includes(tag)),
		);
		if (untagged.length === 0) return chosen;
		return { if: { required: [tag] }, then: chosen, else: this.untagged(untagged, tag) };
	}

	/** The members in groups of those that share a value of the tag. */
	private sharing(members: Schema[], tag: string): Schema[][] {
		const values = (group: Schema[]) => group.flatMap((one) => tagValues(this.target(one), tag));
		return members.reduce<Schema[][]>((groups, member) => {
			const own = values([member]);
			const same = groups.filter((group) => values(group).some((value) => own.includes(value)));
			const joined = [...same.flat(), member];
			const first = same.length === 0 ? groups.length : groups.indexOf(same[0]);
			const others = groups.filter((group) => !same.includes(group));
			return [...others.slice(0, first), joined, ...others.slice(first)];
		}, []);
	}

	/**
	 * What has no tag is the first member that allows it, as a message does, unless it has what
	 * another one requires and lacks what the first requires.
	 */
	private untagged([first, ...others]: Schema[][], tag: string): Schema {
		const [missing] = this.together(first).required!;
		let chosen = this.withoutTag(first, tag);
		for (const group of others) {
			const { required } = this.together(group);
			const condition = { required, not: { required: [missing] } };
			chosen = { if: condition, then: this.withoutTag(group, tag), else: chosen };
		}
		return chosen;
	}

	private withoutTag(group: Schema[], tag: string): Schema {
		const target = this.together(group);
		const { [tag]: _tag, ...properties } = target.properties!;
		return this.define(`${this.nameFor(group)}.untagged`, { ...target, properties });
	}

	private together(group: Schema[]): Schema {
		return merged(group.map((one) => this.target(one)));
	}

	/** The name of the definition for each value of the tag; a group is defined as one. */
	private tagged(groups: Schema[][], tag: string): Record<string, string> {
		const pairs = groups.flatMap((group) => {
			const target = this.together(group);
			const values = [...new Set(tagValues(target, tag))] as string[];
			const name = this.nameFor(group);
			// What has no tag, or an unknown one, never gets here.
			this.define(name, { ...target, properties: { ...target.properties, [tag]: {} } });
			return values.map((value) => [value, name]);
		});
		return Object.fromEntries(pairs);
	}

	private one(member: Schema): Schema {
		if (member.$ref === undefined) return this.object(member);
		return this.define(nameOf(member.$ref), this.target(member));
	}

	private define(name: string, target: Schema): Schema {
		if (this.defs[name] === undefined) {
			this.defs[name] = {};
			const object = this.object(target);
			if (this.overlay.open.test(name)) object.additionalProperties = true;
			this.defs[name] = object;
		}
		return { $ref: `#/$defs/${name}` };
	}

	private target(member: Schema): Schema {
		return member.$ref === undefined ? member : this.source[nameOf(member.$ref)];
	}

	private nameFor(group: Schema[]): string {
		return group.map(({ $ref = '/Inline' }) => nameOf($ref)).join('+');
	}
}

/** The enum of strings: beside other types it holds for strings alone. */
function choices(strings: Schema[], types: string[]): Schema {
	if (strings.length === 0 || strings.some((one) => !one.enum && one.const === undefined)) {
		return {};
	}
	const values = [...new Set(strings.flatMap((one) => one.enum ?? [one.const]))];
	if (types.length === 1) return { enum: values };
	if (types.length === 2 && types.includes('null')) return { enum: [...values, null] };
	return { if: { type: 'string' }, then: { enum: values } };
}

function distinct(schemas: Schema[]): Schema[] {
	return [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
}

/** Several objects as one: any of their properties, and required what all require. */
function merged(objects: Schema[]): Schema {
	if (objects.length === 1) return objects[0];
	const keys = [...new Set(objects.flatMap(({ properties }) => Object.keys(properties ?? {})))];
	return {
		type: 'object',
		properties: Object.fromEntries(
			keys.map((key) => [
				key,
				{ anyOf: objects.flatMap(({ properties }) => properties?.[key] ?? []) },
			]),
		),
		required: keys.filter((key) => objects.every(({ required }) => required?.includes(key))),
		additionalProperties: objects.some(({ additionalProperties }) => additionalProperties)
			? true
			: false,
	};
}

/** The values that a property may have, when it has only a few. */
function tagValues(object: Schema, tag: string): unknown[] {
	const property = object.properties?.[tag];
	const members = property?.anyOf ?? [property];
	return members
		.flatMap((member) => member?.enum ?? [member?.const])
		.filter((value) => typeof value === 'string');
}

function nameOf(reference: string): string {
	return decodeURIComponent(reference.split('/').at(-1)!);
}

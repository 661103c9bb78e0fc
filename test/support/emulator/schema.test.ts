import type { AddressInfo } from 'node:net';

import fastify from 'fastify';

import { jsonFor } from './answers/schema';

/** A judge of JSON schemas that the generator does not know: the validator inside Fastify. */
const judge = fastify({
	ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
});
judge.post<{ Body: { schema: object; values: unknown[] } }>('/', async (request) => {
	const { schema, values } = request.body;
	return values.filter((value) => !request.validateInput(value, schema));
});

/** The values that are not valid for the schema. */
async function invalid(schema: object, values: unknown[]): Promise<unknown> {
	const { port } = judge.server.address() as AddressInfo;
	const answer = await fetch(`http://127.0.0.1:${port}/`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ schema, values }),
	});
	return answer.json();
}

beforeAll(() => judge.listen({ host: '127.0.0.1', port: 0 }));
afterAll(() => judge.close());

const strict = (properties: Record<string, object>) => ({
	type: 'object',
	properties,
	required: Object.keys(properties),
	additionalProperties: false,
});

const SCHEMAS: Array<[string, object]> = [
	[
		'scalars',
		strict({
			name: { type: 'string', minLength: 3, maxLength: 7 },
			age: { type: 'integer', minimum: 18, maximum: 21 },
			share: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
			below: { type: 'integer', maximum: -5 },
			percent: { type: 'number', maximum: 100 },
			tiny: { type: 'number', exclusiveMinimum: 0.001, maximum: 0.002 },
			any: { type: 'number' },
			step: { type: 'number', multipleOf: 0.25, minimum: 1, maximum: 2 },
			ok: { type: 'boolean' },
			nothing: { type: 'null' },
			fixed: { const: 'fixed' },
			level: { type: 'string', enum: ['low', 'high'] },
		}),
	],
	[
		'nullable and several types',
		strict({
			note: { type: ['string', 'null'] },
			score: { anyOf: [{ type: 'number' }, { type: 'null' }] },
			id: { oneOf: [{ type: 'integer' }, { type: 'boolean' }] },
		}),
	],
	[
		'arrays',
		strict({
			tags: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 4 },
			pairs: {
				type: 'array',
				items: { type: 'array', items: { type: 'integer' }, maxItems: 1 },
			},
		}),
	],
	[
		'formats',
		strict(
			Object.fromEntries(
				[
					'date',
					'date-time',
					'time',
					'duration',
					'email',
					'hostname',
					'uri',
					'ipv4',
					'ipv6',
					'uuid',
				].map((format) => [format, { type: 'string', format }]),
			),
		),
	],
	[
		'everything merged by allOf',
		{ allOf: [{ type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }] },
	],
];

const TREE = {
	...strict({ root: { $ref: '#/$defs/node' } }),
	$defs: {
		node: strict({
			value: { type: 'integer' },
			children: { type: 'array', items: { $ref: '#/$defs/node' } },
			next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
		}),
	},
};

describe('JSON for a schema', () => {
	it.each(SCHEMAS)('is valid: %s', async (_what, schema) => {
		const values = Array.from({ length: 50 }, (_, seed) => jsonFor(schema, seed));
		expect(await invalid(schema, values)).toEqual([]);
		expect(await invalid(schema, ['something else'])).toEqual(['something else']);
	});

	it('comes to an end for schemas that contain themselves', () => {
		type Node = { value: number; children: Node[]; next: Node | null };
		const isNode = (node: Node): boolean =>
			Number.isInteger(node.value) &&
			node.children.every(isNode) &&
			(node.next === null || isNode(node.next));
		for (let seed = 0; seed < 50; seed++) {
			const { root } = jsonFor(TREE, seed) as { root: Node };
			expect(isNode(root)).toBe(true);
		}
	});

	it('is decided by the seed, which reaches every value of an enum', () => {
		const schema = strict({ label: { enum: ['a', 'b', 'c', null] } });
		const of = (seed: number) => (jsonFor(schema, seed) as { label: unknown }).label;
		const labels = Array.from({ length: 100 }, (_, seed) => of(seed));
		expect(new Set(labels)).toEqual(new Set(['a', 'b', 'c', null]));
		expect(Array.from({ length: 100 }, (_, seed) => of(seed))).toEqual(labels);
	});
});

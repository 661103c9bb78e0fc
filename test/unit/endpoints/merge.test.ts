import fc from 'fast-check';

import { endpointOf } from '../../../nodes/endpoints';
import { makeBody } from '../../../nodes/endpoints/body';
import type { RequestOptions } from '../../../nodes/endpoints/endpoint';
import type { JsonObject, JsonValue } from '../../../nodes/jsonl/json';
import { merged } from '../../../nodes/jsonl/json';

type Model = Map<string, Model> | string;

/** A JSON value in which objects are maps, so that no key means anything, and all else is text. */
function modelOf(value: JsonValue | undefined): Model {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		return JSON.stringify(value);
	}
	return new Map(Object.keys(value).map((name) => [name, modelOf(value[name])]));
}

/** What a merge means: maps become one, and anything else is replaced. */
function mergedModel(base: Model | undefined, more: Model): Model {
	if (!(base instanceof Map) || !(more instanceof Map)) return more;
	const all = new Map(base);
	for (const [name, value] of more) all.set(name, mergedModel(base.get(name), value));
	return all;
}

const key = fc.constantFrom('a', 'b', 'text', '__proto__', 'constructor', 'toString');
const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue; object: JsonObject }>(
	(tie) => ({
		value: fc.oneof(
			{ depthSize: 'medium' },
			fc.constantFrom<JsonValue>(1, 'x', null, false, [], [1, { a: 1 }]),
			tie('object'),
		),
		// By way of text, which makes own keys of `__proto__` too.
		object: fc
			.array(fc.tuple(key, tie('value')), { maxLength: 4 })
			.map(
				(entries) =>
					JSON.parse(
						`{${entries.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(',')}}`,
					) as JsonObject,
			),
	}),
).object;
const object = json as fc.Arbitrary<JsonObject>;

describe('merged', () => {
	it('does what a merge of maps does, with any keys', () => {
		fc.assert(
			fc.property(object, object, (base, more) => {
				const before = JSON.stringify([base, more]);
				const all = merged(base, more);
				expect(modelOf(all)).toEqual(mergedModel(modelOf(base), modelOf(more)));
				// Nothing that was given changes, and no prototype does.
				expect(JSON.stringify([base, more])).toBe(before);
				expect(Object.getPrototypeOf(all)).toBe(Object.prototype);
				expect(({} as { a?: unknown }).a).toBeUndefined();
			}),
		);
	});

	it('is the first with nothing, and the same when repeated', () => {
		fc.assert(
			fc.property(object, object, (base, more) => {
				expect(JSON.stringify(merged(base, {}))).toBe(JSON.stringify(base));
				const once = merged(base, more);
				expect(merged(once, more)).toEqual(once);
			}),
		);
	});

	it.each<[string, string, string]>([
		['{"a":{"b":1}}', '{"a":{"c":2}}', '{"a":{"b":1,"c":2}}'],
		['{"a":{"b":1}}', '{"a":{"b":2}}', '{"a":{"b":2}}'],
		['{"a":{"b":1}}', '{"a":null}', '{"a":null}'],
		['{"a":{"b":1}}', '{"a":[]}', '{"a":[]}'],
		['{"a":[1,2]}', '{"a":[3]}', '{"a":[3]}'],
		['{"a":1}', '{"a":{"b":2}}', '{"a":{"b":2}}'],
		['{"a":{}}', '{"__proto__":{"x":1}}', '{"a":{},"__proto__":{"x":1}}'],
		['{"__proto__":{"x":1}}', '{"__proto__":{"y":2}}', '{"__proto__":{"x":1,"y":2}}'],
		['{"a":{"b":{"c":1}}}', '{"a":{"b":{"constructor":2}}}', '{"a":{"b":{"c":1,"constructor":2}}}'],
	])('of %s and %s', (base, more, expected) => {
		const all = merged(JSON.parse(base) as JsonObject, JSON.parse(more) as JsonObject);
		expect(JSON.stringify(all)).toBe(expected);
	});
});

it('options and additional fields share objects of the body', () => {
	const schema = { type: 'object', properties: {}, required: [], additionalProperties: false };
	const make = (options: RequestOptions) =>
		makeBody(endpointOf('/responses')!, { model: 'm', prompt: 'Hi', options });
	const format = { type: 'json_schema', name: 'answer', schema, strict: true };
	const base = { answerColumns: schema, reasoningEffort: 'max' };
	const expected = {
		model: 'm',
		input: 'Hi',
		text: { format, verbosity: 'low' },
		reasoning: { effort: 'max', summary: 'auto' },
	};
	expect(make({ ...base, verbosity: 'low', reasoningSummary: 'auto' })).toEqual(expected);
	const additionalFields = { text: { verbosity: 'low' }, reasoning: { summary: 'auto' } };
	expect(make({ ...base, additionalFields })).toEqual(expected);
	// On a real clash the additional fields win.
	const other = { ...base, verbosity: 'high', reasoningSummary: 'detailed', additionalFields };
	expect(make(other)).toEqual(expected);
});

it('additional fields throw away neither the schema nor the effort', () => {
	const options: RequestOptions = {
		jsonSchema: { type: 'object' },
		reasoningEffort: 'low',
		additionalFields: { text: { verbosity: 'low' }, reasoning: { summary: 'auto' } },
	};
	const endpoint = endpointOf('/responses')!;
	expect(makeBody(endpoint, { model: 'm', prompt: 'Hi', options })).toMatchObject({
		text: {
			format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true },
			verbosity: 'low',
		},
		reasoning: { effort: 'low', summary: 'auto' },
	});
});

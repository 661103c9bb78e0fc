import fc from 'fast-check';

import { membersOf } from '../../../nodes/jsonl/json';

const members = (text: string) =>
	[...membersOf(text)].map(({ key, from, to }) => [key, text.slice(from, to)]);

it('the members of any object are those that were written', () => {
	const space = fc.constantFrom('', ' ', '\t ', '\r');
	const member = fc.tuple(
		fc.string({ unit: 'binary' }),
		fc.json({ stringUnit: 'binary' }),
		space,
		space,
	);
	fc.assert(
		fc.property(fc.array(member), (list) => {
			const text = `{${list.map(([key, value, a, b]) => `${a}${JSON.stringify(key)}${b}:${a}${value}${b}`).join(',')}}`;
			expect(members(text)).toEqual(list.map(([key, value]) => [key, value]));
		}),
	);
});

it('numbers keep their digits, and escaped quotes end nothing', () => {
	expect(members('{ "a\\"" : 1.50e+400, "b\\\\":"\\\\\\"", "c": {"a": "}"} }')).toEqual([
		['a"', '1.50e+400'],
		['b\\', '"\\\\\\""'],
		['c', '{"a": "}"}'],
	]);
});

import fc from 'fast-check';
import { IdNumbers } from '../../../nodes/jsonl/idTable';

/** Some were cut within a character. */
const id = fc.oneof(
	fc.string({ maxLength: 3 }),
	fc.constantFrom('\ud83d', '\ude00', 'a\ud83d', '\ufffd', '"\n', '__proto__', ''),
);

test('any ids are numbered in the order in which they come', () => {
	fc.assert(
		fc.property(fc.array(id), fc.integer(), (ids, seed) => {
			const numbers = new IdNumbers(seed);
			const model = new Map<string, number>();
			for (const id of ids) {
				expect(numbers.numberOf(id)).toBe(model.get(id));
				if (!model.has(id)) model.set(id, model.size);
				expect(numbers.add(id)).toBe(model.get(id));
			}
			for (const [id, number] of model) expect(numbers.numberOf(id)).toBe(number);
		}),
	);
});

test('a million ids take few bytes each, and keep their numbers while the tables grow', () => {
	const numbers = new IdNumbers(7);
	const before = process.memoryUsage().arrayBuffers;
	for (let row = 0; row < 1_000_000; row++) numbers.add(`row-${row}`);
	const bytes = process.memoryUsage().arrayBuffers - before;
	for (let row = 0; row < 1_000_000; row += 997) expect(numbers.numberOf(`row-${row}`)).toBe(row);
	expect(numbers.numberOf('row-1000000')).toBeUndefined();
	// With what the smaller tables took, as far as it is not collected yet.
	expect(bytes).toBeLessThan(70_000_000);
});

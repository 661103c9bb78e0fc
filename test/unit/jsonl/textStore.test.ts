import fc from 'fast-check';
import { BlockPool, TextStore } from '../../../nodes/jsonl/textStore';
import { WatchedPool } from '../../support/watchedPool';

/** Short texts, and now and then one that fills a block, or more than one. */
const text = fc.oneof(
	{ weight: 20, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
	{
		weight: 5,
		arbitrary: fc.integer({ min: 1, max: 9 }).map((times) => 'ä'.repeat(times * 3_000)),
	},
	{ weight: 1, arbitrary: fc.constant('€'.repeat(100_000)) },
);

/** Adds a text, or removes the one that is so far among those that are there. */
const step = fc.oneof(fc.record({ add: text }), fc.record({ remove: fc.nat({ max: 50 }) }));

test('has each text until it is removed, and its number, wherever blocks end', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
			const pool = new WatchedPool();
			const store = new TextStore(pool);
			const there: Array<{ at: number; number: number; text: string }> = [];
			for (const [number, one] of steps.entries()) {
				if ('add' in one) {
					there.push({ at: store.add(number, one.add), number, text: one.add });
				} else if (there.length > 0) {
					const [{ at }] = there.splice(one.remove % there.length, 1);
					store.remove(at);
				}
				for (const { at, number, text } of there) {
					expect(store.get(at)).toBe(text);
					expect(store.numberOf(at)).toBe(number);
					expect(store.bytesOf(at)).toBe(12 + Buffer.byteLength(text));
				}
				const needed = there.reduce((sum, { at }) => sum + store.bytesOf(at), 0);
				expect(store.bytes).toBeGreaterThanOrEqual(needed);
				if (there.length === 0) expect(store.bytes).toBe(0);
			}
			const rest = [...store.drain()].sort(([a], [b]) => a - b);
			expect(rest).toEqual(there.map(({ number, text }) => [number, text]));
			expect(pool.out.size).toBe(0);
		}),
		{ numRuns: 300 },
	);
});

test('texts that are removed in about the order in which they came take no further block', () => {
	const pool = new WatchedPool();
	const store = new TextStore(pool);
	const there: number[] = [];
	let most = 0;
	for (let number = 0; number < 50_000; number++) {
		there.push(store.add(number, 'x'.repeat(300)));
		if (there.length > 500) store.remove(there.splice((number * 7) % 400, 1)[0]);
		most = Math.max(most, pool.out.size);
	}
	expect(most).toBeLessThan(10);
	store.release();
	expect(pool.out.size).toBe(0);
});

test('texts can be linked to each other', () => {
	const store = new TextStore(new BlockPool());
	const [first, second] = ['a', 'b'].map((one, number) => store.add(number, one));
	expect(store.next(first)).toBeUndefined();
	store.link(first, second);
	expect(store.next(first)).toBe(second);
	expect([store.numberOf(first), store.get(first)]).toEqual([0, 'a']);
});

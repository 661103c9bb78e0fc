import fc from 'fast-check';
import { TextBlock } from '../../../nodes/jsonl/lines';

/** Texts of any kind, some of them longer than a block. */
const texts = fc.array(
	fc.oneof(
		fc.string({ unit: 'binary', maxLength: 200 }),
		fc
			.tuple(fc.constantFrom('a', 'é', '日', '😀', '\ud800'), fc.integer({ min: 0, max: 70_000 }))
			.map(([char, count]) => char.repeat(count)),
	),
	{ maxLength: 40 },
);

test('the blocks together are the texts in UTF-8, whatever their lengths', () => {
	fc.assert(
		fc.property(texts, (all) => {
			const block = new TextBlock();
			const taken: Buffer[] = [];
			for (const text of all) {
				block.addLine(text);
				if (block.isFull) taken.push(block.take());
			}
			if (!block.isEmpty) taken.push(block.take());
			const lines = all.map((text) => `${text}\n`).join('');
			// A comparison of the texts themselves would print megabytes.
			expect(Buffer.concat(taken).equals(Buffer.from(lines))).toBe(true);
		}),
		{ numRuns: 60 },
	);
});

test('what was taken stays as it is while more is added', () => {
	const block = new TextBlock();
	block.add('first');
	const first = block.take();
	block.add('second');
	expect([first.toString(), block.bytes.toString()]).toEqual(['first', 'second']);
	block.clear();
	block.add('third');
	expect(block.bytes.toString()).toBe('third');
});

test('a block is full with 128 KiB, and takes a text that is longer than that', () => {
	const block = new TextBlock();
	block.add('a'.repeat(131_071));
	expect([block.isEmpty, block.isFull]).toEqual([false, false]);
	block.add('b');
	expect(block.isFull).toBe(true);
	block.add('é'.repeat(300_000));
	expect(block.take().length).toBe(131_072 + 600_000);
	expect(block.isEmpty).toBe(true);
});

test('a block that is used again does not stay as long as the longest text was', () => {
	const block = new TextBlock();
	block.addLine('a'.repeat(3_000_000));
	block.clear();
	block.addLine('b');
	expect(block.bytes.buffer.byteLength).toBeLessThan(200_000);
});

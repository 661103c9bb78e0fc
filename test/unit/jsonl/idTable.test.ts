import fc from 'fast-check';

import { IdTable } from '../../../nodes/jsonl/idTable';

it('knows exactly the ids that were added, as a set does', () => {
	const ids = fc.array(fc.string({ maxLength: 3 }), { maxLength: 400 });
	fc.assert(
		fc.property(ids, fc.nat(), (all, seed) => {
			const table = new IdTable(seed);
			const known = new Set<string>();
			for (const id of all) {
				expect(table.add(id)).toBe(!known.has(id));
				known.add(id);
			}
		}),
	);
});

it.each(['line-', 'a/very/long/prefix/of/every/single/id/in/the/file/', ''])(
	'tells two million ids that begin with %j apart',
	(prefix) => {
		const table = new IdTable(0);
		let repeated = 0;
		for (let index = 0; index < 2_000_000; index++) {
			if (!table.add(`${prefix}${index}`)) repeated++;
		}
		expect(repeated).toBe(0);
		expect(table.add(`${prefix}1999999`)).toBe(false);
	},
);

it('takes at most 22 bytes for each of a million ids, and never stops for long', () => {
	const table = new IdTable(0);
	const before = process.memoryUsage().arrayBuffers;
	for (let index = 0; index < 1_000_000; index++) table.add(`line-${index}`);
	expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 22 * 1_000_000);
	const { slots } = table as unknown as { slots: Uint32Array[] };
	const bytes = slots.reduce((sum, { byteLength }) => sum + byteLength, 0);
	expect(bytes).toBeLessThan(22 * 1_000_000);
	// No table is large, so none takes long to grow.
	expect(Math.max(...slots.map(({ byteLength }) => byteLength))).toBeLessThan(262_144);
});

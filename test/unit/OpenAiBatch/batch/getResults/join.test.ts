import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type {
	Joined,
	Piece,
	Sharing,
} from '../../../../../nodes/OpenAiBatch/batch/getResults/join';
import { join } from '../../../../../nodes/OpenAiBatch/batch/getResults/join';
import { WatchedPool } from '../../../../support/watchedPool';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Pieces in chunks of a few. */
async function* inChunks(pieces: Piece[], size: number): AsyncGenerator<Piece[]> {
	for (let at = 0; at < pieces.length; at += size) yield pieces.slice(at, at + size);
}

async function joined(
	lines: Piece[],
	others: Piece[],
	sharing: Sharing,
	{ mostBytes = 1_000, size = 3, readsAll = false } = {},
) {
	let readings = 0;
	const pool = new WatchedPool();
	const found: Joined[] = [];
	const open = () => {
		readings++;
		return inChunks(others, size);
	};
	for await (const some of join(inChunks(lines, size), open, sharing, {
		pool,
		mostBytes,
		readsAll,
	})) {
		found.push(...some);
	}
	expect(pool.out.size).toBe(0);
	return { found, readings };
}

const id = fc.integer({ min: 0, max: 9 });
const pieces = (
	ids: fc.Arbitrary<number | null>,
	options: fc.UniqueArrayConstraints<Piece, unknown> = {},
) =>
	fc.uniqueArray(
		fc.record({ id: ids, text: fc.string({ maxLength: 300, unit: 'grapheme' }) }),
		options,
	);
const noLimit = { comparator: () => false };
const someLines = pieces(fc.oneof(id, fc.constant(null)), noLimit);
const bytes = fc.integer({ min: 1, max: 3_000 });

const sharing = fc.constantFrom('toEach' as const, 'once' as const);

/** What each line gets when both files are held in memory. */
function naive(lines: Piece[], others: Piece[], sharing: Sharing) {
	const ranks = new Map<number | null, number>();
	return lines.map((line) => {
		const rank = ranks.get(line.id) ?? 0;
		ranks.set(line.id, rank + 1);
		const own = line.id === null ? [] : others.filter(({ id }) => id === line.id);
		return { ...line, partner: own[sharing === 'once' ? rank : 0]?.text };
	});
}

test('each line gets what the other file has for its id, however little memory there is', async () => {
	const size = fc.integer({ min: 1, max: 12 });
	await fc.assert(
		fc.asyncProperty(
			someLines,
			someLines,
			sharing,
			fc.record({ mostBytes: bytes, size, readsAll: fc.boolean() }),
			async (lines, others, sharing, options) => {
				const { found } = await joined(lines, others, sharing, options);
				expect(found).toEqual(naive(lines, others, sharing));
			},
		),
		{ numRuns: 500 },
	);
});

test('files with many different ids in any order are joined in any memory', async () => {
	const ids = Array.from({ length: 80 }, (_, id) => id);
	const some = fc
		.shuffledSubarray([...ids, ...ids.slice(0, 8)])
		.map((of) => of.map((one, at) => ({ id: one, text: `${one} ${at} `.padEnd((one * 7) % 90) })));
	await fc.assert(
		fc.asyncProperty(
			some,
			some,
			sharing,
			fc.integer({ min: 100, max: 12_000 }),
			async (lines, others, sharing, mostBytes) => {
				const { found } = await joined(lines, others, sharing, { mostBytes });
				expect(found).toEqual(naive(lines, others, sharing));
			},
		),
		{ numRuns: 300 },
	);
});

/** Texts of all lengths up to more than a block has room for. */
const longText = (id: number) =>
	`${id} `.padEnd(id % 40 === 3 ? 300_000 : [5, 300, 3_000][id % 3], 'x');

test('a join within a join shares its memory, and takes none that is in use', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.shuffledSubarray(Array.from({ length: 60 }, (_, id) => id)),
			sharing,
			fc.integer({ min: 200_000, max: 1_000_000 }),
			async (ids, sharing, mostBytes) => {
				const pool = new WatchedPool();
				const pieces = (name: string, of: number[]) =>
					inChunks(
						of.map((one) => ({ id: one, text: `${name} ${longText(one)}` })),
						7,
					);
				const inner = async function* () {
					const lines = pieces('line', ids);
					const requests = () => pieces('request', [...ids].reverse());
					for await (const some of join(lines, requests, 'once', { pool, mostBytes })) {
						yield some.map(({ id, text, partner }) => ({ id, text: `${text}${partner}` }));
					}
				};
				const sorted = [...ids].sort((a, b) => a - b);
				const outer =
					sharing === 'toEach'
						? join(inner(), () => pieces('row', sorted), sharing, { pool, mostBytes })
						: join(pieces('row', sorted), inner, sharing, { pool, mostBytes });
				const found: Joined[] = [];
				for await (const some of outer) found.push(...some);
				const made = (one: number) => `line ${longText(one)}request ${longText(one)}`;
				const row = (one: number) => `row ${longText(one)}`;
				expect(found).toEqual(
					sharing === 'toEach'
						? ids.map((one) => ({ id: one, text: made(one), partner: row(one) }))
						: sorted.map((one) => ({ id: one, text: row(one), partner: made(one) })),
				);
				expect(pool.out.size).toBe(0);
			},
		),
		{ numRuns: 12 },
	);
});

/** Pieces with ids from 0 on, in the order of a service that works on some hundred at a time. */
const many = (count: number, place = (at: number) => at, text = 'x'.repeat(50)) =>
	Array.from({ length: count }, (_, at) => ({ id: place(at), text }));
const nearby = (at: number) => at - (at % 400) + (((at % 400) * 7) % 400);

test('files in about the same order are read once each, in next to no memory', async () => {
	const text = 'x'.repeat(500);
	const lines = many(20_000, undefined, text);
	const others = many(20_000, nearby, text);
	for (const [left, right] of [
		[lines, others],
		[others, lines],
	]) {
		const { found, readings } = await joined(left, right, 'once', { mostBytes: 2e6, size: 60 });
		expect(found).toEqual(left.map((line) => ({ ...line, partner: line.text })));
		expect(readings).toBe(1);
	}
});

test('what lacks a partner does not make the other file be read again', async () => {
	const lines = many(20_000);
	const others = many(20_000, nearby).filter(({ id }) => id % 50 > 0);
	const { found, readings } = await joined(lines, others, 'once', { mostBytes: 8e6, size: 60 });
	expect(found).toEqual(
		lines.map((line) => ({ ...line, partner: line.id % 50 > 0 ? line.text : undefined })),
	);
	expect(readings).toBe(1);
});

test('the other file is read again when there is no room, and not at all without lines', async () => {
	const far = many(2_000, (at) => (at * 7) % 2_000);
	const once = await joined(many(2_000), far, 'toEach', { mostBytes: 2_000 * 200 });
	expect(once.readings).toBe(1);
	const often = await joined(many(2_000), far, 'toEach', { mostBytes: 100 * 200 });
	expect(often.readings).toBeGreaterThan(5);
	expect(often.readings).toBeLessThan(60);
	expect(often.found).toEqual(once.found);
	expect((await joined([], far, 'toEach')).readings).toBe(0);
	expect((await joined([], far, 'once', { readsAll: true })).readings).toBe(1);
});

test.each([
	['lacks partners', 'once' as const, (at: number) => at % 20 > 0],
	['lacks partners', 'toEach' as const, (at: number) => at % 20 > 0],
	['has long texts', 'once' as const, () => true],
])(
	'the other file is read a few times when it is far apart and %s',
	async (what, sharing, isIn) => {
		const text = 'x'.repeat(what === 'has long texts' ? 30_000 : 500);
		const count = what === 'has long texts' ? 600 : 20_000;
		const lines = many(count, undefined, text.slice(0, 500));
		const others = many(count, (at) => (at * 7_919) % count, text).filter(({ id }) => isIn(id));
		const { found, readings } = await joined(lines, others, sharing, { mostBytes: 8e6, size: 60 });
		expect(found).toEqual(
			lines.map((line) => ({ ...line, partner: isIn(line.id) ? text : undefined })),
		);
		expect(readings).toBeLessThan(12);
	},
);

test('a piece for many lines takes no more than the memory there is', async () => {
	const lines = Array.from({ length: 4_000 }, () => ({ id: 1, text: 'line' }));
	const pool = new WatchedPool();
	const others = () => inChunks([{ id: 1, text: 'x'.repeat(5_000) }], 1);
	let most = 0;
	let count = 0;
	for await (const some of join(inChunks(lines, 500), others, 'toEach', { pool, mostBytes: 2e6 })) {
		count += some.filter(({ partner }) => partner?.length === 5_000).length;
		most = Math.max(most, pool.out.size);
	}
	expect(count).toBe(4_000);
	expect(most * 262_144).toBeLessThan(4e6);
});

test('ids that come many times take no time that grows with their number squared', async () => {
	const same = Array.from({ length: 20_000 }, (_, at) => ({ id: 1, text: `${at}` }));
	const { found, readings } = await joined(same, same, 'once', { mostBytes: 1e6, size: 60 });
	expect(found).toEqual(same.map((line) => ({ ...line, partner: line.text })));
	expect(readings).toBe(1);
});

test('both files are closed when nobody wants more of them', async () => {
	const closed: string[] = [];
	const endless = async function* (name: string) {
		try {
			for (let index = 0; ; index++) yield [{ id: index, text: name }];
		} finally {
			closed.push(name);
		}
	};
	for await (const some of join(endless('line'), () => endless('other'), 'toEach')) {
		expect(some[0].partner).toBe('other');
		break;
	}
	expect(closed.sort()).toEqual(['line', 'other']);
});

test('no more is in memory than it may take, also when most of the other file has to wait', async () => {
	const rows = 20_000;
	const mostBytes = 8_000_000;
	const lines = async function* () {
		for (let at = 0; at < rows; at += 100) {
			yield Array.from({ length: 100 }, (_, index) => {
				return { id: ((at + index) * 7_919) % rows, text: `line ${at + index}` };
			});
		}
	};
	const text = 'x'.repeat(2_000);
	const others = async function* () {
		for (let at = 0; at < rows; at += 100) {
			yield Array.from({ length: 100 }, (_, index) => {
				return { id: at + index, text: `${text}${at + index}` };
			});
		}
	};
	const buffers = () => {
		collectGarbage();
		collectGarbage();
		return process.memoryUsage().arrayBuffers;
	};
	const before = buffers();
	let peak = before;
	let count = 0;
	for await (const some of join(lines(), others, 'toEach', { mostBytes })) {
		for (const { id, partner } of some) expect(partner).toBe(`${text}${id}`);
		if (count % 5_000 < 500) peak = Math.max(peak, buffers());
		count += some.length;
	}
	expect(count).toBe(rows);
	expect(peak - before).toBeLessThan(1.25 * mostBytes);
});

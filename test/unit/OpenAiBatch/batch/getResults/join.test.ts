import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type {
	Joined,
	Piece,
	Sharing,
} from '../../../../../nodes/OpenAiBatch/batch/getResults/join';
import { BlockPool, join } from '../../../../../nodes/OpenAiBatch/batch/getResults/join';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A pool that notices when a block is given back twice, or never, and spoils what is in it. */
class WatchedPool extends BlockPool {
	readonly out = new Set<Buffer>();

	override take(bytes: number): Buffer {
		const block = super.take(bytes);
		this.out.add(block);
		return block;
	}

	override give(block: Buffer): void {
		if (!this.out.delete(block)) throw new Error('A block was given back twice');
		block.fill(0xff);
		super.give(block);
	}
}

/** Pieces in chunks of a few. */
async function* inChunks(pieces: Piece[], size: number): AsyncGenerator<Piece[]> {
	for (let at = 0; at < pieces.length; at += size) yield pieces.slice(at, at + size);
}

async function joined(
	lines: Piece[],
	others: Piece[],
	sharing: Sharing,
	{ mostBytes = 1_000, size = 3 } = {},
) {
	let readings = 0;
	const pool = new WatchedPool();
	const found: Joined[] = [];
	const open = () => {
		readings++;
		return inChunks(others, size);
	};
	for await (const some of join(inChunks(lines, size), open, sharing, pool, mostBytes)) {
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
const byId = { selector: (piece: Piece) => piece.id };
const noLimit = { comparator: () => false };
const someLines = pieces(fc.oneof(id, fc.constant(null)), noLimit);
const bytes = fc.integer({ min: 1, max: 3_000 });

test('each line gets what the other file has for its id, however little memory there is', async () => {
	await fc.assert(
		fc.asyncProperty(someLines, pieces(id, byId), bytes, async (lines, others, mostBytes) => {
			const { found } = await joined(lines, others, 'toEach', { mostBytes });
			const naive = new Map(others.map((other) => [other.id, other.text]));
			expect(found).toEqual(
				lines.map((line) => ({
					...line,
					partners: line.id !== null && naive.has(line.id) ? [naive.get(line.id)] : [],
				})),
			);
		}),
	);
});

test('of several pieces with an id, each line gets the first', async () => {
	await fc.assert(
		fc.asyncProperty(someLines, pieces(id, noLimit), bytes, async (lines, others, mostBytes) => {
			const { found } = await joined(lines, others, 'toEach', { mostBytes });
			for (const { id: of, partners } of found) {
				const first = others.find((other) => other.id === of);
				expect(partners).toEqual(first ? [first.text] : []);
			}
		}),
	);
});

test('the first line gets all pieces with its id, when it is to get them', async () => {
	await fc.assert(
		fc.asyncProperty(pieces(id, byId), someLines, bytes, async (lines, others, mostBytes) => {
			const { found } = await joined(lines, others, 'toFirst', { mostBytes });
			expect(found).toEqual(
				lines.map((line) => ({
					...line,
					partners: others.filter((other) => other.id === line.id).map(({ text }) => text),
				})),
			);
		}),
	);
});

/** Texts of all lengths up to more than a block has room for. */
const longText = (id: number) =>
	`${id} `.padEnd(id % 40 === 3 ? 300_000 : [5, 300, 3_000][id % 3], 'x');

test('a join within a join shares its memory, and takes none that is in use', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.shuffledSubarray(Array.from({ length: 60 }, (_, id) => id)),
			fc.constantFrom('toEach' as const, 'toFirst' as const),
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
					for await (const some of join(lines, requests, 'once', pool, mostBytes)) {
						yield some.map(({ id, text, partners }) => ({ id, text: text + partners.join() }));
					}
				};
				const sorted = [...ids].sort((a, b) => a - b);
				const outer =
					sharing === 'toEach'
						? join(inner(), () => pieces('row', sorted), sharing, pool, mostBytes)
						: join(pieces('row', sorted), inner, sharing, pool, mostBytes);
				const found: Joined[] = [];
				for await (const some of outer) found.push(...some);
				const made = (one: number) => `line ${longText(one)}request ${longText(one)}`;
				const row = (one: number) => `row ${longText(one)}`;
				expect(found).toEqual(
					sharing === 'toEach'
						? ids.map((one) => ({ id: one, text: made(one), partners: [row(one)] }))
						: sorted.map((one) => ({ id: one, text: row(one), partners: [made(one)] })),
				);
				expect(pool.out.size).toBe(0);
			},
		),
		{ numRuns: 12 },
	);
});

test('each piece goes to one line, when it is to be used once', async () => {
	const lines = [7, 7, 0, 7].map((one, index) => ({ id: one, text: `${index}` }));
	const others = [7, 9, 7].map((one, index) => ({ id: one, text: `other ${index}` }));
	const { found } = await joined(lines, others, 'once', { mostBytes: 10_000 });
	expect(found.map(({ partners }) => partners)).toEqual([['other 0'], ['other 2'], [], []]);
});

test('the other file is read once when there is room, and not at all without lines', async () => {
	const many = Array.from({ length: 100 }, (_, index) => ({
		id: index,
		text: 'x'.repeat(50),
	}));
	const once = await joined(many, many, 'toEach', { mostBytes: 100 * 200 });
	expect(once.readings).toBe(1);
	const often = await joined(many, many, 'toEach', { mostBytes: 20 * 200 });
	expect(often.readings).toBeGreaterThanOrEqual(5);
	expect(often.readings).toBeLessThan(20);
	expect(often.found).toEqual(once.found);
	let isRead = false;
	const others = async function* () {
		isRead = true;
		yield many;
	};
	for await (const some of join(inChunks([], 1), others, 'toEach')) expect(some).toEqual([]);
	expect(isRead).toBe(false);
});

test('the lines are closed when nobody wants more of them', async () => {
	let isClosed = false;
	const lines = async function* () {
		try {
			for (let index = 0; ; index++) yield [{ id: index, text: 'x'.repeat(500) }];
		} finally {
			isClosed = true;
		}
	};
	for await (const some of join(lines(), () => inChunks([], 1), 'toEach', undefined, 5_000)) {
		expect(some.length).toBeGreaterThan(0);
		break;
	}
	expect(isClosed).toBe(true);
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
	for await (const some of join(lines(), others, 'toEach', undefined, mostBytes)) {
		for (const { id, partners } of some) expect(partners).toEqual([`${text}${id}`]);
		if (count % 5_000 < 500) peak = Math.max(peak, buffers());
		count += some.length;
	}
	expect(count).toBe(rows);
	expect(peak - before).toBeLessThan(1.25 * mostBytes);
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type {
	Joined,
	Piece,
	Sharing,
} from '../../../../../nodes/OpenAiBatch/batch/getResults/join';
import { join } from '../../../../../nodes/OpenAiBatch/batch/getResults/join';

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
	{ mostBytes = 1_000, size = 3 } = {},
) {
	let readings = 0;
	const found: Joined[] = [];
	const open = () => {
		readings++;
		return inChunks(others, size);
	};
	for await (const some of join(inChunks(lines, size), open, sharing, undefined, mostBytes)) {
		found.push(...some);
	}
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
	const once = await joined(many, many, 'toEach', { mostBytes: 100 * 400 });
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

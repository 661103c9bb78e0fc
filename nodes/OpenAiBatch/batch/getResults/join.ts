/** A line to be written, or what is added to one, and the request it belongs to. */
export interface Piece {
	/** Null for a result that belongs to no request. */
	id: string | null;
	text: string;
}

/** A line with what was found for it in the other file. */
export interface Joined extends Piece {
	partners: string[];
}

type Pieces = AsyncIterable<Piece[]>;

/**
 * How the pieces of the other file are shared out among lines with the same id:
 * `toEach`: the first one to every line; `once`: each to one line, the first in memory that has none
 * yet; `toFirst`: all of them to the first line.
 */
export type Sharing = 'toEach' | 'once' | 'toFirst';

/** So much memory is taken: a batch of 50,000 rows of 600 bytes is joined in two goes. */
const MOST_BYTES = 41_943_040;

/** What a held piece takes beside its text: objects, and its id. */
const PIECE_BYTES = 200;

/** So many lines are passed on at a time. */
const AT_A_TIME = 500;

/** A line in memory: as bytes, which V8 does not count as its own. */
interface Held {
	id: string | null;
	text: Buffer;
	partners: Buffer[];
}

/**
 * Adds to each line what another file has for the same id, in the order of the lines. Holds some of
 * the lines, reads the other file for them, passes them on, and holds the next ones: memory does not
 * grow with the files, and where both are large, the other one is read several times.
 *
 * @param others the other file from its beginning
 */
export async function* join(
	lines: Pieces,
	others: () => Pieces,
	sharing: Sharing,
	mostBytes = MOST_BYTES,
): AsyncGenerator<Joined[]> {
	const source = lines[Symbol.asyncIterator]();
	let open: Held[] = [];
	let isOver = false;
	try {
		while (!isOver || open.length > 0) {
			let bytes = open.reduce((sum, { text }) => sum + sizeOf(text), 0);
			// The other half is for the partners.
			while (!isOver && bytes < mostBytes / 2) {
				const next = await source.next();
				isOver = next.done === true;
				if (next.done) break;
				for (const { id, text } of next.value) {
					const held = { id, text: Buffer.from(text), partners: [] };
					bytes += sizeOf(held.text);
					open.push(held);
				}
			}
			if (open.length === 0) break;
			const whole = await findPartners(open, others(), sharing, mostBytes - bytes);
			for (let at = 0; at < whole; at += AT_A_TIME) {
				yield open.slice(at, Math.min(at + AT_A_TIME, whole)).map(released);
			}
			open = open.slice(whole);
			for (const held of open) held.partners = [];
		}
	} finally {
		await source.return?.();
	}
}

const sizeOf = (text: Buffer) => text.length + PIECE_BYTES;

const released = ({ id, text, partners }: Held): Joined => ({
	id,
	text: text.toString(),
	partners: partners.map(String),
});

/**
 * Finds what belongs to the lines. When it takes too much memory, the last lines have to wait.
 *
 * @returns how many of the lines, the first of them, have all that belongs to them
 */
async function findPartners(
	open: readonly Held[],
	others: Pieces,
	sharing: Sharing,
	mostBytes: number,
): Promise<number> {
	const places = placesOf(open);
	if (places.size === 0) return open.length;
	let whole = open.length;
	let bytes = 0;
	// Each line gets one partner, unless the first gets all, whose number is not known.
	let left = sharing === 'toFirst' ? Infinity : open.filter(({ id }) => id !== null).length;
	const isFound = new Uint8Array(open.length);
	for await (const pieces of others) {
		for (const { id, text } of pieces) {
			const found = id === null ? undefined : places.get(id);
			if (found === undefined) continue;
			for (const at of typeof found === 'number' ? [found] : found) {
				const { partners } = open[at];
				if (sharing !== 'toFirst' && isFound[at] === 1) continue;
				isFound[at] = 1;
				left--;
				if (at < whole) {
					partners.push(inMemoryOfItsOwn(text));
					bytes += sizeOf(partners[partners.length - 1]);
				}
				if (sharing !== 'toEach') break;
			}
			while (bytes > mostBytes && whole > 1) {
				const { partners } = open[--whole];
				bytes -= partners.reduce((sum, partner) => sum + sizeOf(partner), 0);
				partners.length = 0;
			}
		}
		if (left <= 0) break;
	}
	return whole;
}

/**
 * A text as bytes. Node.js puts short buffers together into larger ones, all of which would stay in
 * memory as long as one of them is needed, and others were dropped.
 */
function inMemoryOfItsOwn(text: string): Buffer {
	const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
	bytes.write(text);
	return bytes;
}

/** Where the lines with an id are: a number where there is one, which takes less memory. */
function placesOf(open: readonly Held[]): Map<string, number | number[]> {
	const places = new Map<string, number | number[]>();
	for (const [at, { id }] of open.entries()) {
		if (id === null) continue;
		const known = places.get(id);
		if (known === undefined) places.set(id, at);
		else if (typeof known === 'number') places.set(id, [known, at]);
		else known.push(at);
	}
	return places;
}

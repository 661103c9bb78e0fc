import { WordTable } from '../../../jsonl/idTable';
import { BlockPool, TextStore } from '../../../jsonl/textStore';

/** A line to be written, or what is added to one, and the request it belongs to. */
export class Piece {
	constructor(
		/** The number of the request's id; null for a result that belongs to no request. */
		readonly id: number | null,
		readonly text: string,
	) {}
}

/** A line with what was found for it in the other file; undefined where there is nothing. */
export class Joined extends Piece {
	constructor(
		id: number | null,
		text: string,
		readonly partner: string | undefined,
	) {
		super(id, text);
	}
}

type Pieces = AsyncIterable<Piece[]>;

/**
 * How the pieces of the other file are shared out among lines with the same id: `toEach`: the first
 * one to every line; `once`: the first one to the first line, the second one to the second line, and
 * so on.
 */
export type Sharing = 'toEach' | 'once';

export interface JoinOptions {
	/** Memory that several joins share, also at the same time. */
	pool?: BlockPool;
	/** So much memory is taken. */
	mostBytes?: number;
	/** Whether the other file is read to its end also when no line needs the rest of it. */
	readsAll?: boolean;
}

const MOST_BYTES = 33_554_432;

/** What a line takes beside its text, rounded up. */
const LINE_BYTES = 32;

/** When partners are dropped, so much of the memory for them stays in use. */
const KEPT_SHARE = 0.75;

/**
 * So many lines are taken and passed on at a time: V8's space for new objects grows with what is
 * alive whenever V8 collects.
 */
const AT_A_TIME = 16;

/**
 * Adds to each line what another file has for the same id, in the order of the lines. Both files are
 * read side by side: a line waits for its partner, and a piece that comes before its line is kept.
 * Files in about the same order take next to no memory, and each is read once. Where too much would
 * have to be kept, pieces are dropped, and the other file is read again for the lines that still
 * wait; so it is where a piece goes to several lines. Memory does not grow with the files, apart from
 * some bytes for each id.
 *
 * @param lines in lists that are used up
 * @param others the other file from its beginning, the same each time
 */
export async function* join(
	lines: Pieces,
	others: () => Pieces,
	sharing: Sharing,
	{ pool = new BlockPool(), mostBytes = MOST_BYTES, readsAll = false }: JoinOptions = {},
): AsyncGenerator<Joined[]> {
	const matching = new Matching(sharing, pool, mostBytes);
	const source = lines[Symbol.asyncIterator]();
	let lap: AsyncIterator<Piece[]> | undefined;
	let unread: Piece[] = [];
	let isOver = false;
	try {
		for (;;) {
			const ready = matching.take();
			if (ready.length > 0) {
				yield ready;
			} else if (unread.length > 0 && matching.wantsLines) {
				// Out of the list, since whoever has made it holds it until more is wanted.
				matching.addLines(unread.splice(0, AT_A_TIME));
			} else if (!isOver && matching.wantsLines) {
				const next = await source.next();
				if (next.done) isOver = matching.hasAllLines = true;
				else unread = next.value;
			} else if (matching.waiting > 0 || (readsAll && matching.laps === 0)) {
				lap ??= others()[Symbol.asyncIterator]();
				const next = await lap.next();
				if (!next.done) {
					matching.addOthers(next.value);
				} else {
					lap = undefined;
					matching.endLap();
				}
			} else return;
		}
	} finally {
		matching.release();
		try {
			await source.return?.();
		} finally {
			await lap?.return?.();
		}
	}
}

/** What is known of a line that waits: where its text is, … */
const TEXT = 0;
/** … its id plus one; zero where it has none, … */
const ID = 1;
/** … the next line with the same id and without a partner, plus one, … */
const NEXT = 2;
/** … where its partner is, plus one, … */
const PARTNER = 3;
/** … how many lines with the same id came before, … */
const RANK = 4;
/** … and how many pieces of the other file had been read when it began to wait, or waited again. */
const SINCE = 5;

/** What is known of an id: its first and its last line without a partner, each plus one, … */
const FIRST = 0;
const LAST = 1;
/** … how many lines there were, … */
const SEEN = 2;
/** … and where the first and the last piece are that came before their lines, each plus one. */
const EARLY = 3;
const LATEST = 4;

/** The lines that wait for partners, and the pieces that wait for lines, outside of V8's heap. */
class Matching {
	/** How often the other file was read to its end. */
	laps = 0;
	/** Whether no lines will come any more. */
	hasAllLines = false;
	/** Lines that did not have to wait. */
	private ready: Joined[] = [];
	/** The lines that wait, one behind the other: from the first to before the end. */
	private readonly lines = new WordTable(6);
	private first = 0;
	private end = 0;
	private readonly lineTexts: TextStore;
	/** With the number of its line each, or with its rank among the pieces of its id. */
	private otherTexts: TextStore;
	private readonly ids = new WordTable(5);
	/** One more than the largest id of a piece that is kept. */
	private idsEnd = 0;
	/** How many pieces of each id this lap, a reading of the other file, had. */
	private ranks = new WordTable(1);
	/** How many pieces were read in all laps. */
	private read = 0;
	/** How many of them were read before this lap. */
	private readBefore = 0;
	/** How many the file has; known with its end. */
	private lapLength = Infinity;
	/** Whether a piece was ever dropped that a line may need. */
	private hasDropped = false;

	constructor(
		private readonly sharing: Sharing,
		private readonly pool: BlockPool,
		private readonly mostBytes: number,
	) {
		this.lineTexts = new TextStore(pool);
		this.otherTexts = new TextStore(pool);
	}

	get waiting(): number {
		return this.end - this.first;
	}

	/**
	 * Whether to go on with the lines, rather than with the other file. Once the file was read to its
	 * end, as many lines as possible share each further lap.
	 */
	get wantsLines(): boolean {
		const areMany = this.laps > 0 || !this.hasRoom;
		return this.waiting === 0 || (areMany && this.lineBytes < this.mostBytes / 2);
	}

	/** The next lines that are complete, in their order; none when the first one has to wait. */
	take(): Joined[] {
		if (this.ready.length > 0) {
			const { ready } = this;
			this.ready = [];
			return ready;
		}
		const taken: Joined[] = [];
		while (this.first < this.end && taken.length < AT_A_TIME && this.isComplete(this.first)) {
			taken.push(this.takeLine(this.first++));
		}
		if (this.first === this.end) this.first = this.end = 0;
		return taken;
	}

	addLines(pieces: Piece[]): void {
		for (const { id, text } of pieces) this.addLine(id, text);
	}

	addOthers(pieces: Piece[]): void {
		for (const { id, text } of pieces) {
			this.read++;
			if (id !== null) this.addOther(id, text);
			if (this.otherTexts.bytes > this.partnerRoom) this.makeRoom();
		}
	}

	endLap(): void {
		this.laps++;
		this.lapLength = this.read - this.readBefore;
		this.readBefore = this.read;
		this.ranks = new WordTable(1);
	}

	/** Nothing more is asked. */
	release(): void {
		this.lineTexts.release();
		this.otherTexts.release();
	}

	private get lineBytes(): number {
		return this.lineTexts.bytes + this.waiting * LINE_BYTES;
	}

	private get bytes(): number {
		return this.lineBytes + this.otherTexts.bytes;
	}

	/** What the lines leave of the memory for pieces of the other file, and a part in any case. */
	private get partnerRoom(): number {
		return Math.max(this.mostBytes - this.lineBytes, this.mostBytes / 4);
	}

	/** Whether pieces are kept for lines that have not come yet: half of the memory is not for them. */
	private get hasRoom(): boolean {
		return this.bytes < this.mostBytes / 2;
	}

	/** Whether each piece of the other file was seen, and is here unless a line has got it. */
	private get knowsAll(): boolean {
		return this.laps > 0 && !this.hasDropped;
	}

	private addLine(id: number | null, text: string): void {
		const rank = id === null ? 0 : this.ids.get(id, SEEN);
		let partner: string | undefined;
		let isComplete = id === null;
		if (id !== null) {
			this.ids.set(id, SEEN, rank + 1);
			const early = this.takeEarly(id, rank);
			if (early !== undefined) {
				partner = this.otherTexts.get(early);
				this.otherTexts.remove(early);
			}
			isComplete = early !== undefined || (this.knowsAll && !this.needsOther(rank));
		}
		if (isComplete && this.waiting === 0) {
			this.ready.push(new Joined(id, text, partner));
			return;
		}
		const line = this.end++;
		this.lines.set(line, TEXT, this.lineTexts.add(0, text));
		this.lines.set(line, ID, id === null ? 0 : id + 1);
		this.lines.set(line, NEXT, 0);
		this.lines.set(line, RANK, rank);
		this.lines.set(line, SINCE, this.read);
		this.lines.set(line, PARTNER, 0);
		if (partner !== undefined) this.give(line, partner);
		else if (id !== null) this.append(id, line);
	}

	/** Whether another line may have got the piece that a line of this rank needs as well. */
	private needsOther(rank: number): boolean {
		return this.sharing === 'toEach' && rank > 0;
	}

	private isComplete(line: number): boolean {
		if (this.lines.get(line, PARTNER) > 0 || this.lines.get(line, ID) === 0) return true;
		if (this.knowsAll && !this.needsOther(this.lines.get(line, RANK))) return true;
		return this.read - this.lines.get(line, SINCE) >= this.lapLength;
	}

	private takeLine(line: number): Joined {
		const at = this.lines.get(line, TEXT);
		const text = this.lineTexts.get(at);
		this.lineTexts.remove(at);
		const id = this.lines.get(line, ID) - 1;
		const partnerAt = this.lines.get(line, PARTNER) - 1;
		if (partnerAt < 0) {
			if (id >= 0) this.leave(id, line);
			return new Joined(id < 0 ? null : id, text, undefined);
		}
		const partner = this.otherTexts.get(partnerAt);
		this.otherTexts.remove(partnerAt);
		return new Joined(id, text, partner);
	}

	private give(line: number, text: string): void {
		this.lines.set(line, PARTNER, this.otherTexts.add(line, text) + 1);
	}

	/** Adds a line to those of its id that have no partner. */
	private append(id: number, line: number): void {
		const last = this.ids.get(id, LAST);
		if (last === 0) this.ids.set(id, FIRST, line + 1);
		else this.lines.set(last - 1, NEXT, line + 1);
		this.ids.set(id, LAST, line + 1);
	}

	/** Takes a line from those of its id that have no partner. */
	private leave(id: number, line: number): void {
		let before = 0;
		let at = this.ids.get(id, FIRST);
		for (; at !== line + 1; at = this.lines.get(at - 1, NEXT)) before = at;
		const next = this.lines.get(line, NEXT);
		if (before === 0) this.ids.set(id, FIRST, next);
		else this.lines.set(before - 1, NEXT, next);
		if (next === 0) this.ids.set(id, LAST, before);
	}

	private addOther(id: number, text: string): void {
		const rank = this.ranks.get(id, 0);
		this.ranks.set(id, 0, rank + 1);
		if (this.sharing === 'toEach' && rank > 0) return;
		let isGiven = false;
		for (let at = this.ids.get(id, FIRST); at > 0;) {
			const line = at - 1;
			at = this.lines.get(line, NEXT);
			if (this.sharing === 'once' && this.lines.get(line, RANK) !== rank) continue;
			if (isGiven && this.otherTexts.bytes > this.partnerRoom) {
				this.waitAgain(line);
				continue;
			}
			this.leave(id, line);
			this.give(line, text);
			isGiven = true;
			if (this.sharing === 'once') break;
		}
		if (this.ids.get(id, SEEN) <= rank) this.keep(id, rank, text);
	}

	/** Keeps a piece for a line that has not come yet. */
	private keep(id: number, rank: number, text: string): void {
		const latest = this.ids.get(id, LATEST);
		if (this.hasAllLines || this.knowsAll) return;
		if (latest > 0 && this.otherTexts.numberOf(latest - 1) >= rank) return;
		if (!this.hasRoom) {
			this.hasDropped = true;
			return;
		}
		const at = this.otherTexts.add(rank, text);
		if (latest === 0) this.ids.set(id, EARLY, at + 1);
		else this.otherTexts.link(latest - 1, at);
		this.ids.set(id, LATEST, at + 1);
		this.idsEnd = Math.max(this.idsEnd, id + 1);
	}

	/** The piece that was kept for a line; undefined when there is none. */
	private takeEarly(id: number, rank: number): number | undefined {
		const early = this.ids.get(id, EARLY) - 1;
		if (early < 0 || this.otherTexts.numberOf(early) !== rank) return undefined;
		const next = this.otherTexts.next(early);
		this.ids.set(id, EARLY, next === undefined ? 0 : next + 1);
		if (next === undefined) this.ids.set(id, LATEST, 0);
		return early;
	}

	/** Drops what is kept for lines that have not come yet, and then partners of the last lines. */
	private makeRoom(): void {
		this.dropEarly();
		const room = KEPT_SHARE * this.partnerRoom;
		let bytes = 0;
		for (let line = this.first; line < this.end; line++) bytes += this.partnerBytes(line);
		for (let line = this.end - 1; line > this.first && bytes > room; line--) {
			bytes -= this.partnerBytes(line);
			this.dropPartner(line);
		}
		if (this.otherTexts.bytes <= room) return;
		// Blocks in which only some texts are needed take as much memory as full ones.
		const partners = this.otherTexts;
		this.otherTexts = new TextStore(this.pool);
		for (const [line, text] of partners.drain()) this.give(line, text);
	}

	private dropEarly(): void {
		for (let id = 0; id < this.idsEnd; id++) {
			let at: number | undefined = this.ids.get(id, EARLY) - 1;
			if (at < 0) continue;
			this.hasDropped = true;
			this.ids.set(id, EARLY, 0);
			this.ids.set(id, LATEST, 0);
			while (at !== undefined) {
				const next = this.otherTexts.next(at);
				this.otherTexts.remove(at);
				at = next;
			}
		}
		this.idsEnd = 0;
	}

	private partnerBytes(line: number): number {
		const partner = this.lines.get(line, PARTNER);
		return partner === 0 ? 0 : this.otherTexts.bytesOf(partner - 1);
	}

	/** A line has to wait for its partner once more, until a whole lap is over. */
	private waitAgain(line: number): void {
		this.lines.set(line, SINCE, this.read);
		this.hasDropped = true;
	}

	private dropPartner(line: number): void {
		const partner = this.lines.get(line, PARTNER);
		if (partner === 0) return;
		this.otherTexts.remove(partner - 1);
		this.lines.set(line, PARTNER, 0);
		this.waitAgain(line);
		const id = this.lines.get(line, ID) - 1;
		const first = this.ids.get(id, FIRST);
		this.lines.set(line, NEXT, first);
		this.ids.set(id, FIRST, line + 1);
		if (first === 0) this.ids.set(id, LAST, line + 1);
	}
}

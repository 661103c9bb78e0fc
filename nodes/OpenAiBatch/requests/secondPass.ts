import type { RequestFile } from './inputFile';
import { keptLine } from './plan';
import type { Checkpoint, TextRecord } from '../../jsonl/lines';
import { TextBlock } from '../../jsonl/lines';
import { notNeeded } from '../shared/binary';
import { Breather } from '../shared/operation';

/** Where the records of a part begin. */
export interface PartStart {
	/** The index of the file. */
	file: number;
	from: Checkpoint;
	/** Of the first record there, among the records of all files. */
	position: number;
	/** The input items whose files have records of the part. */
	items: Set<number>;
}

/** What a file of a part has of a record. */
type LineOf = (file: RequestFile, record: TextRecord, position: number) => string;

/** Its request, as it is sent. */
export const requestLine: LineOf = (file, record, position) => file.line(record, position);

/** What Keep Fields keeps of its row. */
export const rowLine: LineOf = (file, record) => keptLine(file.customId(record), file.kept!.row());

/** One reading of the records of files, from where a part begins. */
class RecordReading {
	/** Of the next record, among the records of all files. */
	position: number;
	/** Of the file that was read last. */
	fileIndex: number;
	private readonly ending = new AbortController();
	private readonly batches: ReturnType<typeof batchesFrom>;
	private records: readonly TextRecord[] = [];
	/** How many of these were taken. */
	private taken = 0;

	constructor(
		private readonly files: readonly RequestFile[],
		start: PartStart,
	) {
		this.position = start.position;
		this.fileIndex = start.file;
		this.batches = batchesFrom(files, start, this.ending.signal);
	}

	/** Reads on where all records were taken. @returns false at the end of the last file */
	async fill(): Promise<boolean> {
		while (this.taken === this.records.length) {
			const { done, value } = await this.batches.next();
			if (done) return false;
			({ index: this.fileIndex, records: this.records } = value);
			this.taken = 0;
		}
		return true;
	}

	/** The records that were read, up to a position. */
	*take(last: number): Generator<[file: RequestFile, record: TextRecord, position: number]> {
		const file = this.files[this.fileIndex];
		while (this.taken < this.records.length && this.position <= last) {
			yield [file, this.records[this.taken++], this.position++];
		}
	}

	/** Closes the file that is read. For who reads on, it then looks as if the file ended. */
	end(): void {
		this.ending.abort();
		this.batches.return(undefined).catch(() => undefined);
	}

	/** @throws {Error} for a reading that `end` has ended, of which records may be missing */
	checkIsOpen(): void {
		if (this.ending.signal.aborted) throw notNeeded();
	}
}

async function* batchesFrom(
	files: readonly RequestFile[],
	start: PartStart,
	signal: AbortSignal,
): AsyncGenerator<{ index: number; records: readonly TextRecord[] }> {
	for (let index = start.file; index < files.length; index++) {
		const from = index === start.file ? start.from : undefined;
		for await (const { records } of files[index].read(signal, from)) yield { index, records };
	}
}

/**
 * The second pass over the files: the contents of the parts, each of which can be opened again. A
 * part goes on reading where the one before has ended. n8n gives files only from their beginning,
 * so a part that opens its file anew reads all that stands before it: half of the file for the
 * average part, and V8 lets up to 80 MB of that pile up.
 */
export class SecondPass {
	/** What the next part may go on with. */
	private held: RecordReading | undefined;
	private mayHold: boolean;

	/** @param head the first line of each content */
	constructor(
		private readonly files: readonly RequestFile[],
		private readonly lineOf: LineOf,
		private readonly head?: string,
	) {
		this.mayHold = files.every(({ mayStayOpen }) => mayStayOpen);
	}

	/** The content of a part: the head, and a line of each of its records behind its start. */
	async *content(
		ranges: readonly number[],
		start: PartStart,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Uint8Array> {
		const reading = this.readingFor(start, ranges[0]);
		const end = () => reading.end();
		if (signal?.aborted) end();
		signal?.addEventListener('abort', end);
		let isHeld = false;
		try {
			yield* this.blocks(ranges, reading);
			reading.checkIsOpen();
			isHeld = this.mayHold;
		} finally {
			signal?.removeEventListener('abort', end);
			if (isHeld) {
				this.held?.end();
				this.held = reading;
			} else {
				end();
			}
		}
	}

	private readingFor(start: PartStart, position: number): RecordReading {
		const { held } = this;
		this.held = undefined;
		if (held?.fileIndex === start.file && held.position <= position) return held;
		held?.end();
		return new RecordReading(this.files, start);
	}

	private async *blocks(
		ranges: readonly number[],
		reading: RecordReading,
	): AsyncGenerator<Uint8Array> {
		const breather = new Breather();
		const last = ranges[ranges.length - 1];
		let run = 0;
		const block = new TextBlock();
		if (this.head !== undefined) block.addLine(this.head);
		while (reading.position <= last && (await reading.fill())) {
			for (const [file, record, position] of reading.take(last)) {
				if (position > ranges[run + 1]) run += 2;
				if (position >= ranges[run]) block.addLine(this.lineOf(file, record, position));
				if (block.isFull) yield block.take();
				if (breather.isDue) await breather.breathe();
			}
		}
		if (!block.isEmpty) yield block.take();
	}

	/** Closes what is left open, from here on too. */
	close(): void {
		this.mayHold = false;
		this.held?.end();
		this.held = undefined;
	}
}

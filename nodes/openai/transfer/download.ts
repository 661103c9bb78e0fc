import { tryParseJson } from '../../jsonl/json';
import { announcedBytes } from '../http/answer';
import type { ExpectedFile, Fault, OpenAiClient, OpenedBody, Result } from '../client';
import { CANCELLED } from '../client';
import { connectionFault, waitBeforeRetry } from '../http/fault';
import { Doubt, NotTheFile } from './doubt';

/** A transfer in which nothing arrives for this long is given up and begun again. */
const IDLE_LIMIT_MS = 60_000;

/** How often a download is begun again without a single new byte before it is given up. */
const MAX_FRUITLESS_TRIES = 4;

/**
 * The content of a file, streamed. Complete or an error: what breaks off (Node.js notices an unmet
 * Content-Length), or ends before its `bytes`, is fetched again and continued behind the bytes
 * already delivered, so a reader never sees a shorter file nor a byte twice. When the server keeps
 * announcing one and the same shorter length, and the last line is whole, that is the file, whatever
 * `bytes` says: gateways that translate files describe them with the length before. A file of lines
 * without `bytes` that ends within a line is taken only for a reader with `onShort`, when each try
 * meets one and the same Content-Length: then it is the server that has no more of it.
 *
 * @throws {NodeApiError} when the file cannot be read to its end
 */
export async function* downloadFile(
	client: OpenAiClient,
	fileId: string,
	{ bytes, isOfLines = false, onShort }: ExpectedFile = {},
): AsyncGenerator<Uint8Array> {
	const first = await openFile(client, fileId, bytes);
	yield* readToEnd(client, fileId, first, {
		onShort,
		// A file of nothing whose content comes all the same is as good as not described.
		mustEndLine: isOfLines && !bytes,
		mayBeEmpty: bytes === 0,
		isOfLines,
	});
}

/** As `downloadFile`, as the Node stream that n8n's binary storage takes. */
export async function downloadStream(
	client: OpenAiClient,
	fileId: string,
	expectedBytes?: number | null,
): Promise<NodeStream> {
	const first = await openFile(client, fileId, expectedBytes);
	const chunks = readToEnd(client, fileId, first, {
		mustEndLine: false,
		mayBeEmpty: true,
		isOfLines: false,
	});
	// Verified nodes may not import Node's stream module, but every response body is a stream, and
	// its class has the constructor function for others.
	const { from } = first.body.constructor as unknown as StreamClass;
	return from(chunks, { objectMode: false });
}

type StreamClass = { from: (chunks: AsyncIterable<Uint8Array>, options: object) => NodeStream };
type NodeStream = NodeJS.ReadableStream;

/** An open file, and how long it has to be at least. */
interface OpenedFile extends OpenedBody {
	bytes: number;
	/** How long it is said to be, where that is more than the server ever sends. */
	describedBytes?: number;
}

async function openFile(
	client: OpenAiClient,
	fileId: string,
	expectedBytes: number | null | undefined,
): Promise<OpenedFile> {
	const request = { method: 'GET' as const, path: ['files', fileId, 'content'] };
	const bytes = expectedBytes ?? 0;
	const opened = await client.open({ ...request, atLeastBytes: bytes });
	if (opened.ok) return { ...opened.value, bytes };
	const { shortBytes } = opened.fault;
	if (shortBytes === undefined) throw notDownloaded(client, fileId, opened.fault);
	// Every try has ended like this: what the server describes is not what it sends.
	const again = await client.open({ ...request, atLeastBytes: shortBytes });
	if (!again.ok) throw notDownloaded(client, fileId, again.fault);
	if (announcedBytes(again.value.headers) === shortBytes) {
		return { ...again.value, bytes: shortBytes, describedBytes: bytes };
	}
	return { ...again.value, bytes };
}

function notDownloaded(client: OpenAiClient, fileId: string, fault: Fault) {
	return client.error(fault, `File ${fileId} could not be downloaded`);
}

/** When what came is taken for the whole file. */
interface Whole {
	/** It has to end with a whole line. */
	mustEndLine: boolean;
	mayBeEmpty: boolean;
	/** Its lines have a `custom_id`. */
	isOfLines: boolean;
	onShort?: () => void;
}

async function* readToEnd(
	client: OpenAiClient,
	fileId: string,
	first: OpenedFile,
	{ mustEndLine, mayBeEmpty, isOfLines, onShort }: Whole,
): AsyncGenerator<Uint8Array> {
	const delivered = new Overlap(mustEndLine ? MAX_LINE_BYTES : KEPT_BYTES);
	const doubt = new Doubt(isOfLines, mayBeEmpty);
	let opened = first;
	/** How often the server has sent as much as has been delivered, and had announced that. */
	let alike = 0;
	for (let fruitless = 0; ; fruitless++) {
		const attempt = readFrom(client, opened, delivered, doubt);
		let step: Awaited<ReturnType<typeof attempt.next>>;
		try {
			for (step = await attempt.next(); !step.done; step = await attempt.next()) {
				delivered.push(step.value);
				fruitless = 0;
				alike = 0;
				yield step.value;
			}
		} finally {
			// A reader that has enough does not leave the transfer open.
			await attempt.return({ ok: true, value: undefined });
		}
		const { describedBytes, bytes } = opened;
		// Nothing ends no line; here it has been believed.
		const isEmpty = delivered.end === 0 && (mayBeEmpty || doubt.isOver);
		const isTrusted = describedBytes === undefined && (!mustEndLine || isEmpty);
		if (step.value.ok && (isTrusted || delivered.endsLine)) {
			if (describedBytes === undefined) return;
			client.hint(shorterThanDescribed(fileId, opened));
			onShort?.();
			return;
		}
		const isMet = step.value.ok && announcedBytes(opened.headers) === delivered.end;
		if (isMet && describedBytes === undefined) alike++;
		if (alike > MAX_FRUITLESS_TRIES && onShort) {
			client.hint(endsWithinLine(fileId, delivered.end));
			onShort();
			return;
		}
		const fault = step.value.ok ? cutOff(delivered.end, describedBytes) : step.value.fault;
		const isFinal = fault.kind === 'cancelled' || fruitless >= MAX_FRUITLESS_TRIES;
		if (isFinal || !(await client.pause(waitBeforeRetry(fruitless + 1, {})))) {
			throw notDownloaded(client, fileId, fault);
		}
		opened = await openFile(client, fileId, describedBytes ?? bytes);
	}
}

function shorterThanDescribed(fileId: string, { bytes, describedBytes }: OpenedFile): string {
	return `File ${fileId} has ${bytes} bytes, although the server describes it with ${describedBytes}. It arrived whole, so it was taken as it is.`;
}

function endsWithinLine(fileId: string, bytes: number): string {
	return `File ${fileId} ends within a line. The server announced ${bytes} bytes and sent them each time, so the file was taken as it is.`;
}

/** Reads what is new in one attempt, and says whether the file was there to its end. */
async function* readFrom(
	client: OpenAiClient,
	{ body, bytes, describedBytes, guard, headers }: OpenedFile,
	delivered: Overlap,
	doubt: Doubt,
): AsyncGenerator<Uint8Array, Result<void>> {
	const skip = delivered.end;
	let received = 0;
	let isOver = false;
	guard.touch(IDLE_LIMIT_MS);
	try {
		// A length that is known would not be reached by an error.
		const isShort = describedBytes !== undefined;
		const chunks = bytes > 0 && !isShort ? body : doubt.pass(body, headers);
		for await (const chunk of chunks) {
			// While the reader is busy with it, the server is not to blame.
			guard.hold();
			if (received < skip && !delivered.agrees(chunk, received)) return OTHER_CONTENT;
			const fresh = chunk.subarray(Math.max(0, skip - received));
			received += chunk.byteLength;
			if (fresh.byteLength > 0) yield fresh;
			guard.touch();
		}
		isOver = true;
	} catch (error) {
		isOver = true;
		const isElse = error instanceof NotTheFile;
		return { ok: false, fault: isElse ? error.fault : brokenOff(client, error, guard.stalled) };
	} finally {
		// Closing the body alone would leave the connection open until the server ends it.
		if (!isOver) guard.abort();
		guard.stop();
	}
	// Another transfer than the one before may be shorter, also where nobody knows the length.
	const least = Math.max(bytes, skip);
	if (received >= least) return { ok: true, value: undefined };
	return { ok: false, fault: cutOff(received, least) };
}

function cutOff(received: number, bytes: number | undefined): Fault {
	const message =
		bytes === undefined
			? `It ended after ${received} bytes, within a line`
			: `It ended after ${received} of ${bytes} bytes`;
	return { kind: 'connection', message, mayHaveExecuted: true };
}

const OTHER_CONTENT: Result<never> = {
	ok: false,
	fault: {
		kind: 'answer',
		message: 'It was begun again, and had another content than before',
		mayHaveExecuted: true,
	},
};

function brokenOff(client: OpenAiClient, error: unknown, stalled: boolean): Fault {
	if (client.cancelSignal?.aborted) {
		return { kind: 'cancelled', message: CANCELLED, mayHaveExecuted: true };
	}
	if (!stalled) return connectionFault(error);
	return { kind: 'stalled', message: 'The server stopped sending', mayHaveExecuted: true };
}

const LINE_FEED = 0x0a;

/** So many bytes tell one file from another. */
const KEPT_BYTES = 1024;

/** A line is held up to this length: embeddings and images make lines of many megabytes. */
const MAX_LINE_BYTES = 33_554_432;

/**
 * The end of what has been delivered of a file. When a download is begun again, the new transfer
 * has to have the same bytes there: a proxy may have sent something else, now or before, and two
 * contents must not become one.
 */
class Overlap {
	private tail = Buffer.alloc(0);
	private delivered = 0;
	/** What has been delivered of the last line, unless it is too long. */
	private line: Buffer[] = [];
	private lineBytes = 0;

	/** @param longestLine how many bytes of a line are held, to find out whether it is whole */
	constructor(private readonly longestLine: number) {}

	/**
	 * Whether it ends with a whole line: with a line feed, or with a line that is JSON and short
	 * enough to be known here. Nothing at all does not.
	 */
	get endsLine(): boolean {
		if (this.lineBytes === 0) return this.delivered > 0;
		const isKnown = this.lineBytes <= this.longestLine;
		return isKnown && tryParseJson(Buffer.concat(this.line).toString()).ok;
	}

	/** How many bytes have been delivered. */
	get end(): number {
		return this.delivered;
	}

	/** Takes what is delivered next; keeps copies of its end and of its last line only. */
	push(chunk: Uint8Array): void {
		this.hold(chunk);
		this.delivered += chunk.byteLength;
		const end = chunk.subarray(-KEPT_BYTES);
		const kept = this.tail.subarray(
			Math.max(0, this.tail.byteLength + end.byteLength - KEPT_BYTES),
		);
		this.tail = Buffer.concat([kept, end]);
	}

	private hold(chunk: Uint8Array): void {
		const lineStart = chunk.lastIndexOf(LINE_FEED) + 1;
		if (lineStart > 0) {
			this.line = [];
			this.lineBytes = 0;
		}
		const end = chunk.subarray(lineStart);
		this.lineBytes += end.byteLength;
		if (this.lineBytes > this.longestLine) this.line = [];
		else if (end.byteLength > 0) this.line.push(Buffer.from(end));
	}

	/** Whether a chunk that begins at byte `start` of another transfer fits to what was delivered. */
	agrees(chunk: Uint8Array, start: number): boolean {
		const tailStart = this.delivered - this.tail.byteLength;
		const from = Math.max(start, tailStart);
		const to = Math.min(start + chunk.byteLength, this.delivered);
		if (from >= to) return true;
		const again = chunk.subarray(from - start, to - start);
		return this.tail.subarray(from - tailStart, to - tailStart).equals(again);
	}
}

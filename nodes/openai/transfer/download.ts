import { tryParseJson } from '../../jsonl/json';
import { announcedBytes, errorAsContent } from '../http/answer';
import type { ExpectedFile, Fault, Headers, OpenAiClient, OpenedBody, Result } from '../client';
import { CANCELLED } from '../client';
import { connectionFault, waitBeforeRetry } from '../http/fault';

/** A transfer in which nothing arrives for this long is given up and begun again. */
const IDLE_LIMIT_MS = 60_000;

/** How often a download is begun again without a single new byte before it is given up. */
const MAX_FRUITLESS_TRIES = 4;

/**
 * The content of a file, streamed. Complete or an error: what breaks off (Node.js notices an unmet
 * Content-Length), or ends before its `bytes`, is fetched again and continued behind the bytes
 * already delivered, so a reader never sees a shorter file nor a byte twice. When the server keeps
 * announcing one and the same shorter length, and the last line is whole, that is the file, whatever
 * `bytes` says: gateways that translate files describe them with the length before.
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
	const delivered = new Overlap();
	const doubt = new Doubt(isOfLines, mayBeEmpty);
	let opened = first;
	for (let fruitless = 0; ; fruitless++) {
		const attempt = readFrom(client, opened, delivered, doubt);
		let step: Awaited<ReturnType<typeof attempt.next>>;
		try {
			for (step = await attempt.next(); !step.done; step = await attempt.next()) {
				delivered.push(step.value);
				fruitless = 0;
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

/** What an API or a proxy says in place of a file is shorter than this. */
const MAX_SAID_BYTES = 16 * 1024;

class NotTheFile extends Error {
	constructor(readonly fault: Fault) {
		super(fault.message);
	}
}

/** What only the lines of a batch have. */
const LINE_MARK = 'custom_id';

/** JSON with nothing in it, which is no line of any server's files, however often it comes. */
const SAYS_NOTHING = /^\s*(?:\{\s*\}|\[\s*\]|null|"")\s*$/;

/** How often something has to come to be believed, and how often nothing, which proxies send more. */
const SAME_TIMES = 2;
const NOTHING_TIMES = 3;

/**
 * Looks at the content of files whose length is not known: an error, or something else that a proxy
 * says, can come under a good status.
 */
class Doubt {
	/** What was not believed, and how often it came. */
	private doubted: { content: string; times: number } | undefined;

	/** @param isOfLines whether the file should have lines with a `custom_id` */
	constructor(
		private readonly isOfLines: boolean,
		private readonly mayBeEmpty: boolean,
	) {}

	/** Whether something came so often that it has to be believed. */
	get isOver(): boolean {
		const { content, times } = this.doubted ?? { content: '', times: 0 };
		return times >= (content === '' ? NOTHING_TIMES : SAME_TIMES);
	}

	/**
	 * Passes on the content, as soon as it is certainly no error and nothing else.
	 *
	 * @throws {NotTheFile} when the whole content is an error, or has no `custom_id` in it, unless the
	 * very same content comes again
	 */
	async *pass(body: AsyncIterable<Uint8Array>, headers: Headers): AsyncGenerator<Uint8Array> {
		let start: Buffer | undefined = Buffer.alloc(0);
		for await (const chunk of body) {
			if (start === undefined) {
				yield chunk;
				continue;
			}
			start = Buffer.concat([start, chunk]);
			if (start.byteLength > MAX_SAID_BYTES || (this.isOfLines && start.includes(LINE_MARK))) {
				yield start;
				start = undefined;
			}
		}
		if (start === undefined) return;
		const content = start;
		const fault = this.faultOf(content.toString(), headers);
		if (fault) throw new NotTheFile(fault);
		yield content;
	}

	private faultOf(content: string, headers: Headers): Fault | undefined {
		if (content === '' && this.mayBeEmpty) return undefined;
		const error = errorAsContent(content, headers);
		if (error || !this.isOfLines || content.includes(LINE_MARK)) return error;
		const times = this.doubted?.content === content ? this.doubted.times + 1 : 1;
		this.doubted = { content, times };
		if (this.isOver && !SAYS_NOTHING.test(content)) return undefined;
		const message = content === '' ? 'Nothing came' : 'What came has no custom_id in it';
		return { kind: 'answer', message, mayHaveExecuted: true };
	}
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

/**
 * The end of what has been delivered of a file. When a download is begun again, the new transfer
 * has to have the same bytes there: a proxy may have sent something else, now or before, and two
 * contents must not become one.
 */
class Overlap {
	private tail = Buffer.alloc(0);
	private delivered = 0;

	/**
	 * Whether it ends with a whole line: with a line feed, or with a line that is JSON and short
	 * enough to be known here. Nothing at all does not.
	 */
	get endsLine(): boolean {
		if (this.tail[this.tail.length - 1] === LINE_FEED) return true;
		const start = this.tail.lastIndexOf(LINE_FEED) + 1;
		const isKnown = start > 0 || this.tail.length === this.delivered;
		return isKnown && tryParseJson(this.tail.toString('utf8', start)).ok;
	}

	/** How many bytes have been delivered. */
	get end(): number {
		return this.delivered;
	}

	/** Takes what is delivered next; keeps a copy of its end only. */
	push(chunk: Uint8Array): void {
		this.delivered += chunk.byteLength;
		const end = chunk.subarray(-KEPT_BYTES);
		const kept = this.tail.subarray(
			Math.max(0, this.tail.byteLength + end.byteLength - KEPT_BYTES),
		);
		this.tail = Buffer.concat([kept, end]);
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

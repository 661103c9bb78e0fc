import type { Fault, Headers } from '../client';
import { errorAsContent } from '../http/answer';

/** What an API or a proxy says in place of a file is shorter than this. */
const MAX_SAID_BYTES = 16 * 1024;

/** What came is no file; the fault says what it is. */
export class NotTheFile extends Error {
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
export class Doubt {
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

import { isObject, textOrNull, tryParseJson } from '../../../jsonl/json';
import { LineTooLongError, readLineBatches } from '../../../jsonl/lines';
import type { ByteChunks, Line } from '../../../jsonl/lines';
import { RequestChecker } from '../../requests/requestChecker';
import { FileTotals } from './fileTotals';

export interface ValidateOptions {
	/** The endpoint of the future batch. Without it, all requests have to name the same endpoint. */
	endpoint?: string;
	/** How many errors the report lists; it counts all of them. By default 100. */
	maxErrors?: number;
}

export interface FileError {
	/** 1-based; null for an error of the whole file. */
	line: number | null;
	custom_id: string | null;
	code: string;
	message: string;
}

export interface FileReport {
	valid: boolean;
	requests: number;
	bytes: number;
	/** In the order of their first use, like the endpoints. */
	models: string[];
	endpoints: string[];
	error_count: number;
	errors: FileError[];
}

/** How many errors a report lists when nobody asks for another number. */
export const DEFAULT_MAX_ERRORS = 100;

/**
 * Checks a batch input file by the rules that the API applies after the upload. It reads the file
 * once, and keeps only the custom_ids in memory. Never throws because of the content; an error of
 * the source is thrown on.
 */
export async function validateRequests(
	chunks: ByteChunks,
	options: ValidateOptions = {},
): Promise<FileReport> {
	const validation = new FileValidation(options);
	const failure = await validation.read(chunks).then(
		() => undefined,
		(error: unknown) => error,
	);
	if (failure instanceof LineTooLongError) validation.addEndless(failure);
	else if (failure !== undefined) throw failure;
	return validation.finish();
}

/** How many bytes `foreignFormat` needs. */
const HEAD_BYTES = 4;

const UTF8_ADVICE = 'Save it as UTF-8.';

/** The first bytes of files that people upload by mistake. JSONL starts with `{` or a UTF-8 BOM. */
const MAGIC: ReadonlyArray<readonly [readonly number[], string]> = [
	[[0x1f, 0x8b], 'The file is compressed with gzip. Unpack it first.'],
	[
		[0x50, 0x4b, 0x03, 0x04],
		'The file is a ZIP archive or an Excel workbook. JSONL is plain text: unpack the archive, or save the rows as JSONL.',
	],
	[[0xff, 0xfe], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0xfe, 0xff], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x7b, 0x00], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x00, 0x7b], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
];

/** Why a file that starts with these bytes is not JSONL; undefined if it may be. */
function foreignFormat(head: Uint8Array): string | undefined {
	return MAGIC.find(([magic]) => magic.every((byte, at) => head[at] === byte))?.[1];
}

/** How to correct a line that is not JSON, in a sentence with a space before it; '' if unknown. */
function jsonHint(text: string): string {
	const line = text.trim();
	if (line === '[' || line === '{') {
		return ' The file looks like one JSON document. In JSONL, each request is complete on one line, without a list around them.';
	}
	if (line.endsWith('},')) return ' Remove the commas between the lines.';
	if (/^\{.*\}\s*\{.*\}$/s.test(line)) return ' Put a line break between two requests.';
	return '';
}

/** Collects the report while the file is read. */
class FileValidation {
	private readonly checker: RequestChecker;
	private readonly totals: FileTotals;
	private readonly errors: FileError[] = [];
	private readonly maxErrors: number;
	private errorCount = 0;
	/** Why the file is not JSONL at all. */
	private foreign: string | undefined;

	constructor(options: ValidateOptions) {
		this.checker = new RequestChecker({ endpoint: options.endpoint });
		this.totals = new FileTotals(options.endpoint);
		this.maxErrors = options.maxErrors ?? DEFAULT_MAX_ERRORS;
	}

	async read(chunks: ByteChunks): Promise<void> {
		for await (const lines of readLineBatches(this.watch(chunks))) {
			for (const line of lines) this.addLine(line);
		}
	}

	/** Nothing after such a line can be read, so the counts end there. */
	addEndless({ line, message }: LineTooLongError): void {
		this.totals.requests++;
		this.report(line, null, 'invalid_json_line', `${message} The check stopped here.`);
	}

	finish(): FileReport {
		const { requests, bytes, models, endpoints } = this.totals;
		const ofFile = this.fileErrors();
		const count = this.errorCount + ofFile.length;
		return {
			valid: count === 0,
			requests,
			bytes,
			models: [...models],
			endpoints: [...endpoints],
			error_count: count,
			errors: [...ofFile, ...this.errors].slice(0, this.maxErrors),
		};
	}

	private report(line: number, custom_id: string | null, code: string, message: string): void {
		this.errorCount++;
		if (this.errors.length < this.maxErrors) this.errors.push({ line, custom_id, code, message });
	}

	/** Counts the bytes. Of a file that is not text it yields nothing, because no line can be right. */
	private async *watch(chunks: ByteChunks): AsyncGenerator<Uint8Array, void, undefined> {
		let head: Uint8Array = new Uint8Array();
		let isJudged = false;
		for await (const chunk of chunks) {
			this.totals.bytes += chunk.length;
			if (isJudged) {
				if (this.foreign === undefined) yield chunk;
				continue;
			}
			head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
			if (head.length < HEAD_BYTES) continue;
			isJudged = true;
			yield* this.judged(head);
		}
		if (!isJudged) yield* this.judged(head);
	}

	private addLine({ line, text, invalidUtf8 }: Line): void {
		this.totals.requests++;
		const parsed = tryParseJson(text);
		if (!parsed.ok) {
			const message = `This line is not parseable as valid JSON: ${parsed.message}.${jsonHint(text)}`;
			this.report(line, null, 'invalid_json_line', message);
			return;
		}
		const request = parsed.value;
		const id = isObject(request) ? textOrNull(request.custom_id) : null;
		if (invalidUtf8) {
			const message = 'This line has bytes that are not UTF-8. Save the file as UTF-8.';
			this.report(line, id, 'invalid_json_line', message);
		}
		for (const { code, message } of this.checker.check(request, line)) {
			this.report(line, id, code, message);
		}
		if (isObject(request)) this.totals.add(request);
	}

	/** The start of the file, unless it shows that the file is not JSONL. */
	private judged(head: Uint8Array): Uint8Array[] {
		this.foreign = foreignFormat(head);
		return this.foreign === undefined ? [head] : [];
	}

	/** These come before the errors of lines, so that a long list does not hide them. */
	private fileErrors(): FileError[] {
		const issues =
			this.foreign === undefined
				? this.totals.check()
				: [{ code: 'invalid_file_format', message: this.foreign }];
		return issues.map(({ code, message }) => ({ line: null, custom_id: null, code, message }));
	}
}

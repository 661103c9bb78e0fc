import { FileTotals } from './fileTotals';
import { RequestChecker } from '../../requests/requestChecker';
import { foreignFormat, HEAD_BYTES, jsonHint } from './fileFormat';
import { isObject, textOrNull, tryParseJson } from '../../../jsonl/json';
import { LineTooLongError, readLineBatches } from '../../../jsonl/lines';
import type { ByteChunks, Line } from '../../../jsonl/lines';

export interface ValidateOptions {
	/** The endpoint of the batch-to-be; without it all requests must have the same url. */
	endpoint?: string;
	/** How many errors are listed; all are counted. */
	maxErrors?: number;
}

export interface FileError {
	/** 1-based; null when the whole file is meant. */
	line: number | null;
	custom_id: string | null;
	code: string;
	message: string;
}

export interface FileReport {
	valid: boolean;
	requests: number;
	bytes: number;
	/** In the order of their first use, as the endpoints are. */
	models: string[];
	endpoints: string[];
	error_count: number;
	errors: FileError[];
}

/**
 * Checks a batch input file as the API will after the upload, in one pass with memory for its
 * custom_ids only. Never throws because of the content; an error of the source passes through.
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

/** The report in the making. */
class FileValidation {
	private readonly checker: RequestChecker;
	private readonly totals: FileTotals;
	private readonly errors: FileError[] = [];
	private readonly maxErrors: number;
	private errorCount = 0;
	/** Why the file is no JSONL at all. */
	private foreign: string | undefined;

	constructor(options: ValidateOptions) {
		this.checker = new RequestChecker({ endpoint: options.endpoint });
		this.totals = new FileTotals(options.endpoint);
		this.maxErrors = options.maxErrors ?? 100;
	}

	async read(chunks: ByteChunks): Promise<void> {
		for await (const lines of readLineBatches(this.watch(chunks))) {
			for (const line of lines) this.addLine(line);
		}
	}

	/** Nothing after such a line can be read, so the counts end here. */
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

	/** Counts the bytes; of a file that is no text it passes nothing on, since no line could be right. */
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

	/** The start of the file, unless it shows that the rest is no JSONL. */
	private judged(head: Uint8Array): Uint8Array[] {
		this.foreign = foreignFormat(head);
		return this.foreign === undefined ? [head] : [];
	}

	/** Named before the lines, so that a long list does not hide them. */
	private fileErrors(): FileError[] {
		const issues =
			this.foreign === undefined
				? this.totals.check()
				: [{ code: 'invalid_file_format', message: this.foreign }];
		return issues.map(({ code, message }) => ({ line: null, custom_id: null, code, message }));
	}
}

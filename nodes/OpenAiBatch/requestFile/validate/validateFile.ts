import type { Issue } from '../../../jsonl/json';
import { FormatGuard, unparseable } from '../../../jsonl/fileFormat';
import { isObject, textOrNull, tryParseJson } from '../../../jsonl/json';
import { LineTooLongError, readLineBatches } from '../../../jsonl/lines';
import type { ByteChunks, Line } from '../../../jsonl/lines';
import { RequestChecker } from '../../requests/requestChecker';
import type { FileLimits } from './fileTotals';
import { FileTotals } from './fileTotals';

export interface ValidateOptions extends FileLimits {
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
	/** What the server may accept, in whole sentences. A file with hints is valid. */
	hints: string[];
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

/** Collects the report while the file is read. */
class FileValidation {
	private readonly checker: RequestChecker;
	private readonly totals: FileTotals;
	private readonly errors: FileError[] = [];
	private readonly maxErrors: number;
	private readonly format = new FormatGuard();
	private errorCount = 0;

	constructor(options: ValidateOptions) {
		const { endpoint, server } = options;
		this.checker = new RequestChecker({ endpoint, server });
		this.totals = new FileTotals(options);
		this.maxErrors = options.maxErrors ?? DEFAULT_MAX_ERRORS;
	}

	async read(chunks: ByteChunks): Promise<void> {
		for await (const lines of readLineBatches(this.format.pass(this.counted(chunks)))) {
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
		const issues = this.fileIssues();
		const ofFile = issues
			.filter(({ isHint }) => !isHint)
			.map(({ code, message }) => ({ line: null, custom_id: null, code, message }));
		const hints = issues
			.filter(({ isHint }) => isHint)
			.map(
				({ message }) => `OpenAI would refuse the file: ${message} Another server may accept it.`,
			);
		const count = this.errorCount + ofFile.length;
		return {
			valid: count === 0,
			requests,
			bytes,
			models: [...models],
			endpoints: [...endpoints],
			error_count: count,
			errors: [...ofFile, ...this.errors].slice(0, this.maxErrors),
			hints: [...hints, ...this.checker.hints(requests)],
		};
	}

	private report(line: number, custom_id: string | null, code: string, message: string): void {
		this.errorCount++;
		if (this.errors.length < this.maxErrors) this.errors.push({ line, custom_id, code, message });
	}

	private async *counted(chunks: ByteChunks): AsyncGenerator<Uint8Array, void, undefined> {
		for await (const chunk of chunks) {
			this.totals.bytes += chunk.length;
			yield chunk;
		}
	}

	private addLine({ line, text, invalidUtf8 }: Line): void {
		this.totals.requests++;
		const parsed = tryParseJson(text);
		if (!parsed.ok) {
			this.report(line, null, 'invalid_json_line', unparseable(text, parsed.message));
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

	/** These come before the errors of lines, so that a long list does not hide them. */
	private fileIssues(): Issue[] {
		const { foreign } = this.format;
		return foreign === undefined
			? this.totals.check()
			: [{ code: 'invalid_file_format', message: foreign }];
	}
}

import { modelOf, RequestChecker } from './checks/requestChecker';
import { embeddingInputs } from './checks/embeddings';
import { familyOf, withoutVersion } from './endpoints';
import { foreignFormat, HEAD_BYTES, jsonHint } from './fileFormat';
import { isObject, textOrNull, tryParseJson } from './json';
import type { JsonObject } from './json';
import { LineTooLongError, readLineBatches } from './lines';
import type { ByteChunks, Line } from './lines';

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

/** OpenAI's limits for one batch input file. */
const MAX_REQUESTS = 50_000;
const MAX_BYTES = 209_715_200;
const MAX_EMBEDDING_INPUTS = 50_000;

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
	private readonly models = new Set<string>();
	private readonly endpoints = new Set<string>();
	private readonly errors: FileError[] = [];
	private readonly maxErrors: number;
	private errorCount = 0;
	private requests = 0;
	private bytes = 0;
	private embeddingInputs = 0;
	/** Why the file is no JSONL at all. */
	private foreign: string | undefined;

	constructor(private readonly options: ValidateOptions) {
		this.checker = new RequestChecker({ endpoint: options.endpoint });
		this.maxErrors = options.maxErrors ?? 100;
	}

	async read(chunks: ByteChunks): Promise<void> {
		for await (const lines of readLineBatches(this.watch(chunks))) {
			for (const line of lines) this.addLine(line);
		}
	}

	/** Nothing after such a line can be read, so the counts end here. */
	addEndless({ line, message }: LineTooLongError): void {
		this.requests++;
		this.report(line, null, 'invalid_json_line', `${message} The check stopped here.`);
	}

	finish(): FileReport {
		const ofFile = this.fileErrors();
		const count = this.errorCount + ofFile.length;
		return {
			valid: count === 0,
			requests: this.requests,
			bytes: this.bytes,
			models: [...this.models],
			endpoints: [...this.endpoints],
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
			this.bytes += chunk.length;
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
		this.requests++;
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
		if (isObject(request)) this.note(request);
	}

	/** The start of the file, unless it shows that the rest is no JSONL. */
	private judged(head: Uint8Array): Uint8Array[] {
		this.foreign = foreignFormat(head);
		return this.foreign === undefined ? [head] : [];
	}

	private note(request: JsonObject): void {
		const url = textOrNull(request.url);
		const model = modelOf(request.body);
		if (url !== null) this.endpoints.add(url);
		if (model !== undefined) this.models.add(model);
		const family = familyOf(this.options.endpoint ?? url ?? '');
		if (family === '/embeddings' && isObject(request.body)) {
			this.embeddingInputs += embeddingInputs(request.body);
		}
	}

	/** What no line alone shows; named before the lines, so that a long list does not hide it. */
	private fileErrors(): FileError[] {
		if (this.foreign !== undefined) return [ofFile('invalid_file_format', this.foreign)];
		const { requests, bytes, embeddingInputs: inputs } = this;
		const models = [...this.models];
		const endpoints = new Set([...this.endpoints].map(withoutVersion));
		const isMixed = this.options.endpoint === undefined && endpoints.size > 1;
		const found: Array<FileError | false> = [
			requests === 0 && ofFile('empty_file', 'The file has no requests.'),
			requests > MAX_REQUESTS &&
				ofFile('too_many_requests', tooMany(requests, MAX_REQUESTS, 'requests')),
			bytes > MAX_BYTES && ofFile('file_too_large', tooMany(bytes, MAX_BYTES, 'bytes')),
			inputs > MAX_EMBEDDING_INPUTS &&
				ofFile(
					'too_many_embedding_inputs',
					tooMany(inputs, MAX_EMBEDDING_INPUTS, 'embedding inputs'),
				),
			models.length > 1 &&
				ofFile(
					'mismatched_model',
					`The requests name ${models.length} models (${someOf(models)}). Make a file for each model.`,
				),
			isMixed &&
				ofFile(
					'invalid_url',
					`The requests have ${endpoints.size} urls (${someOf(this.endpoints)}). Make a file for each endpoint.`,
				),
		];
		return found.filter((error) => error !== false);
	}
}

function ofFile(code: string, message: string): FileError {
	return { line: null, custom_id: null, code, message };
}

function tooMany(value: number, max: number, unit: string): string {
	return `The file has ${value} ${unit}, more than the ${max} that a batch may have. Split it.`;
}

function someOf(names: Iterable<string>): string {
	const all = [...names];
	return all.slice(0, 5).join(', ') + (all.length > 5 ? ', …' : '');
}

import type { JsonObject } from './json';
import { MAX_BYTES } from './lines';

/** One line of a batch input file. */
export interface RequestLine {
	custom_id: string;
	method: string;
	url: string;
	body: JsonObject;
}

/** A request that JSON cannot express: it is circular, has a BigInt, has no body, … */
export class RequestSerializationError extends Error {
	constructor(
		readonly customId: string,
		reason: string,
	) {
		super(`The request '${customId}' cannot be written as JSON: ${reason}`);
		this.name = 'RequestSerializationError';
	}
}

/**
 * One request as a line of JSONL, without the line break; its size in the file is
 * `Buffer.byteLength(line) + 1`. The keys have the API's own order, and other keys of the object
 * are left out. Own keys of the body such as `__proto__` are kept.
 *
 * @throws RequestSerializationError
 */
export function serializeRequest(line: RequestLine): string {
	const { custom_id, method, url, body } = line;
	let reason = 'its body is not an object.';
	try {
		const text = JSON.stringify({ custom_id, method, url, body });
		// JSON leaves out a body that it cannot express, such as a function.
		if (text.endsWith('}}')) return text;
	} catch (error) {
		reason = (error as Error).message;
	}
	throw new RequestSerializationError(String(custom_id), reason);
}

/** OpenAI's limit for one batch, beside that of its file. Compatible servers may have others. */
export const MAX_REQUESTS = 50_000;
/** Of all embeddings requests of a batch together. */
export const MAX_EMBEDDING_INPUTS = 50_000;

/** What counts against the limits of a part. */
export interface RequestSize {
	/** Bytes of its line, with the line break. */
	bytes: number;
	model?: string;
	embeddingInputs?: number;
	/** Estimated; needed only with `maxTokens`. */
	tokens?: number;
	/** Of the line with the fields that are kept of its row, which go into a file of their own. */
	rowBytes?: number;
}

export interface PartLimits {
	maxRequests?: number;
	/** Of each file of the part. */
	maxBytes?: number;
	/** OpenAI counts the inputs of all embedding requests of a batch together. */
	maxEmbeddingInputs?: number;
	/** Without it there is no limit. */
	maxTokens?: number;
}

/** One part, which becomes one file and one batch. */
export interface Part {
	readonly model: string | undefined;
	readonly requests: number;
	readonly bytes: number;
	readonly embeddingInputs: number;
	readonly tokens: number;
	/** Of the kept fields, with the head of their file; 0 where nothing of the rows is kept. */
	readonly rowBytes: number;
	/**
	 * Which requests it has, as the first and last position (0-based, in the order they were added)
	 * of each run of requests, one run after the other: a run takes two numbers, however long it is.
	 */
	readonly ranges: readonly number[];
}

type Measure = 'requests' | 'bytes' | 'embeddingInputs' | 'tokens' | 'rowBytes';
type Measures = Record<Measure, number>;

const MEASURES: readonly Measure[] = ['requests', 'bytes', 'embeddingInputs', 'tokens', 'rowBytes'];
const NAMES: Record<Measure, string> = {
	requests: 'requests',
	bytes: 'bytes',
	embeddingInputs: 'embedding inputs',
	tokens: 'estimated tokens',
	rowBytes: 'bytes of kept fields',
};

/** A request that is over a limit of a part by itself. */
export class RequestTooLargeError extends Error {
	constructor(
		/** 0-based, in the order the requests were added. */
		readonly position: number,
		readonly measure: Measure,
		readonly value: number,
		readonly max: number,
	) {
		super(
			`A single request has ${value} ${NAMES[measure]}, more than the ${max} that a batch may have. ${measure === 'rowBytes' ? 'Keep fewer fields' : 'Make the request smaller'}.`,
		);
		this.name = 'RequestTooLargeError';
	}
}

/**
 * Divides requests into parts, each within the limits and with one model. OpenAI's limits are
 * 50,000 requests, 209,715,200 bytes, 50,000 embedding inputs and one model for each file. Each
 * model has one open part, which other models in between do not close. Within a part the requests
 * keep their order, and the parts have the order of their first requests, so the parts of one
 * model, one after the other, are its requests in the order they came.
 */
export class PartPlanner {
	private readonly max: Measures;
	/** What a part has before its first request. */
	private readonly empty: Measures;
	private readonly planned: MutablePart[] = [];
	/** The part that takes the next request of a model, by index. */
	private readonly open = new Map<string | undefined, number>();
	private position = 0;

	/** @param rowHeadBytes what the file with the kept fields of the rows has before the first of them */
	constructor(limits: PartLimits = {}, rowHeadBytes = 0) {
		this.max = {
			requests: limits.maxRequests ?? MAX_REQUESTS,
			bytes: limits.maxBytes ?? MAX_BYTES,
			embeddingInputs: limits.maxEmbeddingInputs ?? MAX_EMBEDDING_INPUTS,
			tokens: limits.maxTokens ?? Infinity,
			rowBytes: limits.maxBytes ?? MAX_BYTES,
		};
		this.empty = { requests: 0, bytes: 0, embeddingInputs: 0, tokens: 0, rowBytes: rowHeadBytes };
	}

	/**
	 * Places the next request and returns the index of its part in `parts`.
	 *
	 * @throws RequestTooLargeError; the request is then in no part, but it has used its position
	 */
	add(request: RequestSize): number {
		const size: Measures = {
			requests: 1,
			bytes: request.bytes,
			embeddingInputs: request.embeddingInputs ?? 0,
			tokens: request.tokens ?? 0,
			rowBytes: request.rowBytes ?? 0,
		};
		for (const measure of MEASURES) {
			const alone = this.empty[measure] + size[measure];
			if (alone > this.max[measure]) {
				const position = this.position++;
				throw new RequestTooLargeError(position, measure, alone, this.max[measure]);
			}
		}
		const index = this.partFor(request.model, size);
		place(this.planned[index], size, this.position++);
		return index;
	}

	/** Leaves out the position of a request that is in no part. */
	skip(): void {
		this.position++;
	}

	/** The parts so far. */
	get parts(): readonly Part[] {
		return this.planned;
	}

	private partFor(model: string | undefined, size: Measures): number {
		const index = this.open.get(model);
		if (index !== undefined && this.fits(this.planned[index], size)) return index;
		const next = this.planned.push({ ...this.empty, model, ranges: [] });
		this.open.set(model, next - 1);
		return next - 1;
	}

	private fits(part: Part, size: Measures): boolean {
		for (const measure of MEASURES) {
			// Not for a number that is none either.
			if (!(part[measure] + size[measure] <= this.max[measure])) return false;
		}
		return true;
	}
}

/** The positions of a part's requests, in order. */
export function* positionsOf(part: Part): Generator<number, void, undefined> {
	const { ranges } = part;
	for (let run = 0; run < ranges.length; run += 2) {
		for (let position = ranges[run]; position <= ranges[run + 1]; position++) yield position;
	}
}

type MutablePart = { model: string | undefined; ranges: number[] } & Measures;

function place(part: MutablePart, size: Measures, position: number): void {
	for (const measure of MEASURES) part[measure] += size[measure];
	const { ranges } = part;
	if (ranges.at(-1) === position - 1) ranges[ranges.length - 1] = position;
	else ranges.push(position, position);
}

import type { JsonObject } from './json';

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

/** OpenAI's limits for one batch and its input file. Compatible servers may have others. */
export const MAX_REQUESTS = 50_000;
export const MAX_BYTES = 209_715_200;
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
	/** 0 where nothing of the rows is kept. */
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
	private readonly planned: MutablePart[] = [];
	/** The part that takes the next request of a model, by index. */
	private readonly open = new Map<string | undefined, number>();
	private position = 0;

	constructor(limits: PartLimits = {}) {
		this.max = {
			requests: limits.maxRequests ?? MAX_REQUESTS,
			bytes: limits.maxBytes ?? MAX_BYTES,
			embeddingInputs: limits.maxEmbeddingInputs ?? MAX_EMBEDDING_INPUTS,
			tokens: limits.maxTokens ?? Infinity,
			rowBytes: limits.maxBytes ?? MAX_BYTES,
		};
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
			if (size[measure] > this.max[measure]) {
				const position = this.position++;
				throw new RequestTooLargeError(position, measure, size[measure], this.max[measure]);
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
		const next = this.planned.push({
			model,
			requests: 0,
			bytes: 0,
			embeddingInputs: 0,
			tokens: 0,
			rowBytes: 0,
			ranges: [],
		});
		this.open.set(model, next - 1);
		return next - 1;
	}

	private fits(part: Part, size: Measures): boolean {
		return MEASURES.every((measure) => part[measure] + size[measure] <= this.max[measure]);
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

/** So many small tables grow one at a time: a single large one would stop n8n while it grows. */
const TABLES = 256;
const FIRST_SLOTS = 16;
/** A table grows when more of its slots are taken. */
const MAX_LOAD = 0.75;

/**
 * Remembers which ids there were by 64 bits of each, in 11 to 21 bytes of memory whatever their
 * length. So it may call an id known that is not: among ten million ids with a probability of 1 to
 * 370,000. Read the ids again to know for certain, or all of them with another seed.
 */
export class IdTable {
	/** Pairs of 32 bits; a pair of zeros is free. */
	private readonly slots: Uint32Array[] = [];
	private readonly counts = new Uint32Array(TABLES);

	/** @param seed ids that look the same with one seed look different with another */
	constructor(private readonly seed: number) {
		for (let index = 0; index < TABLES; index++) {
			this.slots.push(new Uint32Array(2 * FIRST_SLOTS));
		}
	}

	/** Adds an id. Returns false if it, or perhaps another one, was added before. */
	add(id: string): boolean {
		const [high, low] = this.hash(id);
		const index = high >>> 24;
		if (!insert(this.slots[index], high, low)) return false;
		const used = ++this.counts[index];
		if (used > (this.slots[index].length / 2) * MAX_LOAD) {
			this.slots[index] = grown(this.slots[index]);
		}
		return true;
	}

	protected hash(id: string): readonly [high: number, low: number] {
		return hashOf(id, this.seed);
	}
}

/** Two hashes of 32 bits in the way of MurmurHash3, with constants of their own. Never two zeros. */
export function hashOf(id: string, seed: number): readonly [high: number, low: number] {
	let high = seed ^ 0x9e3779b9;
	let low = Math.imul(seed + 1, 0x85ebca6b);
	for (let at = 0; at < id.length; at++) {
		const code = id.charCodeAt(at);
		high = mix(high, code, 0xcc9e2d51, 0x1b873593);
		low = mix(low, code, 0x239b961b, 0xab0e9789);
	}
	high = finish(high ^ id.length);
	low = finish(low ^ high);
	// A pair of zeros would be a free slot.
	return [high, high === 0 && low === 0 ? 1 : low];
}

function mix(hash: number, code: number, first: number, second: number): number {
	let key = Math.imul(code + 1, first);
	key = Math.imul((key << 15) | (key >>> 17), second);
	const mixed = hash ^ key;
	return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
	let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Returns false if the pair is there already. */
function insert(slots: Uint32Array, high: number, low: number): boolean {
	const mask = slots.length / 2 - 1;
	for (let slot = low & mask; ; slot = (slot + 1) & mask) {
		const at = 2 * slot;
		if (slots[at] === 0 && slots[at + 1] === 0) {
			slots[at] = high;
			slots[at + 1] = low;
			return true;
		}
		if (slots[at] === high && slots[at + 1] === low) return false;
	}
}

function grown(slots: Uint32Array): Uint32Array {
	const larger = new Uint32Array(2 * slots.length);
	for (let at = 0; at < slots.length; at += 2) {
		if (slots[at] !== 0 || slots[at + 1] !== 0) insert(larger, slots[at], slots[at + 1]);
	}
	return larger;
}

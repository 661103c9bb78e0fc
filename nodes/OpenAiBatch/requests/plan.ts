import { createHash } from 'crypto';
import { embeddingInputs } from '../../endpoints/embeddingInputs';
import type { Issue } from '../../jsonl/issue';
import { modelOf, RequestChecker } from './requestChecker';
import { textOrNull } from '../../jsonl/json';
import type { RequestLine } from '../../jsonl/requestLine';
import { RequestSerializationError, serializeRequest } from '../../jsonl/requestLine';
import type { Part, PartLimits } from '../../jsonl/split';
import { PartPlanner, positionsOf, RequestTooLargeError } from '../../jsonl/split';
import type { TokenEstimate } from '../../endpoints/tokens';
import { estimateTokens } from '../../endpoints/tokens';
import type { ItemParameters } from '../parameters/itemParameters';
import { Breather } from '../shared/breather';
import { RequestProblem } from '../../endpoints/problem';
import type { RequestSource } from './requestSource';

/** Everything that keeps one input item from being submitted. */
export interface BadItem {
	itemIndex: number;
	issues: Issue[];
}

/** One file to upload and one batch to create. */
export interface PlannedPart {
	part: Part;
	/** A digest of the part's bytes, to know the same content again. */
	contentHash: string;
	/** The indexes of the input items in it, in order. */
	itemIndexes: () => Generator<number>;
	/** Its content from the beginning; the same bytes every time. */
	open: () => AsyncGenerator<Uint8Array>;
	tokens: TokenEstimate;
}

export interface Plan {
	parts: PlannedPart[];
	badItems: BadItem[];
}

export interface PlanOptions {
	endpoint: string;
	limits: PartLimits;
	/** Whether tokens are to be estimated although no limit needs them. */
	estimate: boolean;
}

/** Chunks of about this many bytes are sent at a time. */
const CHUNK_BYTES = 128 * 1024;

/**
 * The first of two passes over the items: makes, checks and measures every request and places it
 * in a part, and keeps none of them. The second pass, `open`, makes them again while they are
 * sent. Only what n8n had to evaluate by an expression of its own is kept as text in between:
 * it costs too much to do twice, and might come out differently.
 */
export class RequestPlanner {
	private readonly checker: RequestChecker;
	private readonly planner: PartPlanner;
	private readonly hashes: Array<ReturnType<typeof createHash>> = [];
	private readonly tokens: TokenEstimate[] = [];
	private readonly badItems: BadItem[] = [];
	/** The item of each position in the planner, which knows accepted requests only. */
	private readonly itemOf: number[] = [];
	private readonly kept = new Map<number, string>();

	constructor(
		private readonly source: RequestSource,
		private readonly parameters: ItemParameters,
		private readonly options: PlanOptions,
	) {
		this.checker = new RequestChecker({ endpoint: options.endpoint, unit: 'item' });
		this.planner = new PartPlanner(options.limits);
	}

	/** Plans all items. Cancelling ends it early: what follows notices that. */
	async plan(itemCount: number, cancelSignal: AbortSignal | undefined): Promise<Plan> {
		const breather = new Breather();
		for (let itemIndex = 0; itemIndex < itemCount && !cancelSignal?.aborted; itemIndex++) {
			const issues = this.add(itemIndex);
			if (issues.length > 0) this.badItems.push({ itemIndex, issues });
			if (breather.isDue) await breather.breathe();
		}
		return {
			parts: this.planner.parts.map((part, index) => this.part(part, index)),
			badItems: this.badItems,
		};
	}

	private add(itemIndex: number): Issue[] {
		const slowBefore = this.parameters.slowEvaluations;
		let customId: string | undefined;
		try {
			customId = this.source.customId(itemIndex);
			const request = this.source.request(itemIndex, customId);
			const issues = this.checker.check(request, itemIndex);
			if (issues.length > 0) return issues;
			const text = serializeRequest(request);
			this.place(itemIndex, request, text);
			if (this.parameters.slowEvaluations > slowBefore) this.kept.set(itemIndex, text);
			return [];
		} catch (error) {
			return [issueOf(error, customId)];
		}
	}

	private place(itemIndex: number, { body }: RequestLine, text: string): void {
		const { endpoint, estimate, limits } = this.options;
		const isEstimated = estimate || limits.maxTokens !== undefined;
		const tokens = isEstimated ? estimateTokens(body, endpoint) : undefined;
		this.itemOf.push(itemIndex);
		const index = this.planner.add({
			bytes: Buffer.byteLength(text) + 1,
			model: modelOf(body),
			embeddingInputs: endpoint.endsWith('/embeddings') ? embeddingInputs(body) : 0,
			tokens: tokens && tokens.input_tokens + (tokens.output_tokens ?? 0),
		});
		this.hashes[index] ??= createHash('sha256');
		this.hashes[index].update(`${text}\n`);
		if (tokens) this.tokens[index] = addTokens(this.tokens[index], tokens);
	}

	private part(part: Part, index: number): PlannedPart {
		const itemIndexes = () => mapped(positionsOf(part), (position) => this.itemOf[position]);
		return {
			part,
			contentHash: this.hashes[index].digest('hex'),
			itemIndexes,
			open: () => this.content(itemIndexes()),
			tokens: this.tokens[index] ?? { input_tokens: 0, output_tokens: 0 },
		};
	}

	private async *content(itemIndexes: Iterable<number>): AsyncGenerator<Uint8Array> {
		const breather = new Breather();
		let text = '';
		for (const itemIndex of itemIndexes) {
			text += `${this.kept.get(itemIndex) ?? this.lineOf(itemIndex)}\n`;
			if (text.length < CHUNK_BYTES) continue;
			yield Buffer.from(text);
			text = '';
			if (breather.isDue) await breather.breathe();
		}
		if (text !== '') yield Buffer.from(text);
	}

	private lineOf(itemIndex: number): string {
		const customId = this.source.customId(itemIndex);
		return serializeRequest(this.source.request(itemIndex, customId));
	}
}

/** The estimates of several requests together. */
export function addTokens(sum: TokenEstimate | undefined, more: TokenEstimate): TokenEstimate {
	if (!sum) return more;
	const isOpen = sum.output_tokens === null || more.output_tokens === null;
	return {
		input_tokens: sum.input_tokens + more.input_tokens,
		output_tokens: isOpen ? null : sum.output_tokens! + more.output_tokens!,
	};
}

function* mapped<T, U>(values: Iterable<T>, convert: (value: T) => U): Generator<U> {
	for (const value of values) yield convert(value);
}

/** What a request that could not be made, written or placed is refused for. */
function issueOf(error: unknown, customId: string | undefined): Issue {
	const issue = { message: (error as Error).message, custom_id: textOrNull(customId) ?? undefined };
	if (error instanceof RequestTooLargeError) return { ...issue, code: 'request_too_large' };
	if (error instanceof RequestSerializationError) return { ...issue, code: 'invalid_json_line' };
	const param = error instanceof RequestProblem ? error.param : undefined;
	return { ...issue, code: 'invalid_value', param };
}

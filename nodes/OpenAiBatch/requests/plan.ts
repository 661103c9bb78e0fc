import { createHash } from 'crypto';
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { fieldLabel } from './request.properties';
import { modelOf, RequestChecker } from './requestChecker';
import type { RequestSource } from './requestSource';
import { requestSource } from './requestSource';
import type { TokenEstimate } from '../../endpoints';
import { addTokens, endpointOf, estimateTokens, NO_TOKENS } from '../../endpoints';
import type { Endpoint, Server } from '../../endpoints/endpoint';
import { RequestProblem } from '../../endpoints/endpoint';
import type { Issue } from '../../jsonl/fieldChecks';
import type { SizeOfImage } from '../../endpoints/imageTokens';
import type { JsonObject } from '../../jsonl/json';
import { textOrNull } from '../../jsonl/json';
import type { Part, PartLimits, RequestLine } from '../../jsonl/split';
import {
	PartPlanner,
	positionsOf,
	RequestSerializationError,
	RequestTooLargeError,
	serializeRequest,
} from '../../jsonl/split';
import { ItemParameters, OBJECT_TEXT } from '../parameters/itemParameters';
import { Breather, failedItem } from '../shared/operation';

/** An input item, or a line of its file, that cannot be submitted, and all that is wrong with it. */
export interface BadItem {
	itemIndex: number;
	/** The 1-based line of its file. */
	line?: number;
	issues: Issue[];
}

/** One file to upload and one batch to create. */
export interface PlannedPart {
	part: Part;
	/** A hash for the part's bytes, by which the same content is recognized. */
	contentHash: string;
	/** The indexes of its input items, in order. */
	itemIndexes: () => Iterable<number>;
	/** Its content from the beginning, which the signal ends; the same bytes every time. */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
	tokens: TokenEstimate;
}

export interface Plan {
	parts: PlannedPart[];
	badItems: BadItem[];
	/** How many more are bad: of files, not all are listed. */
	unlisted: number;
	/** How many items or lines there are, good and bad. */
	total: number;
	/** A file cannot be read to its end, so that nothing of it may be submitted. */
	isBroken?: boolean;
	/** What the server may accept, but the user should know, in whole sentences. */
	hints: string[];
}

export interface PlanOptions {
	endpoint: string;
	/** Whose rules the requests are checked by. */
	server: Server;
	limits: PartLimits;
	/** Whether to estimate tokens although no limit needs them. */
	estimate: boolean;
}

/** About how many bytes are sent at a time. */
export const CHUNK_BYTES = 128 * 1024;

/** How many bad items an error lists; it counts the others. */
const LISTED = 20;

/** What is known of a part without its content. */
export type MeasuredPart = Pick<PlannedPart, 'part' | 'contentHash' | 'tokens'>;

/** Places requests in parts, and measures and hashes what each part will hold. */
export class MeasuredParts {
	private readonly planner: PartPlanner;
	private readonly hashes: Array<ReturnType<typeof createHash>> = [];
	private readonly tokens: TokenEstimate[] = [];
	private readonly endpoint: Endpoint | undefined;
	private readonly isEstimated: boolean;

	constructor({ endpoint, limits, estimate }: PlanOptions) {
		this.planner = new PartPlanner(limits);
		this.endpoint = endpointOf(endpoint);
		this.isEstimated = estimate || limits.maxTokens !== undefined;
	}

	/**
	 * Places the next request, and returns the index of its part.
	 *
	 * @param line its bytes with the line break, and a text that is the same for the same content
	 * @throws {RequestTooLargeError}
	 */
	add(
		body: JsonObject,
		{ bytes, identity, sizeOf }: { bytes: number; identity: string; sizeOf?: SizeOfImage },
	): number {
		const tokens = this.isEstimated ? estimateTokens(body, this.endpoint, sizeOf) : undefined;
		const index = this.planner.add({
			bytes,
			model: modelOf(body),
			embeddingInputs: this.endpoint?.embeddingInputs(body),
			tokens: tokens && tokens.input_tokens + (tokens.output_tokens ?? 0),
		});
		this.hashes[index] ??= createHash('sha256');
		this.hashes[index].update(`${identity}\n`);
		if (tokens) this.tokens[index] = addTokens(this.tokens[index] ?? NO_TOKENS, tokens);
		return index;
	}

	/** Leaves out the position of a request that is in no part. */
	skip(): void {
		this.planner.skip();
	}

	/** All parts. Nothing can be added afterwards. */
	parts(): MeasuredPart[] {
		return this.planner.parts.map((part, index) => ({
			part,
			contentHash: this.hashes[index].digest('hex'),
			tokens: this.tokens[index] ?? NO_TOKENS,
		}));
	}
}

/** From this many slow evaluations on, a hint explains how to make them fast. */
const SLOW_HINT_FROM = 2_000;

/**
 * Plans requests in the first of two passes over the items: it makes, checks and measures every
 * request, places it in a part, and does not keep it. The second pass, `open`, makes the requests
 * again while they are sent. Only a request for which n8n itself had to evaluate an expression is
 * kept as text: doing that twice is slow, and could give another result.
 */
export class RequestPlanner {
	private readonly checker: RequestChecker;
	private readonly measured: MeasuredParts;
	private readonly badItems: BadItem[] = [];
	/** The item at each position of the planner, which has only accepted requests. */
	private readonly itemOf: number[] = [];
	private readonly kept = new Map<number, string>();
	/** How many prompts insert nothing somewhere, and the first of them. */
	private empty: { prompts: number; first: number; code: string } | undefined;

	constructor(
		private readonly source: RequestSource,
		private readonly parameters: ItemParameters,
		options: PlanOptions,
	) {
		const { endpoint, server } = options;
		this.checker = new RequestChecker({ endpoint, server, unit: 'item' });
		this.measured = new MeasuredParts(options);
	}

	/** Plans all items. A cancelled execution ends it early; the caller notices that itself. */
	async plan(itemCount: number, cancelSignal: AbortSignal | undefined): Promise<Plan> {
		const breather = new Breather();
		for (let itemIndex = 0; itemIndex < itemCount && !cancelSignal?.aborted; itemIndex++) {
			const slowBefore = this.parameters.slowEvaluations;
			const preparing = this.source.prepare?.(itemIndex);
			if (preparing) this.remember(await preparing, itemIndex);
			const issues = this.add(itemIndex, slowBefore);
			if (issues.length > 0) this.badItems.push({ itemIndex, issues });
			this.noteEmpty(itemIndex);
			if (breather.isDue) await breather.breathe();
		}
		return {
			parts: this.measured.parts().map((one) => this.part(one)),
			badItems: this.badItems,
			unlisted: 0,
			total: itemCount,
			hints: this.hints(itemCount),
		};
	}

	private remember(hints: string[], itemIndex: number): void {
		for (const hint of hints) this.checker.remember(hint, itemIndex);
	}

	private noteEmpty(itemIndex: number): void {
		const code = this.source.emptyInsertion?.(itemIndex);
		if (code === undefined) return;
		this.empty ??= { prompts: 0, first: itemIndex, code };
		this.empty.prompts++;
	}

	private hints(itemCount: number): string[] {
		const hints = this.checker.hints(itemCount);
		if (this.empty) {
			const { prompts, first, code } = this.empty;
			const insert = prompts === 1 ? 'inserts' : 'insert';
			hints.unshift(
				`${prompts} of ${itemCount} prompts ${insert} an empty field, first in item ${first}: {{ ${code} }}.`,
			);
		}
		return hints;
	}

	private add(itemIndex: number, slowBefore: number): Issue[] {
		let customId: string | undefined;
		try {
			customId = this.source.customId(itemIndex);
			const request = this.source.request(itemIndex, customId);
			const issues = this.checker.check(request, itemIndex);
			if (issues.length > 0) return issues;
			const text = serializeRequest(request);
			const problem = text.includes(OBJECT_TEXT) ? this.objectProblem(itemIndex) : undefined;
			if (problem) throw problem;
			this.place(itemIndex, request, text);
			if (this.parameters.slowEvaluations > slowBefore) this.kept.set(itemIndex, text);
			return [];
		} catch (error) {
			return [issueOf(error, customId)];
		}
	}

	/** Why '[object Object]' stands in a request, unless it was in the item's own texts. */
	private objectProblem(itemIndex: number): RequestProblem | undefined {
		const found = this.parameters.insertedObject(itemIndex);
		if (!found) return undefined;
		const code = found.code.length > 80 ? `${found.code.slice(0, 80)}…` : found.code;
		return new RequestProblem(
			`${fieldLabel(found.parameter)} has '${OBJECT_TEXT}' in its text, because an object is inserted there: {{ ${code} }}. Insert one of its fields, or use JSON.stringify().`,
			found.parameter,
		);
	}

	private place(itemIndex: number, { body }: RequestLine, text: string): void {
		const { files } = this.source;
		const hasFiles = files?.areIn(text);
		this.itemOf.push(itemIndex);
		this.measured.add(body, {
			bytes: (hasFiles ? files!.bytesOf(text) : Buffer.byteLength(text)) + 1,
			identity: hasFiles ? files!.identityOf(text) : text,
			sizeOf: files && ((url: string) => files.sizeOf(url)),
		});
	}

	private part(measured: MeasuredPart): PlannedPart {
		const itemIndexes = () =>
			mapped(positionsOf(measured.part), (position) => this.itemOf[position]);
		return { ...measured, itemIndexes, open: (signal) => this.content(itemIndexes(), signal) };
	}

	private async *content(
		itemIndexes: Iterable<number>,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Uint8Array> {
		const { files } = this.source;
		const breather = new Breather();
		let text = '';
		for (const itemIndex of itemIndexes) {
			const line = this.kept.get(itemIndex) ?? this.lineOf(itemIndex);
			text += `${line}\n`;
			// The lines before it have none, since a text with files is sent at once.
			const hasFiles = files?.areIn(line);
			if (text.length < CHUNK_BYTES && !hasFiles) continue;
			if (hasFiles) yield* files!.content(text, signal);
			else yield Buffer.from(text);
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

function* mapped<T, U>(values: Iterable<T>, convert: (value: T) => U): Generator<U> {
	for (const value of values) yield convert(value);
}

/** Why a request could not be made, written or placed. */
export function issueOf(error: unknown, customId: string | undefined): Issue {
	const issue = { message: (error as Error).message, custom_id: textOrNull(customId) ?? undefined };
	if (error instanceof RequestTooLargeError) return { ...issue, code: 'request_too_large' };
	if (error instanceof RequestSerializationError) return { ...issue, code: 'invalid_json_line' };
	const param = error instanceof RequestProblem ? error.param : undefined;
	return { ...issue, code: 'invalid_value', param };
}

/** The input items of a part, in the form in which n8n pairs them with its output item. */
export const pairedItemsOf = (part: PlannedPart) =>
	[...part.itemIndexes()].map((item) => ({ item }));

/** Plans all input items as the node's parameters say. */
export async function planItems(context: IExecuteFunctions, options: PlanOptions): Promise<Plan> {
	const parameters = new ItemParameters(context);
	const source = requestSource(context, parameters, options);
	const planner = new RequestPlanner(source, parameters, options);
	const itemCount = context.getInputData().length;
	const plan = await planner.plan(itemCount, context.getExecutionCancelSignal());
	if (parameters.slowEvaluations >= SLOW_HINT_FROM) {
		plan.hints.push(
			`${parameters.slowEvaluations} expressions were evaluated one by one, which keeps n8n busy. Expressions that only insert fields, such as {{ $json.title }}, are fast. Prepare all other values in an Edit Fields node before this node.`,
		);
	}
	for (const message of plan.hints) {
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return plan;
}

const placeOf = ({ itemIndex, line }: BadItem) =>
	line === undefined ? `Item ${itemIndex}` : `Item ${itemIndex}, line ${line}`;

/** One error for all that is bad, so that the user can correct all of it at once. */
export function badItemsError(
	context: IExecuteFunctions,
	{ badItems, unlisted, total }: Plan,
): NodeOperationError {
	const lines = badItems
		.slice(0, LISTED)
		.map((one) => `${placeOf(one)}: ${one.issues.map(({ message }) => message).join(' ')}`);
	const count = badItems.length + unlisted;
	if (count > lines.length) lines.push(`… and ${count - lines.length} more`);
	const [first] = badItems;
	const unit = first.line === undefined ? 'item' : 'line';
	return new NodeOperationError(
		context.getNode(),
		count === 1 && first.issues.length === 1
			? `${placeOf(first)} cannot be submitted: ${first.issues[0].message}`
			: `${count} of ${total} ${unit}${total === 1 ? '' : 's'} cannot be submitted; nothing was sent`,
		{ itemIndex: first.itemIndex, description: lines.join('<br>') },
	);
}

/** The output items of what is bad when the node continues on errors. */
export function badItemOutput(
	context: IExecuteFunctions,
	{ badItems, unlisted }: Plan,
): INodeExecutionData[] {
	const output = badItems.map(({ itemIndex, line, issues }) => {
		const { code, param, custom_id } = issues[0];
		const fields = { code, param: param ?? null, custom_id: custom_id ?? null };
		const message = issues.map((issue) => issue.message).join(' ');
		return badOutput(
			context,
			itemIndex,
			message,
			line === undefined ? fields : { line, ...fields },
		);
	});
	if (unlisted > 0) {
		const message = `${unlisted} more lines cannot be submitted`;
		output.push(badOutput(context, badItems[0].itemIndex, message, { more_lines: unlisted }));
	}
	return output;
}

function badOutput(context: IExecuteFunctions, itemIndex: number, message: string, fields: object) {
	const error = new NodeOperationError(context.getNode(), message, { itemIndex });
	return failedItem({ error: message, ...fields }, error, { item: itemIndex });
}

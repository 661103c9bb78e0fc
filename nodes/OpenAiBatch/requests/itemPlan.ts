import type { IExecuteFunctions } from 'n8n-workflow';
import { planFiles } from './filePlan';
import type { OpenFile, OpenOptions } from './inputFile';
import { openRequests } from './inputFile';
import type { BadItem, MeasuredPart, Plan, PlannedPart, PlanOptions } from './plan';
import { CHUNK_BYTES, EmptyPrompts, issueOf, KeptFields, keptLine, MeasuredParts } from './plan';
import { fieldLabel } from './request.properties';
import { RequestChecker } from './requestChecker';
import type { RequestSource } from './requestSource';
import { requestSource } from './requestSource';
import { openRows } from './rowsFile';
import { RequestProblem } from '../../endpoints/endpoint';
import type { Issue } from '../../jsonl/json';
import type { RequestLine } from '../../jsonl/split';
import { positionsOf, serializeRequest } from '../../jsonl/split';
import { ItemParameters, OBJECT_TEXT } from '../parameters/itemParameters';
import { Breather } from '../shared/operation';

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
	private readonly empty = new EmptyPrompts();

	constructor(
		private readonly source: RequestSource,
		private readonly parameters: ItemParameters,
		private readonly options: PlanOptions,
		/** The JSON of an item, of which fields may be kept. */
		private readonly rowOf: (itemIndex: number) => object = () => ({}),
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
			const code = this.source.emptyInsertion?.(itemIndex);
			if (code !== undefined) this.empty.note(`item ${itemIndex}`, `{{ ${code} }}`);
			if (breather.isDue) await breather.breathe();
		}
		return {
			parts: this.measured.parts().map((one) => this.part(one)),
			badItems: this.badItems,
			unlisted: 0,
			total: itemCount,
			hints: [...this.empty.hints(itemCount), ...this.checker.hints(itemCount)],
		};
	}

	private remember(hints: string[], itemIndex: number): void {
		for (const hint of hints) this.checker.remember(hint, itemIndex);
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

	private place(itemIndex: number, { body, custom_id }: RequestLine, text: string): void {
		const { files } = this.source;
		const hasFiles = files?.areIn(text);
		const row = this.options.keep && this.rowLine(itemIndex, custom_id);
		this.itemOf.push(itemIndex);
		this.measured.add(body, {
			bytes: (hasFiles ? files!.bytesOf(text) : Buffer.byteLength(text)) + 1,
			identity: hasFiles ? files!.identityOf(text) : text,
			row,
			sizeOf: files && ((url: string) => files.sizeOf(url)),
		});
	}

	private part({ rowsHash: contentHash, ...measured }: MeasuredPart): PlannedPart {
		const { part } = measured;
		const itemIndexes = () => mapped(positionsOf(part), (position) => this.itemOf[position]);
		return {
			...measured,
			itemIndexes,
			open: (signal) => this.content(itemIndexes(), signal),
			rows:
				contentHash === undefined
					? undefined
					: { contentHash, bytes: part.rowBytes, open: () => this.rows(itemIndexes()) },
		};
	}

	private rowLine(itemIndex: number, customId: string): string {
		return keptLine(customId, this.options.keep!.of(this.rowOf(itemIndex)));
	}

	private async *rows(itemIndexes: Iterable<number>): AsyncGenerator<Uint8Array> {
		const breather = new Breather();
		let text = '';
		for (const itemIndex of itemIndexes) {
			const line = this.kept.get(itemIndex);
			const customId =
				line === undefined
					? this.source.customId(itemIndex)
					: (JSON.parse(line) as RequestLine).custom_id;
			text += `${this.rowLine(itemIndex, customId)}\n`;
			if (text.length < CHUNK_BYTES) continue;
			yield Buffer.from(text);
			text = '';
			if (breather.isDue) await breather.breathe();
		}
		if (text !== '') yield Buffer.from(text);
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

/** Plans all input items as the node's parameters say. */
async function planItems(context: IExecuteFunctions, options: PlanOptions): Promise<Plan> {
	const parameters = new ItemParameters(context);
	const source = requestSource(context, parameters, options);
	const items = context.getInputData();
	const rowOf = (itemIndex: number) => items[itemIndex].json;
	const planner = new RequestPlanner(source, parameters, options, rowOf);
	const plan = await planner.plan(items.length, context.getExecutionCancelSignal());
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

/** How the file of an item is opened, by the request source. */
const FILE_SOURCES: Record<string, OpenFile> = { requestsFile: openRequests, rowsFile: openRows };

/** The parts of a ready-made line, which stand in the file of requests already. */
const PARTS_OF_LINES = ['custom_id', 'method', 'url', 'body'];

/**
 * Plans the requests of all input items, or of their files, as the node's parameters say.
 *
 * @param keepFields names of fields of the rows to keep; undefined for none
 * @throws {NodeOperationError} also for a name that no row has
 */
export async function planRequests(
	context: IExecuteFunctions,
	{ keepFields, ...given }: Omit<PlanOptions & OpenOptions, 'keep'> & { keepFields?: string[] },
): Promise<Plan> {
	const name = context.getNodeParameter('requestSource', 0) as string;
	const keep = keepFields && new KeptFields(keepFields, name === 'lines' ? PARTS_OF_LINES : []);
	const options = { ...given, keep };
	const plan = Object.hasOwn(FILE_SOURCES, name)
		? await planFiles(context, FILE_SOURCES[name], options)
		: await planItems(context, options);
	if (plan.parts.length > 0 && !context.getExecutionCancelSignal()?.aborted) keep?.check(context);
	return plan;
}

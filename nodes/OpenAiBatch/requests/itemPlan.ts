import type { IExecuteFunctions } from 'n8n-workflow';
import { planFiles } from './filePlan';
import type { OpenFile, OpenOptions } from './inputFile';
import { openRequests } from './inputFile';
import type { BadItem, MeasuredPart, Plan, PlannedPart, PlanOptions } from './plan';
import { InsertionNotes, issueOf, KeptFields, keptLine, MeasuredParts } from './plan';
import { fieldLabel, ITEM_ID } from './request.properties';
import { RequestChecker } from './requestChecker';
import type { RequestSource } from './requestSource';
import { requestSource } from './requestSource';
import { openRows } from './rowsFile';
import { RequestProblem } from '../../endpoints/endpoint';
import type { Issue } from '../../jsonl/json';
import { TextBlock } from '../../jsonl/lines';
import type { RequestLine } from '../../jsonl/split';
import { positionsOf, serializeRequest } from '../../jsonl/split';
import type { FoundCode } from '../parameters/itemParameters';
import { ItemParameters, OBJECT_TEXT, UNDEFINED_TEXT } from '../parameters/itemParameters';
import { Breather } from '../shared/operation';

/** From this many slow evaluations on, a hint explains how to make them fast. */
const SLOW_HINT_FROM = 2_000;

/** The fields of the panel whose values stand in a request as they are, by the API's names. */
const PARAMETER_OF: Readonly<Record<string, string>> = {
	custom_id: 'customId',
	'body.model': 'model',
};

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
	private readonly emptyInsertions: InsertionNotes;
	private readonly undefinedTexts = new InsertionNotes('requests', `'${UNDEFINED_TEXT}'`);

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
		this.emptyInsertions = new InsertionNotes(
			source.isBody ? 'bodies' : 'prompts',
			'an empty field',
		);
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
			const where = `item ${itemIndex}`;
			const code = this.undefinedTexts.isNoted(where)
				? undefined
				: this.source.emptyInsertion?.(itemIndex);
			if (code !== undefined) this.emptyInsertions.note(where, `{{ ${code} }}`);
			if (breather.isDue) await breather.breathe();
		}
		return {
			parts: this.measured.parts().map((one) => this.part(one)),
			badItems: this.badItems,
			unlisted: 0,
			total: itemCount,
			hints: [this.emptyInsertions, this.undefinedTexts, this.checker].flatMap((one) =>
				one.hints(itemCount),
			),
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
			if (issues.length > 0) return issues.map((issue) => this.withAbsent(issue, itemIndex));
			const text = serializeRequest(request);
			const problem = text.includes(OBJECT_TEXT) ? this.objectProblem(itemIndex) : undefined;
			if (problem) throw problem;
			if (text.includes(UNDEFINED_TEXT)) this.noteUndefined(itemIndex);
			this.place(itemIndex, request, text);
			if (this.parameters.slowEvaluations > slowBefore) this.kept.set(itemIndex, text);
			return [];
		} catch (error) {
			return [issueOf(this.explained(error as Error, itemIndex), customId)];
		}
	}

	/** The error with what its expression lacks, as far as that is known. */
	private explained(error: Error, itemIndex: number): Error {
		const { message } = error;
		if (error instanceof RequestProblem) {
			const { isEmpty, param } = error;
			const absent = isEmpty && this.parameters.absentField(itemIndex, param);
			return absent ? new RequestProblem(`${message} The item has no ${absent}.`, param) : error;
		}
		if (/\bsyntax\b/i.test(message)) {
			const early = this.parameters.codeThatEndsEarly();
			return early ? new RequestProblem(endsEarlyText(early), early.parameter) : error;
		}
		const absent = /Cannot read propert/.test(message) && this.parameters.absentField(itemIndex);
		return absent
			? new RequestProblem(`The item has no ${absent}, which an expression needs.`)
			: error;
	}

	/** The issue of a missing id or model with what the item lacks for it. */
	private withAbsent(issue: Issue, itemIndex: number): Issue {
		const name = issue.param && PARAMETER_OF[issue.param];
		const absent = name && this.parameters.absentField(itemIndex, name);
		return absent ? { ...issue, message: `${issue.message} The item has no ${absent}.` } : issue;
	}

	private noteUndefined(itemIndex: number): void {
		const found = this.parameters.inserted(UNDEFINED_TEXT, itemIndex);
		if (!found) return;
		const { parameter, code } = found;
		this.undefinedTexts.note(
			`item ${itemIndex}`,
			`${fieldLabel(parameter)}, {{ ${shortened(code)} }}`,
		);
	}

	/** Why '[object Object]' stands in a request, unless it was in the item's own texts. */
	private objectProblem(itemIndex: number): RequestProblem | undefined {
		const found = this.parameters.inserted(OBJECT_TEXT, itemIndex);
		if (!found) return undefined;
		const code = shortened(found.code);
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
		const block = new TextBlock();
		for (const itemIndex of itemIndexes) {
			const line = this.kept.get(itemIndex);
			const customId =
				line === undefined
					? this.source.customId(itemIndex)
					: (JSON.parse(line) as RequestLine).custom_id;
			block.addLine(this.rowLine(itemIndex, customId));
			if (!block.isFull) continue;
			yield block.take();
			if (breather.isDue) await breather.breathe();
		}
		if (!block.isEmpty) yield block.take();
	}

	private async *content(
		itemIndexes: Iterable<number>,
		signal: AbortSignal | undefined,
	): AsyncGenerator<Uint8Array> {
		const { files } = this.source;
		const breather = new Breather();
		const block = new TextBlock();
		for (const itemIndex of itemIndexes) {
			const line = this.kept.get(itemIndex) ?? this.lineOf(itemIndex);
			if (files?.areIn(line)) {
				if (!block.isEmpty) yield block.take();
				yield* files.content(`${line}\n`, signal);
			} else {
				block.addLine(line);
				if (!block.isFull) continue;
				yield block.take();
			}
			if (breather.isDue) await breather.breathe();
		}
		if (!block.isEmpty) yield block.take();
	}

	private lineOf(itemIndex: number): string {
		const customId = this.source.customId(itemIndex);
		return serializeRequest(this.source.request(itemIndex, customId));
	}
}

const shortened = (code: string) => (code.length > 80 ? `${code.slice(0, 80)}…` : code);

/** What is wrong with code that n8n ends before its own braces are closed. */
function endsEarlyText({ parameter, code }: FoundCode): string {
	const end = code.length > 30 ? `…${code.slice(-30)}` : code;
	return `${fieldLabel(parameter)} is not a valid expression. n8n ends an expression at the first }}, here after ${end}. Put a space between braces that belong to the code: } }.`;
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
	const named = parameters.fieldInBraces();
	if (named) {
		plan.hints.push(
			`${fieldLabel(named.parameter)} is set to Fixed, so {{ ${named.code} }} in it is sent as it stands. To insert the field of each item, switch it to Expression and write {{ $json.${named.code} }}.`,
		);
	}
	if (context.getMode() === 'manual') plan.hints.push(...editorHints(context, options));
	for (const message of plan.hints) {
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return plan;
}

/** From so many items on, n8n's editor is busy for tens of seconds when it shows them. */
const MANY_ITEMS = 20_000;

/** What only somebody who is at work in the editor has to know, and is not wrong. */
function editorHints(context: IExecuteFunctions, { keep }: PlanOptions): string[] {
	const hints: string[] = [];
	const items = context.getInputData().length;
	if (items > MANY_ITEMS) {
		hints.push(
			`This execution of ${items} items was started in the editor, whose tab may not react for tens of seconds when it shows so many. Publish the workflow and let a trigger start it, or submit the rows from a file: set Requests From to Rows File.`,
		);
	}
	const customId: unknown = context.getNodeParameter('customId', 0, '', { rawExpressions: true });
	const { name } = context.getNode();
	const readers = context.getChildNodes(name, { includeNodeParameters: true });
	// Results that are read in the same execution are paired with their rows.
	const arePaired = readers.some(({ parameters }) => parameters?.operation === 'getResults');
	if (items > 1 && customId === ITEM_ID && !keep && !arePaired) {
		hints.push(
			'Custom ID is the index of the item, which matches no row of a table. If another workflow reads the results, set Custom ID to a key of your rows, such as {{ $json.id }}, or use the option Keep Fields.',
		);
	}
	return hints;
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

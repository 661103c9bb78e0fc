import { createHash } from 'crypto';
import type {
	IExecuteFunctions,
	INodeExecutionData,
	IPairedItemData,
	ISourceData,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { modelOf } from './requestChecker';
import type { TokenEstimate } from '../../endpoints';
import { addTokens, endpointOf, estimateTokens, NO_TOKENS } from '../../endpoints';
import type { Endpoint, Server } from '../../endpoints/endpoint';
import { RequestProblem } from '../../endpoints/endpoint';
import type { Issue, JsonObject } from '../../jsonl/json';
import type { SizeOfImage } from '../../endpoints/imageTokens';
import { textOrNull } from '../../jsonl/json';
import { TextBlock } from '../../jsonl/lines';
import type { Part, PartLimits } from '../../jsonl/split';
import { PartPlanner, RequestSerializationError, RequestTooLargeError } from '../../jsonl/split';
import { failedItem } from '../shared/operation';

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
	/**
	 * Its content from the beginning; the same bytes every time.
	 *
	 * @param signal ends the reading of files, with an error for who reads on
	 */
	open: (signal?: AbortSignal) => AsyncGenerator<Uint8Array>;
	tokens: TokenEstimate;
	/** The file with the fields that are kept of its rows: perhaps a head, and a line for each request. */
	rows?: PlannedRows;
}

/** The file beside the file of a part. The hash is that of its rows; `open` is as that of the part. */
interface PlannedRows extends Pick<PlannedPart, 'contentHash' | 'open'> {
	bytes: number;
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
	/** Closes the files that parts have left open for each other. */
	close?: () => void;
}

export interface PlanOptions {
	endpoint: string;
	/** Whose rules the requests are checked by. */
	server: Server;
	limits: PartLimits;
	/** Whether to estimate tokens although no limit needs them. */
	estimate: boolean;
	/** Which fields of the rows are kept; undefined for none. */
	keep?: KeptFields;
}

/**
 * Plans the requests of all input items, or of their files, as the node's parameters say.
 *
 * @param options `keepFields` are names of fields of the rows to keep; undefined for none
 * @throws {NodeOperationError} also for a name that no row has
 */
export type PlanRequests = (
	context: IExecuteFunctions,
	options: Omit<PlanOptions, 'keep'> & { keepFields?: string[] },
) => Promise<Plan>;

/** How many bad items an error lists; it counts the others. */
const LISTED = 20;

/** What is known of a part without its content. */
export type MeasuredPart = Pick<PlannedPart, 'part' | 'contentHash' | 'tokens'> & {
	/** Of what is kept of its rows. */
	rowsHash?: string;
};

/** The SHA-256 of the lines of each part. */
class LineHashes {
	private readonly hashes: Array<ReturnType<typeof createHash>> = [];
	/** The last lines, which are all of one part: to hash each of them alone takes longer. */
	private readonly block = new TextBlock();
	private part = 0;

	add(part: number, line: string): void {
		if (part !== this.part || this.block.isFull) this.flush();
		this.part = part;
		this.block.addLine(line);
	}

	/** The hash of a part, in hexadecimal; undefined for one without lines. Call it once for each. */
	digest(part: number): string | undefined {
		this.flush();
		return this.hashes[part]?.digest('hex');
	}

	private flush(): void {
		if (this.block.isEmpty) return;
		this.hashes[this.part] ??= createHash('sha256');
		this.hashes[this.part].update(this.block.bytes);
		this.block.clear();
	}
}

/** Places requests in parts, and measures and hashes what each part will hold. */
export class MeasuredParts {
	private readonly planner: PartPlanner;
	private readonly hashes = new LineHashes();
	private readonly rowHashes = new LineHashes();
	private readonly tokens: TokenEstimate[] = [];
	private readonly endpoint: Endpoint | undefined;
	private readonly isEstimated: boolean;

	/** @param rowHeadBytes as `PartPlanner` has it */
	constructor({ endpoint, limits, estimate }: PlanOptions, rowHeadBytes = 0) {
		this.planner = new PartPlanner(limits, rowHeadBytes);
		this.endpoint = endpointOf(endpoint);
		this.isEstimated = estimate || limits.maxTokens !== undefined;
	}

	/**
	 * Places the next request, and returns the index of its part.
	 *
	 * @param line its bytes with the line break, a text that is the same for the same content, and the
	 * line with what is kept of its row
	 * @throws {RequestTooLargeError}
	 */
	add(
		body: JsonObject,
		{
			bytes,
			identity,
			row,
			sizeOf,
		}: { bytes: number; identity: string; row?: string; sizeOf?: SizeOfImage },
	): number {
		const tokens = this.isEstimated ? this.tokensOf(body, sizeOf) : undefined;
		const index = this.planner.add({
			bytes,
			model: modelOf(body),
			embeddingInputs: this.endpoint?.embeddingInputs(body),
			tokens: tokens && tokens.input_tokens + (tokens.output_tokens ?? 0),
			rowBytes: row === undefined ? 0 : Buffer.byteLength(row) + 1,
		});
		this.hashes.add(index, identity);
		if (row !== undefined) this.rowHashes.add(index, row);
		if (tokens) this.tokens[index] = addTokens(this.tokens[index] ?? NO_TOKENS, tokens);
		return index;
	}

	/** @throws {RequestProblem} for a body that is nested too deeply; it then has used its position */
	private tokensOf(body: JsonObject, sizeOf: SizeOfImage | undefined): TokenEstimate {
		try {
			return estimateTokens(body, this.endpoint, sizeOf);
		} catch {
			this.planner.skip();
		}
		throw new RequestProblem(
			'The tokens of the body cannot be estimated. It may be nested too deeply.',
			'body',
		);
	}

	/** Leaves out the position of a request that is in no part. */
	skip(): void {
		this.planner.skip();
	}

	/** All parts. Nothing can be added afterwards. */
	parts(): MeasuredPart[] {
		return this.planner.parts.map((part, index) => ({
			part,
			contentHash: this.hashes.digest(index)!,
			tokens: this.tokens[index] ?? NO_TOKENS,
			rowsHash: this.rowHashes.digest(index),
		}));
	}
}

/** How many names of fields an error lists. */
const LISTED_FIELDS = 30;

/** What stands for all fields. */
const ALL_FIELDS = '*';

/**
 * The fields of the rows that come back with the answers. A row keeps the order of its own fields.
 */
export class KeptFields {
	/** Whether a field that no row has had so far may still come. */
	hasMoreNames = false;

	private readonly wanted: ReadonlySet<string>;
	private readonly missing: Set<string>;
	private readonly seen = new Set<string>();

	/**
	 * @param names `*` stands for all fields
	 * @param exceptOfAll the fields that `*` leaves out
	 */
	constructor(
		names: readonly string[],
		private readonly exceptOfAll: readonly string[] = [],
	) {
		this.wanted = new Set(names);
		this.missing = new Set(names.filter((name) => name !== ALL_FIELDS));
	}

	/** Whether rows are kept as they are. */
	get isAll(): boolean {
		return this.wanted.has(ALL_FIELDS) && this.exceptOfAll.length === 0;
	}

	/** Spaces around a name do not matter, as in the header of a CSV. */
	has(name: string): boolean {
		if (this.wanted.has(name.trim())) return true;
		return this.wanted.has(ALL_FIELDS) && !this.exceptOfAll.includes(name);
	}

	/** Takes note of the fields of a row, as long as one is looked for. */
	see(names: () => Iterable<string>): void {
		if (this.missing.size === 0) return;
		for (const name of names()) {
			this.missing.delete(name.trim());
			if (this.seen.size <= LISTED_FIELDS) this.seen.add(name);
		}
	}

	/** What is kept of the JSON of an item, as JSON. @throws {RequestProblem} */
	of(row: object): string {
		this.see(() => Object.keys(row));
		const fields: string[] = [];
		for (const [name, value] of Object.entries(row)) {
			const text = this.has(name) ? jsonOf(name, value) : undefined;
			if (text !== undefined) fields.push(`${JSON.stringify(name)}:${text}`);
		}
		return `{${fields.join(',')}}`;
	}

	/** @throws {NodeOperationError} for names that no row has, with a list of those that there are */
	check(context: IExecuteFunctions): void {
		if (this.missing.size === 0) return;
		const shortened = (name: string) => `'${name.slice(0, 60)}'`;
		const [first, ...others] = [...this.missing].map(shortened);
		const seen = [...this.seen].slice(0, LISTED_FIELDS).map(shortened);
		if (this.seen.size > seen.length) seen.push('and more');
		const also = others.length > 0 ? `, nor ${others.join(', ')}` : '';
		throw new NodeOperationError(
			context.getNode(),
			`Keep Fields names ${first}, but no row has this field${also}`,
			{ description: `Nothing was sent. The rows have these fields: ${seen.join(', ')}.` },
		);
	}
}

function jsonOf(name: string, value: unknown): string | undefined {
	let reason: string;
	try {
		return JSON.stringify(value);
	} catch (error) {
		reason = (error as Error).message;
	}
	throw new RequestProblem(
		`The field '${name.slice(0, 60)}' cannot be kept, because it cannot be written as JSON: ${reason}`,
	);
}

/**
 * The first line of a file of kept rows that all have the same columns, in the same order. Who
 * writes them as CSV need not read all rows first, to know the columns.
 */
export const columnsLine = (columns: readonly string[]): string => JSON.stringify({ columns });

/** The line with what is kept of a row. @param row JSON of an object */
export const keptLine = (customId: string, row: string): string =>
	`{"custom_id":${JSON.stringify(customId)},"row":${row}}`;

/** What to do when every text inserts nothing: its field is probably misspelled. */
const ADVICE_FOR_ALL =
	'Check the name of the field. If a batch was created, the operation Cancel stops it.';

/** Counts the prompts, or other texts, that insert somewhere what is hardly meant, such as nothing. */
export class InsertionNotes {
	private texts = 0;
	private first = '';
	private last = '';

	/**
	 * @param kind what the texts are, as 'prompts'
	 * @param inserted what they insert
	 * @param verbs for one and for several, where they do not insert it
	 */
	constructor(
		private readonly kind: string,
		private readonly inserted: string,
		private readonly verbs: readonly [one: string, several: string] = ['inserts', 'insert'],
	) {}

	/** @param where the text is, as 'item 3' @param code as it stands in the field */
	note(where: string, code: string): void {
		if (this.texts++ === 0) this.first = `${where}: ${code}`;
		this.last = where;
	}

	/** Whether this was noted of the text there, after all others. */
	isNoted(where: string): boolean {
		return this.last === where;
	}

	/** A hint about them, in a whole sentence, if there are any. */
	hints(total: number): string[] {
		const { first, inserted, kind, texts } = this;
		if (texts === 0) return [];
		const insert = this.verbs[texts === 1 ? 0 : 1];
		const hint = `${texts} of ${total} ${kind} ${insert} ${inserted}, first in ${first}.`;
		return [texts === total ? `${hint} ${ADVICE_FOR_ALL}` : hint];
	}
}

/** Why a request could not be made, written or placed. */
export function issueOf(error: unknown, customId: string | undefined): Issue {
	const issue = { message: (error as Error).message, custom_id: textOrNull(customId) ?? undefined };
	if (error instanceof RequestTooLargeError) return { ...issue, code: 'request_too_large' };
	if (error instanceof RequestSerializationError) return { ...issue, code: 'invalid_json_line' };
	const param = error instanceof RequestProblem ? error.param : undefined;
	return { ...issue, code: 'invalid_value', param };
}

/**
 * The input items of a part, in the form in which n8n pairs them with its output item.
 *
 * @param source where the items came from. The first pair carries it, so that Get Results finds the
 * items of this execution by it, and can pair each result with its own one.
 */
export function pairedItemsOf(part: PlannedPart, source?: ISourceData): IPairedItemData[] {
	const pairs = [...part.itemIndexes()].map((item): IPairedItemData => ({ item }));
	if (source && pairs.length > 0) pairs[0].sourceOverwrite = source;
	return pairs;
}

const placeOf = ({ itemIndex, line }: BadItem) =>
	line === undefined ? `Item ${itemIndex}` : `Item ${itemIndex}, line ${line}`;

/** What an operation wants of the items, in the words of its errors. */
interface Purpose {
	/** What is not possible with one bad item, and with several. */
	fault: readonly [one: string, several: string];
	/** What has become of the good ones. */
	outcome: string;
	/** What On Error: Continue is good for. @param unit 'item' or 'line' */
	remedy: (unit: string) => string;
}

export const TO_SUBMIT: Purpose = {
	fault: ['cannot be submitted', 'cannot be submitted'],
	outcome: 'nothing was sent',
	remedy: (unit) => `To submit the other ${unit}s`,
};

export const TO_BUILD: Purpose = {
	fault: ['cannot become a request', 'cannot become requests'],
	outcome: 'no file was made',
	remedy: (unit) => `To leave bad ${unit}s out`,
};

/** One error for all that is bad, so that the user can correct all of it at once. */
export function badItemsError(
	context: IExecuteFunctions,
	{ badItems, isBroken, unlisted, total }: Plan,
	{ fault: [faultOfOne, fault], outcome, remedy }: Purpose,
): NodeOperationError {
	const lines = badItems
		.slice(0, LISTED)
		.map((one) => `${placeOf(one)}: ${one.issues.map(({ message }) => message).join(' ')}`);
	const count = badItems.length + unlisted;
	if (count > lines.length) lines.push(`… and ${count - lines.length} more`);
	const [first] = badItems;
	const unit = first.line === undefined ? 'item' : 'line';
	if (!isBroken && count < total) {
		lines.push(`${remedy(unit)}, set On Error to Continue in the settings of the node.`);
	}
	return new NodeOperationError(
		context.getNode(),
		count === 1 && first.issues.length === 1
			? `${placeOf(first)} ${faultOfOne}: ${first.issues[0].message}`
			: `${count} of ${total} ${unit}${total === 1 ? '' : 's'} ${total === 1 ? faultOfOne : fault}; ${outcome}`,
		{ itemIndex: first.itemIndex, description: lines.join('<br>') },
	);
}

/** The output items of what is bad when the node continues on errors. */
export function badItemOutput(
	context: IExecuteFunctions,
	{ badItems, unlisted }: Plan,
	{ fault: [, fault] }: Purpose,
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
		const message = `${unlisted} more lines ${fault}`;
		output.push(badOutput(context, badItems[0].itemIndex, message, { more_lines: unlisted }));
	}
	return output;
}

function badOutput(context: IExecuteFunctions, itemIndex: number, message: string, fields: object) {
	const error = new NodeOperationError(context.getNode(), message, { itemIndex });
	return failedItem({ error: message, ...fields }, error, { item: itemIndex });
}

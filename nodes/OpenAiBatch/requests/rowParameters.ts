import { randomUUID } from 'crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { RowColumns } from './inputFile';
import { fieldLabel, ITEM_ID, ROW_ID } from './request.properties';
import type { JsonValue } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import type { ItemParameter, ItemParameterOptions } from '../parameters/itemParameters';

/** A column that a text inserts. */
interface Insertion {
	/** The parameter with its path, as `requestOptions.systemMessage`. */
	parameter: string;
	column: string;
	read: () => string;
}

/** The texts in which columns are inserted. */
const TEMPLATES =
	/^(?:prompt|customId|messages\.values\.\d+\.content|requestOptions\.systemMessage|requestOptions\.attachments\.values\.\d+\.(?:url|fileId))$/;

/** The option with the attachments, each of which may be missing in a row. */
const ATTACHMENTS = 'requestOptions.attachments.values';

/** A column in braces. */
const COLUMN = /\{([^{}]*)\}/g;

/**
 * A backslash before braces or before their own backslash, a brace that is meant as it stands, a
 * column in braces, or a brace that is neither.
 */
const BRACES = /\\\\(?=\\*[{}])|\\[{}]|\{([^{}]*)\}|\{/g;

/** A column in braces of which a backslash made text, perhaps the one of a Windows path. */
const ESCAPED_COLUMN = /^\\\{([^{}\\]*)\}/;

/** The texts that stand in every request, and are not left out where they are empty. */
const IN_ALL_ROWS: ReadonlySet<string> = new Set(['customId', 'prompt']);

/** What is left of a list of values when each of them is empty. */
const NO_VALUES = /^[\s,]*$/;

/** What looks like a column, or an expression of n8n's, in a text that takes none. */
const INSERTION = /\{\{.*?\}\}|\{[^{}]*\}/s;

/** An expression of n8n's, which is not evaluated here. */
const UNEVALUATED = /\{\{\s*\$/;

/** The placeholder for the line of a row, for files without a column of this name. */
const LINE = '$line';

/** How many columns an error lists. */
const LISTED = 30;

/**
 * The parameters of a node whose item holds a file of rows. Texts have columns in braces, and are
 * made for the row that is read now; n8n evaluates a parameter once for the item.
 */
export class RowParameters {
	/** What the user should know about the texts, in whole sentences. */
	readonly hints: string[] = [];
	/** The column of the first attachment that the row has not, of the row whose options were read last. */
	missingAttachment: string | undefined;

	/** What stands in the texts in place of columns, before the number of their insertion. */
	private mark: string | undefined;
	private readonly insertions: Insertion[] = [];
	/** The insertions within a parameter, which are asked for with every row. */
	private readonly insertionsOf = new Map<string, Insertion[]>();

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly itemIndex: number,
		private readonly columns: RowColumns,
	) {}

	/**
	 * Prepares a parameter, once for all rows.
	 *
	 * @throws {NodeOperationError} for a placeholder that is no column, with a list of the columns
	 */
	read(name: string, { fallback }: ItemParameterOptions = {}): ItemParameter {
		const value = this.valueOf(name, fallback);
		if (name === 'requestOptions') this.refuseBinaries(value);
		if (name === 'model') this.refuseInsertions(value);
		return this.compile(name, value) ?? (() => value);
	}

	/** An item has its binary fields, and a row has none. */
	private refuseBinaries(options: unknown): void {
		const { attachments } = (options ?? {}) as { attachments?: { values?: unknown } };
		const entries = Array.isArray(attachments?.values) ? attachments.values : [];
		const isBinary = ({ source = 'binary' }: { source?: unknown }) => source === 'binary';
		if (!entries.some(isBinary)) return;
		throw this.error(
			'Attachments from a binary field cannot be used with Rows File',
			'Set Source of the attachment to URL or File ID. Both may insert columns, such as {url}.',
		);
	}

	/** A model in braces would be sent as it stands, and every request would fail hours later. */
	private refuseInsertions(model: unknown): void {
		const found = INSERTION.exec(String(isObject(model) ? model.value : model))?.[0];
		if (found === undefined) return;
		throw this.error(
			`Model cannot insert ${shortened(found)}, since all rows of a file have the same model`,
			'Enter the name of the model, or switch the field to Expression. To use several models, make a file of its own for each.',
		);
	}

	/** A column in a parameter that is empty in this row; undefined when there is none. */
	emptyInsertion(name: string): string | undefined {
		let within = this.insertionsOf.get(name);
		if (!within) {
			within = this.insertions.filter(({ parameter }) => isWithin(parameter, name));
			this.insertionsOf.set(name, within);
		}
		for (const { column, read } of within) if (read().trim() === '') return column;
		return undefined;
	}

	/**
	 * Finds the texts that are the same in the lines of all rows, and what is read between them. Each
	 * column is written by itself: two halves of one character (surrogates) in two columns become two
	 * escapes, which are the same JSON.
	 *
	 * @param makeLine makes the line of a row
	 * @returns a function that makes the line of the row that is read now; undefined where more depends
	 * on the columns than a text between two others
	 */
	lineTemplate(makeLine: () => string): (() => string) | undefined {
		if (!this.insertions.every(({ parameter }) => IN_ALL_ROWS.has(parameter))) return undefined;
		const mark = randomUUID();
		let line: string;
		this.mark = mark;
		try {
			line = makeLine();
		} catch {
			// The same error comes again with the first row.
			return undefined;
		} finally {
			this.mark = undefined;
		}
		const [first, ...others] = line.split(mark);
		const numbers = others.map((text) => parseInt(text, 10));
		// An additional field may stand in place of the prompt.
		if (new Set(numbers).size < this.insertions.length) return undefined;
		const found = others.map((text, index) => {
			const number = numbers[index];
			return { read: this.insertions[number].read, text: text.slice(`${number};`.length) };
		});
		return () => {
			let made = first;
			for (const { read, text } of found) made += JSON.stringify(read()).slice(1, -1) + text;
			return made;
		};
	}

	/** @throws {NodeOperationError} where all rows would have the same id, or be the same request */
	checkInsertions(): void {
		const ids = this.insertions.filter(({ parameter }) => parameter === 'customId');
		if (ids.length === 0) {
			throw this.error(
				'Custom ID has no column in it, so that all rows would have the same id',
				`Insert a column whose values are unique, such as {${this.columns.names[0]}}, or the line of the row: ${ROW_ID}.`,
			);
		}
		if (this.insertions.length > ids.length) return;
		throw this.error(
			'The prompt has no column in it, so that the request would be the same for all rows',
			`Insert columns in braces, such as {${this.columns.names[0]}}. ${this.list()}`,
		);
	}

	/** The id that the panel starts with for items would be the same for all rows. */
	private valueOf(name: string, fallback: unknown): unknown {
		const { context, itemIndex } = this;
		if (name === 'customId') {
			const raw: unknown = context.getNodeParameter(name, itemIndex, ROW_ID, {
				rawExpressions: true,
			});
			if (raw === ITEM_ID) return ROW_ID;
		}
		return context.getNodeParameter(name, itemIndex, fallback);
	}

	/** @returns undefined for what is the same for all rows */
	private compile(path: string, value: unknown): ItemParameter | undefined {
		if (typeof value === 'string') {
			if (TEMPLATES.test(path)) return this.text(path, value);
			this.refuseInOption(path, value);
			return undefined;
		}
		if (typeof value !== 'object' || value === null) return undefined;
		const entries = Object.entries(value).map(
			([key, one]) => [key, one as unknown, this.compile(`${path}.${key}`, one)] as const,
		);
		if (entries.every(([, , compiled]) => compiled === undefined)) return undefined;
		const make: ItemParameter = (index) => {
			const made: Record<string, unknown> = Array.isArray(value) ? ([] as never) : {};
			for (const [key, constant, compiled] of entries) {
				made[key] = compiled ? compiled(index) : constant;
			}
			return made;
		};
		return path === ATTACHMENTS && Array.isArray(value) ? this.attachments(value, make) : make;
	}

	/**
	 * The attachments of a row. One whose URL or File ID is nothing but columns is left out where
	 * these are empty: rows have no expressions, which could return an empty list.
	 */
	private attachments(entries: readonly unknown[], make: ItemParameter): ItemParameter {
		const optional = entries.map((entry, index) => this.optionalField(entry, index));
		return (itemIndex) => {
			this.missingAttachment = undefined;
			return (make(itemIndex) as Array<Record<string, unknown>>).filter((entry, index) => {
				const { field, column } = optional[index] ?? {};
				if (field === undefined || !NO_VALUES.test(String(entry[field]))) return true;
				this.missingAttachment ??= column;
				return false;
			});
		};
	}

	/** The field of an attachment that is nothing but columns, and the first of these. */
	private optionalField(entry: unknown, index: number) {
		const field = isObject(entry) ? entry.source : undefined;
		const text = typeof field === 'string' && isObject(entry) ? entry[field] : undefined;
		if (typeof text !== 'string' || !NO_VALUES.test(text.replace(COLUMN, ''))) return undefined;
		const parameter = `${ATTACHMENTS}.${index}.${String(field)}`;
		const column = this.insertions.find((one) => one.parameter === parameter)?.column;
		return column === undefined ? undefined : { field: String(field), column };
	}

	/**
	 * Refuses an option without columns that names one in braces: all requests would have the braces.
	 * A JSON schema may well describe what braces and expressions are.
	 */
	private refuseInOption(path: string, text: string): void {
		if (!path.startsWith('requestOptions.') || isWithin(path, 'requestOptions.jsonSchema')) return;
		if (!text.includes('{')) return;
		const label = fieldLabel(path);
		if (UNEVALUATED.test(text)) {
			throw this.error(
				`${label} contains an expression of n8n, but is set to Fixed, so that this text would be sent as it stands`,
				`Switch the field to Expression, which is evaluated once for the file. ${INSERTED_IN}`,
			);
		}
		const json = path === 'requestOptions.additionalFields' ? tryParseJson(text) : undefined;
		for (const one of json?.ok ? textsIn(json.value) : [text]) {
			const found = [...one.matchAll(COLUMN)].find(([, name]) => this.isColumn(name));
			if (!found) continue;
			throw this.error(
				`${label} cannot insert columns, but contains ${shortened(found[0])}, which would be sent as it stands`,
				`${INSERTED_IN} If the braces are meant as they stand, rename the column in the file.`,
			);
		}
	}

	private isColumn(name: string): boolean {
		return name === LINE || this.columns.names.includes(name);
	}

	private text(parameter: string, text: string): ItemParameter {
		const pieces: Array<string | (() => string)> = [];
		let end = 0;
		for (const { 0: found, 1: name, index } of text.matchAll(BRACES)) {
			pieces.push(text.slice(end, index));
			end = index + found.length;
			if (found.startsWith('\\')) {
				pieces.push(found[1]);
				this.hintAtEscape(parameter, text.slice(index));
			} else pieces.push(this.insertion(parameter, name, text.slice(index)));
		}
		pieces.push(text.slice(end));
		return () => {
			let made = '';
			for (const piece of pieces) made += typeof piece === 'string' ? piece : piece();
			return made;
		};
	}

	private hintAtEscape(parameter: string, rest: string): void {
		const name = ESCAPED_COLUMN.exec(rest)?.[1];
		if (name === undefined || !this.isColumn(name)) return;
		this.hints.push(
			`${fieldLabel(parameter)} contains \\{${name}}, which is sent as {${name}}: a backslash before a brace makes it plain text. To insert the column behind a backslash, write \\\\{${name}}.`,
		);
	}

	private insertion(parameter: string, name: string | undefined, rest: string): () => string {
		const label = fieldLabel(parameter);
		if (UNEVALUATED.test(rest.slice(0, 20))) {
			throw this.error(
				`${label} contains an expression of n8n, which does not know the rows of the file`,
				`Insert columns in braces, such as {${this.columns.names[0]}}. ${this.list()}`,
			);
		}
		if (name === undefined) {
			throw this.error(
				`${label} has a brace that is not closed: ${shortened(rest)}`,
				`Write \\{ for a brace that stays as it is, and {column} to insert a column. ${this.list()}`,
			);
		}
		const read = this.columns.reader(name) ?? this.lineReader(name);
		if (read) {
			const number = this.insertions.push({ parameter, column: name, read }) - 1;
			return () => (this.mark === undefined ? read() : `${this.mark}${number};`);
		}
		throw this.error(
			`${label} inserts {${shortened(name)}}, but the file has no such column`,
			`${this.list()} Write \\{ for a brace that stays as it is.`,
		);
	}

	private lineReader(name: string): (() => string) | undefined {
		return name.trim() === LINE ? () => String(this.columns.line) : undefined;
	}

	private list(): string {
		const { names } = this.columns;
		const listed = names.slice(0, LISTED).map((name) => shortened(name));
		if (names.length > LISTED) listed.push(`and ${names.length - LISTED} more`);
		return `The columns are: ${listed.join(', ')}.`;
	}

	private error(message: string, description: string): NodeOperationError {
		const { itemIndex } = this;
		return new NodeOperationError(this.context.getNode(), message, { itemIndex, description });
	}
}

const INSERTED_IN =
	'Columns can be inserted in Prompt or Messages, System Message, Custom ID, and the URL or File ID of attachments.';

/** All texts among the values of JSON. */
function* textsIn(value: JsonValue | undefined): Generator<string> {
	if (typeof value === 'string') yield value;
	else if (typeof value === 'object' && value !== null) {
		for (const one of Object.values(value)) yield* textsIn(one as JsonValue | undefined);
	}
}

const isWithin = (parameter: string, name: string) =>
	parameter === name || parameter.startsWith(`${name}.`);

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

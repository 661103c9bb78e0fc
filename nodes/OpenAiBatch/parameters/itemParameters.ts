import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import {
	absentPath,
	BAIL,
	compileExpression,
	compileInsertions,
	endsEarly,
	isExpression,
	isTemplate,
	type CompiledExpression,
	type CompiledInsertion,
} from './compileExpression';

export interface ItemParameterOptions {
	/** For a parameter that the node does not have. */
	fallback?: unknown;
}

/** A parameter's value for an item. Do not change the objects it returns: they may be shared. */
export type ItemParameter = (itemIndex: number) => unknown;

/** Code in a parameter, and where it stands. */
export interface FoundCode {
	/** The parameter with its path, as `requestOptions.systemMessage`. */
	parameter: string;
	/** Without braces around it. */
	code: string;
}

/** A parameter that is an expression, or a part of one. */
interface Expression {
	parameter: string;
	/** Whether it is text with code in it, so that objects become text. */
	isTemplate: boolean;
	insertions: CompiledInsertion[];
}

/** What JavaScript makes of an object in a text, and of a value that is not there. */
export const OBJECT_TEXT = '[object Object]';
export const UNDEFINED_TEXT = 'undefined';

/** An expression of n8n's, which a field that is set to Fixed does not evaluate. */
const UNEVALUATED =
	/\{\{\s*((?:\$|(?:(?!\}\}).)*?\$(?:json|input)\b|(?:(?!\}\}).)*?\$\(["'])(?:(?!\}\}).)*?)\s*\}\}/s;

/** The name of a field in braces, as templates of other programs have it. */
const NAME_IN_BRACES = /\{\{\s*([A-Za-z_][\w]*)\s*\}\}/;

/**
 * The parameters of a node that handles many items. Returns what `getNodeParameter` returns, but
 * evaluates a constant once and compiles the usual expressions. n8n evaluates only the rest, item
 * by item.
 *
 * Do not use it for parameters with `validateType`, for values to extract from resource locators,
 * and for resource mappers, filters and assignments: n8n changes their values after the evaluation.
 */
export class ItemParameters {
	/** How many evaluations were left to n8n, in all parameters: each stops n8n for about 0.4 ms. */
	slowEvaluations = 0;

	/** Expressions in constants, which n8n does not evaluate. */
	readonly unevaluated: FoundCode[] = [];

	private readonly items: INodeExecutionData[];
	private readonly expressions: Expression[] = [];
	/** Names of fields in braces in constants, which are sent as they stand. */
	private readonly names: FoundCode[] = [];
	/** Whether a word is in what code reads besides the item, by the word and the code. */
	private readonly wordsElsewhere = new Map<string, boolean>();

	constructor(private readonly context: IExecuteFunctions) {
		this.items = context.getInputData();
	}

	/**
	 * Prepares a parameter, once for all items.
	 *
	 * @param name as in `getNodeParameter`, for example `options.fileName`
	 * @throws what `getNodeParameter` throws: here for a constant or a missing parameter, else in
	 * the returned function
	 */
	read(name: string, { fallback }: ItemParameterOptions = {}): ItemParameter {
		const { context, items } = this;
		const raw = context.getNodeParameter(name, 0, fallback, { rawExpressions: true });
		this.note(raw, name);
		if (!hasExpression(raw)) {
			const value = context.getNodeParameter(name, 0, fallback);
			return () => value;
		}
		const evaluate: ItemParameter = (itemIndex) => {
			this.slowEvaluations++;
			return context.getNodeParameter(name, itemIndex, fallback);
		};
		const compiled = compileValue(raw);
		if (!compiled) return evaluate;

		return (itemIndex) => {
			const value = items[itemIndex] ? compiled(items[itemIndex], itemIndex) : BAIL;
			return value === BAIL ? evaluate(itemIndex) : value;
		};
	}

	/**
	 * The code in the text of a parameter whose value is empty for an item; undefined when there is
	 * none, and where only n8n could know.
	 *
	 * @param name a parameter that was prepared; texts in it count too, as in a collection
	 */
	emptyInsertion(name: string, itemIndex: number): string | undefined {
		const item = this.items[itemIndex];
		for (const { parameter, isTemplate, insertions } of this.expressions) {
			if (!isTemplate || (parameter !== name && !parameter.startsWith(`${name}.`))) continue;
			const empty = insertions.find(({ code, read }) =>
				read
					? isEmpty(read(item, itemIndex))
					: absentPath(code, item) !== undefined && isEmpty(this.evaluate(code, itemIndex)),
			);
			if (empty) return empty.code;
		}
		return undefined;
	}

	/**
	 * The code of the prepared parameters that put an object, or a value that is not there, into a text,
	 * where the given word then stands. Undefined where that word came from elsewhere, such as the
	 * item's own texts.
	 */
	inserted(
		word: typeof OBJECT_TEXT | typeof UNDEFINED_TEXT,
		itemIndex: number,
	): FoundCode | undefined {
		for (const expression of this.expressions) {
			const code = this.codeWith(word, expression, itemIndex);
			if (code !== undefined) return { parameter: expression.parameter, code };
		}
		return undefined;
	}

	private codeWith(
		word: string,
		{ isTemplate, insertions }: Expression,
		itemIndex: number,
	): string | undefined {
		const item = this.items[itemIndex];
		return insertions.find(({ code, read }) => {
			const value = read ? read(item, itemIndex) : BAIL;
			// What is read from the item is inserted as nothing where it is not there.
			if (value !== BAIL) return word === OBJECT_TEXT && isTemplate && isObjectText(value);
			// As a text where it becomes one: dates have a text of their own.
			const written = this.evaluate(code, itemIndex, isTemplate ? ' ' : '');
			return contains(written, word) && !this.readsWord(word, code, itemIndex);
		})?.code;
	}

	/** Whether code may have a word from a text that it has, or reads from anywhere. */
	private readsWord(word: string, code: string, itemIndex: number): boolean {
		if (code.includes(word) || contains(this.items[itemIndex].json, word)) return true;
		const key = `${word} ${code}`;
		let known = this.wordsElsewhere.get(key);
		if (known === undefined) {
			known = otherSources(code).some(
				(source) => source === undefined || contains(this.evaluate(source, itemIndex), word),
			);
			this.wordsElsewhere.set(key, known);
		}
		return known;
	}

	/**
	 * What the code of a prepared parameter, or of any, reads from the item and is not there:
	 * `$json.title`.
	 */
	absentField(itemIndex: number, name?: string): string | undefined {
		return this.expressions
			.filter(
				({ parameter }) =>
					name === undefined || parameter === name || parameter.startsWith(`${name}.`),
			)
			.flatMap(({ insertions }) => insertions)
			.map(({ code }) => absentPath(code, this.items[itemIndex]))
			.find((path) => path !== undefined);
	}

	/** A prepared parameter with code that n8n ends inside of its braces. */
	codeThatEndsEarly(): FoundCode | undefined {
		return this.expressions
			.flatMap(({ parameter, insertions }) => insertions.map(({ code }) => ({ parameter, code })))
			.find(({ code }) => endsEarly(code));
	}

	/** The name of a field in braces in a constant, which looks as if the field were meant. */
	fieldInBraces(): FoundCode | undefined {
		const [first] = this.items;
		return this.names.find(({ code }) => first && Object.hasOwn(first.json, code));
	}

	/**
	 * The value of code; undefined when it fails, since then no text was made of it.
	 *
	 * @param before text in front of the code, which makes the value a text
	 */
	private evaluate(code: string, itemIndex: number, before = ''): unknown {
		try {
			// An expression with escapes is not taken apart.
			const expression = code.includes('{{') ? code : `${before}{{ ${code} }}`;
			return this.context.evaluateExpression(expression, itemIndex);
		} catch {
			return undefined;
		}
	}

	/** Remembers the expressions in a parameter, and what looks like one and is not evaluated. */
	private note(raw: unknown, parameter: string): void {
		if (typeof raw === 'object' && raw !== null) {
			for (const [key, value] of Object.entries(raw)) this.note(value, `${parameter}.${key}`);
		} else if (isExpression(raw)) {
			this.expressions.push({
				parameter,
				isTemplate: isTemplate(raw),
				insertions: compileInsertions(raw),
			});
		} else if (typeof raw === 'string') {
			const code = UNEVALUATED.exec(raw)?.[1];
			if (code !== undefined) this.unevaluated.push({ parameter, code });
			const name = NAME_IN_BRACES.exec(raw)?.[1];
			if (name !== undefined) this.names.push({ parameter, code: name });
		}
	}
}

/** A variable of n8n's in code, such as `$json`, or the name in `$("node")`. */
const VARIABLE = /\$(?:([a-z_]\w*)|\((?:\s*("[^"\\]*"|'[^'\\]*')\s*\))?)/gi;

/** Variables that are the item itself, or that have no texts. */
const KNOWN_VARIABLES = new Set(['json', 'itemIndex', 'now', 'today', 'runIndex']);

/**
 * Expressions for what code reads besides the item: all items of the nodes that it names. Undefined
 * stands for anything else.
 */
function otherSources(code: string): Array<string | undefined> {
	return [...code.matchAll(VARIABLE)]
		.filter(([, name]) => name === undefined || !KNOWN_VARIABLES.has(name))
		.map(([, name, node]) => {
			if (node !== undefined) return `$(${node}).all()`;
			return name === 'input' ? '$input.all()' : undefined;
		});
}

const isEmpty = (value: unknown) =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** Whether a value is an object, or a list with one, that becomes '[object Object]' in a text. */
function isObjectText(value: unknown): boolean {
	if (Array.isArray(value)) return value.some(isObjectText);
	if (typeof value !== 'object' || value === null) return false;
	// An object of a class may have a text of its own, as dates have.
	const prototype = Object.getPrototypeOf(value) as object | null;
	return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether a text stands anywhere in a value. One that JSON cannot express counts as if it did. */
function contains(value: unknown, text: string): boolean {
	try {
		return JSON.stringify(value)?.includes(text) ?? false;
	} catch {
		return true;
	}
}

/** Whether a parameter (a string, or a collection of any depth) contains an expression. */
function hasExpression(raw: unknown): boolean {
	if (typeof raw !== 'object' || raw === null) return isExpression(raw);
	return Object.values(raw).some(hasExpression);
}

/**
 * Compiles a parameter with all expressions in it. Collections, fixed collections, resource
 * locators and lists are built anew for each item, as n8n does.
 *
 * @returns undefined if n8n must evaluate one of the expressions
 */
function compileValue(raw: unknown): CompiledExpression | undefined {
	if (typeof raw === 'string') return compileExpression(raw);
	if (!hasExpression(raw)) return () => raw;

	const entries: Array<[key: string, value: CompiledExpression]> = [];
	for (const [key, value] of Object.entries(raw as object)) {
		const compiled = compileValue(value);
		if (!compiled || key === '__proto__') return undefined;
		entries.push([key, compiled]);
	}
	return (item, itemIndex) => {
		const result: Record<string, unknown> = Array.isArray(raw) ? ([] as never) : {};
		for (const [key, compiled] of entries) {
			const value = compiled(item, itemIndex);
			if (value === BAIL) return BAIL;
			result[key] = value;
		}
		return result;
	};
}

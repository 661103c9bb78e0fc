import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { CompiledExpression } from './compileExpression';
import { BAIL, compileExpression, isExpression } from './compileExpression';
import { absentPath, endsEarly, Insertions, readsOnce } from './insertions';

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

/** What JavaScript makes of an object in a text, and of a value that is not there. */
export const OBJECT_TEXT = '[object Object]';
export const UNDEFINED_TEXT = 'undefined';

/** An expression of n8n's, which a field that is set to Fixed does not evaluate. */
const UNEVALUATED =
	/\{\{\s*((?:\$|(?:(?!\}\}).)*?\$(?:json|input)\b|(?:(?!\}\}).)*?\$\(["'])(?:(?!\}\}).)*?)\s*\}\}/s;

/** The name of a field in braces, as templates of other programs have it. */
const NAMES_IN_BRACES = /\{\{\s*([A-Za-z_][\w]*)\s*\}\}/g;

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
	private readonly expressions: Insertions[] = [];
	/** What n8n returned last for a prepared parameter, by its name. */
	private readonly evaluated = new Map<string, { itemIndex: number; value: unknown }>();
	/** Names of fields in braces in constants, which are sent as they stand. */
	private readonly names: FoundCode[] = [];
	/** Whether a word is in what code reads besides the item, by the word and the code. */
	private readonly wordsElsewhere = new Map<string, boolean>();
	/** Whether code is empty without a path that the item does not have, by the path and the code. */
	private readonly emptyWithout = new Map<string, boolean>();

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
			const value: unknown = context.getNodeParameter(name, itemIndex, fallback);
			this.evaluated.set(name, { itemIndex, value });
			return value;
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
	 * @param name a parameter that was read for this item; texts in it count too, as in a collection
	 */
	emptyInsertion(name: string, itemIndex: number): string | undefined {
		const item = this.items[itemIndex];
		for (const expression of this.expressions) {
			if (!expression.isTemplate || !expression.isOf(name)) continue;
			const empty = expression.all.find(({ code, read }) => {
				const value = read ? read(item, itemIndex) : BAIL;
				return value === BAIL ? this.isEmptyCode(code, expression, itemIndex) : isEmpty(value);
			});
			if (empty) return empty.code;
		}
		return undefined;
	}

	/** Whether code that only n8n can evaluate inserts nothing, since the item lacks what it reads. */
	private isEmptyCode(code: string, expression: Insertions, itemIndex: number): boolean {
		const path = absentPath(code, this.items[itemIndex]);
		if (path === undefined) return false;
		const key = `${path} ${code}`;
		const known = this.emptyWithout.get(key);
		if (known !== undefined) return known;
		const isNothing = isEmpty(this.inserts(code, expression, itemIndex));
		if (readsOnce(code)) this.emptyWithout.set(key, isNothing);
		return isNothing;
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

	private codeWith(word: string, expression: Insertions, itemIndex: number): string | undefined {
		const { isTemplate, all } = expression;
		const item = this.items[itemIndex];
		const last = this.evaluation(expression, itemIndex);
		const mayHaveWord = !last || expression.haveAdded(word, last.value);
		return all.find(({ code, read }) => {
			const value = read ? read(item, itemIndex) : BAIL;
			// What is read from the item is inserted as nothing where it is not there.
			if (value !== BAIL) return word === OBJECT_TEXT && isTemplate && isObjectText(value);
			if (!mayHaveWord || code.includes(word) || contains(item.json, word)) return false;
			const written = this.inserts(code, expression, itemIndex);
			return contains(written, word) && !this.readsElsewhere(word, code, itemIndex);
		})?.code;
	}

	/** The value of an expression as n8n has evaluated it for an item; undefined where it has not. */
	private evaluation(expression: Insertions, itemIndex: number): { value: unknown } | undefined {
		for (const [name, { itemIndex: last, value }] of this.evaluated) {
			if (last === itemIndex && expression.isOf(name)) return { value: expression.valueIn(value) };
		}
		return undefined;
	}

	/** What code inserts that only n8n can evaluate. Most often, its last evaluation shows that. */
	private inserts(code: string, expression: Insertions, itemIndex: number): unknown {
		const last = this.evaluation(expression, itemIndex);
		const known = last && expression.evaluatedIn(last.value, this.items[itemIndex], itemIndex);
		// As a text where it becomes one: dates have a text of their own.
		return known
			? known.inserted
			: this.evaluate(code, itemIndex, expression.isTemplate ? ' ' : '');
	}

	/** Whether code may have a word from a text that it reads from anywhere besides the item. */
	private readsElsewhere(word: string, code: string, itemIndex: number): boolean {
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
			.filter((expression) => name === undefined || expression.isOf(name))
			.flatMap(({ all }) => all)
			.map(({ code }) => absentPath(code, this.items[itemIndex]))
			.find((path) => path !== undefined);
	}

	/** A prepared parameter with code that n8n ends inside of its braces. */
	codeThatEndsEarly(): FoundCode | undefined {
		return this.expressions
			.flatMap(({ parameter, all }) => all.map(({ code }) => ({ parameter, code })))
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

	/**
	 * Remembers the expressions in a parameter, and what looks like one and is not evaluated.
	 *
	 * @param valueIn finds this part's value in that of the whole parameter
	 */
	private note(raw: unknown, parameter: string, valueIn = (value: unknown) => value): void {
		if (typeof raw === 'object' && raw !== null) {
			for (const [key, value] of Object.entries(raw)) {
				const valueOfKey = (whole: unknown) => (valueIn(whole) as Record<string, unknown>)?.[key];
				this.note(value, `${parameter}.${key}`, valueOfKey);
			}
		} else if (isExpression(raw)) {
			this.expressions.push(new Insertions(raw, parameter, valueIn));
		} else if (typeof raw === 'string') {
			const code = UNEVALUATED.exec(raw)?.[1];
			if (code !== undefined) this.unevaluated.push({ parameter, code });
			for (const [, name] of raw.matchAll(NAMES_IN_BRACES)) {
				this.names.push({ parameter, code: name });
			}
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

import type { INodeExecutionData } from 'n8n-workflow';
import type { CompiledExpression } from './compileExpression';
import {
	BAIL,
	compilePart,
	hasEscapes,
	parseCode,
	parsePath,
	segmentsOf,
	toText,
} from './compileExpression';

/** A piece of code in an expression, and how its value is read. */
interface Insertion {
	/** As it is written, without braces and spaces around it. */
	code: string;
	/** Undefined where only n8n can evaluate the code. */
	read: CompiledExpression | undefined;
}

/** A parameter that is an expression, or a part of one, and what it inserts. */
export class Insertions {
	/** Whether it is text with code in it, so that objects become text. */
	readonly isTemplate: boolean;
	readonly all: Insertion[];
	/** The texts before each piece of code, and behind the last one; undefined with escapes. */
	private readonly texts: string[] | undefined;

	/**
	 * @param raw as stored, with its leading `=`
	 * @param parameter with its path, as `requestOptions.systemMessage`
	 * @param valueIn finds the value of the expression in that of the parameter that was prepared
	 */
	constructor(
		raw: string,
		readonly parameter: string,
		readonly valueIn: (value: unknown) => unknown = (value) => value,
	) {
		this.isTemplate = !/^=\{\{(?:(?!\}\}).)*\}\}$/s.test(raw);
		const expression = raw.slice(1);
		const segments = hasEscapes(expression) ? undefined : segmentsOf(expression);
		this.texts = segments?.flatMap((segment) => ('text' in segment ? [segment.text] : []));
		this.all = segments
			? segments.flatMap((segment) => ('code' in segment ? [insertionOf(segment.code)] : []))
			: [{ code: expression.trim(), read: undefined }];
	}

	/** Whether this is a parameter of that name, or a part of it, as of a collection. */
	isOf(name: string): boolean {
		return this.parameter === name || this.parameter.startsWith(`${name}.`);
	}

	/** Whether a word stands in a value of the expression more often than in its own text. */
	haveAdded(word: string, value: unknown): boolean {
		if (!this.texts || typeof value !== 'string') return true;
		return countOf(word, value) > this.texts.reduce((sum, one) => sum + countOf(word, one), 0);
	}

	/**
	 * What the only code that n8n had to evaluate put into a value of the expression.
	 *
	 * @returns undefined where there are several such pieces of code, so that it is not known
	 */
	evaluatedIn(
		value: unknown,
		item: INodeExecutionData,
		itemIndex: number,
	): { inserted: unknown } | undefined {
		if (!this.isTemplate) return { inserted: value };
		if (!this.texts || typeof value !== 'string') return undefined;
		const around = [this.texts[0]];
		for (const [index, { read }] of this.all.entries()) {
			const text = read ? toText(read(item, itemIndex)) : BAIL;
			const next = this.texts[index + 1];
			if (text === BAIL) around.push(next);
			else around[around.length - 1] += text + next;
		}
		const [before, after, more] = around;
		if (after === undefined || more !== undefined) return undefined;
		return { inserted: value.slice(before.length, value.length - after.length) };
	}
}

function insertionOf(code: string): Insertion {
	const part = parseCode(code);
	return { code: code.trim(), read: part && compilePart(part) };
}

const countOf = (word: string, text: string) => text.split(word).length - 1;

/** Code that may well expect that a field is not there. */
const EXPECTS_ABSENCE = /[?|&!]|==|\b(?:typeof|in|if|try)\b/;

const JSON_PATHS = /\$json((?:\.[A-Za-z_$][\w$]*|\[(?:\d+|"[^"]*"|'[^']*')\])+)(\s*\()?/g;

/**
 * The beginning of the first path in code that the item does not have: `$json.crew` for
 * `$json.crew.name.trim()`. Undefined when it has all, and where the code may expect that.
 */
export function absentPath(code: string, { json }: INodeExecutionData): string | undefined {
	if (EXPECTS_ABSENCE.test(code)) return undefined;
	for (const [, steps, call] of code.matchAll(JSON_PATHS)) {
		const path = parsePath(steps) ?? [];
		let value: unknown = json;
		let written = '$json';
		for (const { key } of call ? path.slice(0, -1) : path) {
			if (typeof value !== 'object' || value === null) break;
			written += /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `["${key}"]`;
			value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
			if (value === undefined) return written;
		}
	}
	return undefined;
}

/** Whether code reads one thing only, so that nothing else decides what it is without that. */
export const readsOnce = (code: string): boolean => code.split('$').length === 2;

const STRINGS = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

/** Whether more braces are opened than closed in code, since n8n ends it at the first `}}`. */
export function endsEarly(code: string): boolean {
	const count = (brace: string) => code.replace(STRINGS, '').split(brace).length;
	return count('{') > count('}');
}

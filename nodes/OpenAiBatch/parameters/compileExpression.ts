import type { INodeExecutionData } from 'n8n-workflow';
import { parseExpression, type ExpressionPart, type PathStep } from './expressionSyntax';
import { isPlainContainer, isPlainJson } from './plainJson';

/** A compiled expression's answer for an item that only n8n can evaluate. */
export const BAIL = Symbol('evaluated by n8n');

/** The value of an expression for one item, or BAIL. Objects of the item are not copied. */
export type CompiledExpression = (item: INodeExecutionData, itemIndex: number) => unknown;

/** Whether n8n evaluates a parameter's value. */
export const isExpression = (value: unknown): value is string =>
	typeof value === 'string' && value.startsWith('=');

/** Follows a path through the item's own data; BAIL wherever anything else would be involved. */
function readPath(json: unknown, path: PathStep[]): unknown {
	let value = json;
	for (const { key, isIndex } of path) {
		// With or without `?.`: n8n swallows the TypeError, the expression has no value.
		if (value === undefined || value === null) return undefined;
		if (typeof value !== 'object' || !isPlainContainer(value)) return BAIL;
		if (Array.isArray(value) && !isIndex) return BAIL;
		value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
	}
	return value;
}

function compilePart(part: ExpressionPart): CompiledExpression {
	switch (part.type) {
		case 'constant':
			return () => part.value;
		case 'itemIndex':
			return (_item, itemIndex) => itemIndex;
		case 'json':
			return ({ json }) => readPath(json, part.path);
	}
}

/** A piece of a text as n8n writes it: nothing for null and undefined, lists with commas. */
function toText(value: unknown): string | typeof BAIL {
	if (typeof value === 'string') return value;
	if (value === null || value === undefined) return '';
	return isPlainJson(value) ? String(value) : BAIL;
}

/**
 * Compiles the expressions that people mostly write (`={{ $json.title }}`, text with such paths
 * inside) to plain functions: n8n 2.41 takes about 0.36 ms to evaluate one, during which the whole
 * process stands still, so 50,000 items are 18 s; compiled they take 0.02 s.
 *
 * @param raw the parameter as stored: with a leading `=` if it is an expression, else a constant.
 * @returns a function whose results equal n8n's to the letter; undefined if n8n must evaluate the
 * expression for every item.
 */
export function compileExpression(raw: string): CompiledExpression | undefined {
	if (!isExpression(raw)) return () => raw;
	const parsed = parseExpression(raw.slice(1));
	if (!parsed) return undefined;

	if (parsed.type === 'value') {
		const read = compilePart(parsed.part);
		return (item, itemIndex) => {
			const value = read(item, itemIndex);
			return value === undefined || isPlainJson(value) ? value : BAIL;
		};
	}
	const parts = parsed.parts.map(compilePart);
	return (item, itemIndex) => {
		let text = '';
		for (const part of parts) {
			const piece = toText(part(item, itemIndex));
			if (piece === BAIL) return BAIL;
			text += piece;
		}
		return text;
	};
}

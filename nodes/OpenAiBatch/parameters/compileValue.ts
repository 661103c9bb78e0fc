import {
	BAIL,
	compileExpression,
	isExpression,
	type CompiledExpression,
} from './compileExpression';

/** Whether a parameter (a string, or a collection of any depth) contains an expression. */
export function hasExpression(raw: unknown): boolean {
	if (typeof raw !== 'object' || raw === null) return isExpression(raw);
	return Object.values(raw).some(hasExpression);
}

/**
 * Compiles a parameter with all expressions inside of it: collections, fixed collections, resource
 * locators and lists are built anew for each item, as n8n does.
 *
 * @returns undefined if one of the expressions needs n8n.
 */
export function compileValue(raw: unknown): CompiledExpression | undefined {
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

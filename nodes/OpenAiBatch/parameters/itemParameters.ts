import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import {
	BAIL,
	compileExpression,
	isExpression,
	type CompiledExpression,
} from './compileExpression';

export interface ItemParameterOptions {
	/** For a parameter that the node does not have. */
	fallback?: unknown;
}

/** A parameter's value for an item. Do not change the objects it returns: they may be shared. */
export type ItemParameter = (itemIndex: number) => unknown;

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

	private readonly items: INodeExecutionData[];

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

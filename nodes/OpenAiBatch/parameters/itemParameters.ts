import type { IExecuteFunctions, IGetNodeParameterOptions, INodeExecutionData } from 'n8n-workflow';
import { BAIL } from './compileExpression';
import { compileValue, hasExpression } from './compileValue';
import { isEnsured } from './ensuredType';

export interface ItemParameterOptions extends Pick<
	IGetNodeParameterOptions,
	'ensureType' | 'extractValue'
> {
	/** For a parameter that the node does not have. */
	fallback?: unknown;
}

/** A parameter's value for an item. Do not change the objects it returns: they may be shared. */
export type ItemParameter = (itemIndex: number) => unknown;

/**
 * The parameters of a node that handles many items. Returns what `getNodeParameter` returns, but
 * a constant is evaluated once and the usual expressions are compiled; only what is left is
 * evaluated by n8n, item by item.
 *
 * Not for parameters with `validateType` and not for resource mappers, filters and assignments,
 * whose values n8n changes after the evaluation.
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
	 * @param name as in `getNodeParameter`, e.g. `options.fileName`.
	 * @throws what `getNodeParameter` throws: here for a constant or a missing parameter, else in
	 * the returned function.
	 */
	read(name: string, { fallback, ...options }: ItemParameterOptions = {}): ItemParameter {
		const { context, items } = this;
		const raw = context.getNodeParameter(name, 0, fallback, { rawExpressions: true });
		if (!hasExpression(raw)) {
			const value = context.getNodeParameter(name, 0, fallback, options);
			return () => value;
		}
		const evaluate: ItemParameter = (itemIndex) => {
			this.slowEvaluations++;
			return context.getNodeParameter(name, itemIndex, fallback, options);
		};
		// What n8n extracts depends on the property's description and its mode.
		const compiled = options.extractValue ? undefined : compileValue(raw);
		if (!compiled) return evaluate;

		return (itemIndex) => {
			const value = items[itemIndex] ? compiled(items[itemIndex], itemIndex) : BAIL;
			return value === BAIL || !isEnsured(value, options.ensureType) ? evaluate(itemIndex) : value;
		};
	}
}

import type { IExecuteFunctions } from 'n8n-workflow';
import { ItemParameters } from '../parameters/itemParameters';
import type { Plan, PlannedPart, PlanOptions } from './plan';
import { RequestPlanner } from './plan';
import { requestSource } from './requestSource';

/** From this many slow evaluations on, the user is told how to make it fast. */
const SLOW_HINT_FROM = 2_000;

/** The input items of a part, as n8n pairs them with its output item. */
export const pairedItemsOf = (part: PlannedPart) =>
	[...part.itemIndexes()].map((item) => ({ item }));

/** Plans all input items by the node's parameters. */
export async function planItems(context: IExecuteFunctions, options: PlanOptions): Promise<Plan> {
	const parameters = new ItemParameters(context);
	const source = requestSource(context, parameters, options.endpoint);
	const planner = new RequestPlanner(source, parameters, options);
	const itemCount = context.getInputData().length;
	const plan = await planner.plan(itemCount, context.getExecutionCancelSignal());
	if (parameters.slowEvaluations >= SLOW_HINT_FROM) {
		const message = `${parameters.slowEvaluations} expressions were evaluated one by one, which keeps n8n busy. Expressions that only insert fields, such as {{ $json.title }}, are fast: prepare the rest in an Edit Fields node before.`;
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return plan;
}

import type { Rest } from '../../support/lab/rest';
import type { Execution } from '../../support/lab/types';
import { TRIGGER } from './workflows';

/** An event that started a workflow, as its execution holds it. */
export interface Told {
	executionId: string;
	/** `crashed` when n8n was killed during the execution. */
	status: string;
	eventId: string;
	item: Record<string, unknown>;
}

/** Where n8n keeps the trigger's items of an execution that did not come to its end. */
interface Unfinished {
	executionData?: {
		nodeExecutionStack?: Array<{ data?: { main?: Array<Array<{ json: Told['item'] }>> } }>;
	};
}

const UNDECIDED = new Set(['new', 'running', 'waiting']);

function itemsOf({ data }: Execution): Array<Told['item']> {
	const [run] = data.resultData?.runData?.[TRIGGER] ?? [];
	const [waiting] = (data as Unfinished).executionData?.nodeExecutionStack ?? [];
	const output = run?.data?.main[0] ?? waiting?.data?.main?.[0] ?? [];
	return output.map(({ json }) => json);
}

/**
 * All events that have started a workflow, oldest first, also in executions that n8n did not live
 * to end. Throws for executions that failed, other than with a message that was to be expected.
 */
export async function told(rest: Rest, workflowId: string, expected?: RegExp): Promise<Told[]> {
	const found: Told[] = [];
	for (const { id } of (await rest.executions(workflowId)).reverse()) {
		const execution = await rest.execution(id);
		const { status } = execution;
		if (UNDECIDED.has(status)) continue;
		if (status === 'error') {
			const { message = '', description } = execution.data.resultData.error ?? {};
			if (expected?.test(message)) continue;
			throw new Error(`Execution ${id} failed: ${message} ${description ?? ''}`);
		}
		for (const item of itemsOf(execution)) {
			found.push({ executionId: id, status, eventId: String(item.event_id), item });
		}
	}
	return found;
}

export const eventIds = (found: Told[]): string[] => found.map(({ eventId }) => eventId).sort();

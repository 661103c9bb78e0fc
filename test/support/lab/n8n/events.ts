import type { Rest } from './rest';
import type { Execution } from './types';

/** The name of the trigger node in every workflow whose events are read here. */
export const TRIGGER = 'Batch';

/** An event that a trigger reported: it started an execution, which holds the event's item. */
export interface ReportedEvent {
	executionId: string;
	/** `crashed` when n8n was killed during the execution. */
	status: string;
	eventId: string;
	item: Record<string, unknown>;
}

/** Where n8n keeps the trigger's items of an execution that did not come to its end. */
interface Unfinished {
	executionData?: {
		nodeExecutionStack?: Array<{ data?: { main?: Array<Array<{ json: ReportedEvent['item'] }>> } }>;
	};
}

const UNDECIDED = new Set(['new', 'running', 'waiting']);

function triggerItems({ data }: Execution): Array<ReportedEvent['item']> {
	const [run] = data.resultData?.runData?.[TRIGGER] ?? [];
	const [waiting] = (data as Unfinished).executionData?.nodeExecutionStack ?? [];
	const output = run?.data?.main[0] ?? waiting?.data?.main?.[0] ?? [];
	return output.map(({ json }) => json);
}

/**
 * Returns all events that have started a workflow, oldest first, also those of executions during
 * which n8n died.
 *
 * @param expected the message of executions that may fail; any other failure is thrown
 */
export async function reportedEvents(
	rest: Rest,
	workflowId: string,
	expected?: RegExp,
): Promise<ReportedEvent[]> {
	const found: ReportedEvent[] = [];
	for (const { id } of (await rest.executions(workflowId)).reverse()) {
		const execution = await rest.execution(id);
		const { status } = execution;
		if (UNDECIDED.has(status)) continue;
		if (status === 'error') {
			const { message = '', description } = execution.data.resultData.error ?? {};
			if (expected?.test(message)) continue;
			throw new Error(`Execution ${id} failed: ${message} ${description ?? ''}`);
		}
		for (const item of triggerItems(execution)) {
			found.push({ executionId: id, status, eventId: String(item.event_id), item });
		}
	}
	return found;
}

/** The ids of events, sorted, so that two lists can be compared. */
export const eventIds = (events: ReportedEvent[]): string[] =>
	events.map(({ eventId }) => eventId).sort();

import type { Execution } from './types';

export type Json = Record<string, unknown>;

/** Describes an execution that did not succeed: its status, the node and the message. */
export function failureOf({ id, status, data }: Execution): Error {
	const { error } = data.resultData;
	const where = error?.node ? ` in "${error.node.name}"` : '';
	const reason = [error?.message, error?.description].filter(Boolean).join(' ');
	return new Error(`Execution ${id} ended with the status ${status}${where}: ${reason}`);
}

/** Throws the failure of an execution that did not succeed. */
export function assertSucceeded(execution: Execution): void {
	if (execution.status !== 'success') throw failureOf(execution);
}

/** The items of a node's first output in an execution. */
export function itemsOf({ data }: Execution, node: string): Json[] {
	const [run] = data.resultData.runData[node] ?? [];
	return (run?.data?.main[0] ?? []).map(({ json }) => json);
}

/** The reference to a binary field of the first item of a node's first output. */
export function binaryOf({ data }: Execution, node: string, field: string): unknown {
	const [run] = data.resultData.runData[node];
	const [item] = run.data?.main[0] as unknown as Array<{ binary: Record<string, unknown> }>;
	return item.binary[field];
}

/** The items of all runs of a node, of one of its outputs. */
export function allItemsOf({ data }: Execution, node: string, output = 0): Json[] {
	const runs = data.resultData.runData[node] ?? [];
	return runs.flatMap((run) => run.data?.main[output] ?? []).map(({ json }) => json);
}

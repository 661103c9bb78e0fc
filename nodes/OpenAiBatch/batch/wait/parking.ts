import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	ISourceData,
	Workflow,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { WaitSettings } from './batchWait';

/** A shorter wait stays in the process: n8n looks for executions to continue once a minute. */
export const PARKED_FROM_MS = 65_000;

/** What the two outputs of a node that parks are called. */
const WAITING = 'Still Waiting';
const FINISHED = 'Finished';

/** The outputs of the node, as an expression: only a wait that parks has two. */
export const nodeOutputs =
	`={{ $parameter.operation === 'wait' && $parameter.duringWait === 'park' ? [{ type: 'main', displayName: '${WAITING}' }, { type: 'main', displayName: '${FINISHED}' }] : ['main'] }}` as const;

/** The settings of a wait, which its item holds between two polls. */
export type ParkedWait = Omit<WaitSettings, 'itemIndex' | 'isNew'>;

/**
 * A wait that parks the execution between two polls. `putExecutionToWait` stores the execution and
 * ends it. When n8n continues it, the node does not run: n8n passes its input to its first output
 * instead. That output is connected to the input of the node, so the node runs again, and polls.
 *
 * All that a wait has to know is in the items that are sent round. They are small, since n8n stores
 * them once for each poll. So the wait goes on after a restart, and in a retry of the execution.
 */
export class ParkingLoop {
	private readonly name: string;
	private readonly source: ISourceData | undefined;
	private readonly input: INodeExecutionData[];
	private readonly misconnection: [message: string, description: string] | undefined;
	/** Whether an item has come back that this node has never sent round, so that its wait begins now. */
	private hasNew = false;

	constructor(private readonly context: IExecuteFunctions) {
		const { node, source } = context.getExecuteData();
		// n8n would send an empty item round where nothing waits any more, and that for ever.
		node.alwaysOutputData = false;
		this.name = node.name;
		this.source = source?.main[0] ?? undefined;
		this.input = context.getInputData();
		this.misconnection = misconnection(connectionsOf(context, this.name), this.name);
	}

	/** Whether the input items are those that the node itself has sent round. */
	private get isReturn(): boolean {
		return this.source?.previousNode === this.name;
	}

	/**
	 * Whether the items have come back although the connections are wrong: with On Error: Continue,
	 * their errors would go round for ever.
	 */
	get cameBackUnconnected(): boolean {
		return this.isReturn && this.misconnection !== undefined;
	}

	/**
	 * The wait that an item has been sent round for; undefined for an item that comes in at first.
	 *
	 * @throws {NodeOperationError} when items that wait do not come back, before any request
	 */
	read(itemIndex: number): ParkedWait | undefined {
		if (this.misconnection) throw this.error(itemIndex, ...this.misconnection);
		if (!this.isReturn) return undefined;
		const { json } = this.input[itemIndex];
		// n8n passes on the input of all runs that were pending when it continued the execution, also
		// of those that had not begun.
		if (json.waiting_since === undefined && json.wait_until === undefined) {
			this.hasNew = true;
			return undefined;
		}
		const parked = parkedWait(json);
		if (parked) return parked;
		throw this.error(
			itemIndex,
			`The item that came back from ${WAITING} is not one of this node`,
			'Let the connection lead straight back to the input of this node.',
		);
	}

	/**
	 * What the node returns after a poll. It parks the execution if nothing has changed. Otherwise the
	 * items that wait are sent round first, so that they alone are stored, with the begin and the end
	 * of their waits.
	 *
	 * @param nextPoll epoch milliseconds
	 * @param over the items of the waits that have ended
	 */
	async outputs(
		open: WaitSettings[],
		nextPoll: number | undefined,
		over: INodeExecutionData[],
	): Promise<INodeExecutionData[][]> {
		if (nextPoll === undefined) return [[], over];
		if (!this.isReturn || this.hasNew || over.length > 0) {
			if (destinationOf(this.context) === this.name) {
				this.context.addExecutionHints({ message: ONE_STEP, location: 'outputPane' });
			}
			return [open.map((settings) => this.item(settings, nextPoll)), over];
		}
		await this.context.putExecutionToWait(new Date(nextPoll));
		// A copy: where the node has an error output, n8n takes the items out of the list.
		return [[...this.input]];
	}

	/** @param nextPoll not kept up to date: the items stay the same while nothing changes */
	private item(
		{ batchId, itemIndex, since, until, longestInterval, onTimeout }: WaitSettings,
		nextPoll: number,
	): INodeExecutionData {
		const json = {
			id: batchId,
			poll_after: timeOf(nextPoll),
			waiting_since: timeOf(since),
			wait_until: timeOf(until),
			poll_interval_seconds: longestInterval / 1_000,
			on_timeout: onTimeout,
		};
		return { json, pairedItem: { item: itemIndex } };
	}

	private error(itemIndex: number, message: string, description: string): NodeOperationError {
		return new NodeOperationError(this.context.getNode(), message, { itemIndex, description });
	}
}

const timeOf = (epochMs: number) => new Date(epochMs).toISOString();

/** What an item that was sent round says about its wait; undefined if it is another item. */
function parkedWait(json: IDataObject): ParkedWait | undefined {
	const { id: batchId, on_timeout: onTimeout } = json;
	const times = [json.waiting_since, json.wait_until, json.poll_after];
	const [since, until, firstPoll] = times.map((time) => Date.parse(String(time)));
	const longestInterval = Number(json.poll_interval_seconds) * 1_000;
	if (typeof batchId !== 'string' || (onTimeout !== 'error' && onTimeout !== 'continue')) {
		return undefined;
	}
	if ([since, until, firstPoll, longestInterval].some(Number.isNaN)) return undefined;
	return { batchId, since, until, firstPoll, longestInterval, onTimeout };
}

const ONE_STEP =
	'Only this step was executed, so its wait ends here, while the batches continue. Execute the step again later. When the workflow is executed as a whole, the wait goes on by itself.';

/** The node behind which an execution by hand ends; undefined for the whole workflow. */
function destinationOf(context: IExecuteFunctions): string | undefined {
	// n8n's contexts have it, although their types do not say so. n8n 1 has the name alone.
	const { runExecutionData } = context as {
		runExecutionData?: { startData?: { destinationNode?: string | { nodeName: string } } };
	};
	const destination = runExecutionData?.startData?.destinationNode;
	return typeof destination === 'object' ? destination.nodeName : destination;
}

/** The names of the nodes that follow each output of a node. */
function connectionsOf(context: IExecuteFunctions, name: string): string[][] | undefined {
	// n8n's contexts have the workflow, although their types do not say so.
	const { workflow } = context as { workflow?: Pick<Workflow, 'connectionsBySourceNode'> };
	const outputs = workflow?.connectionsBySourceNode[name]?.main ?? [];
	return workflow && outputs.map((followers) => (followers ?? []).map(({ node }) => node));
}

/** What is wrong with the connections of a node that parks, and what to do. */
function misconnection(
	outputs: string[][] | undefined,
	name: string,
): [message: string, description: string] | undefined {
	if (outputs === undefined) return undefined;
	const [waiting = [], finished = []] = outputs;
	const advice = `Drag a connection from ${WAITING} back to the input of this same node, and connect the next node to ${FINISHED}.`;
	if (finished.includes(name))
		return [`${FINISHED} is connected to the input of this node`, advice];
	if (!waiting.includes(name)) {
		return [`${WAITING} is not connected to the input of this node`, advice];
	}
	const others = waiting.filter((follower) => follower !== name);
	if (others.length === 0 || finished.length > 0) return undefined;
	return [
		`Nothing is connected to ${FINISHED}`,
		`Connect ${others.join(', ')} to ${FINISHED} instead of ${WAITING}, where batches leave that are not finished.`,
	];
}

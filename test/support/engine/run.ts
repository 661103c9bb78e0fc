import './environment';
import { parse, stringify } from 'flatted';
import { ExecutionLifecycleHooks, WorkflowExecute } from 'n8n-core';
import {
	createRunExecutionData,
	type ExecutionError,
	type ExecutionStatus,
	type IConnections,
	type IDataObject,
	type INodeExecutionData,
	type IRun,
	type IRunData,
	type IRunExecutionData,
	type NodeExecutionHint,
	type Workflow,
	type WorkflowExecuteMode,
} from 'n8n-workflow';
import { additionalData } from './additionalData';
import { binary } from './binaryData';
import { HarnessCredentialsHelper, type CredentialData } from './credentialsHelper';
import type { EngineParts } from './engine';
import {
	chain,
	completeNode,
	ITEMS,
	makeWorkflow,
	toItems,
	type HarnessNode,
	type WorkflowSettings,
} from './workflow';

export interface RunOptions extends WorkflowSettings {
	/** `trigger` (default) is a production execution, `manual` the editor's "Execute workflow". */
	mode?: WorkflowExecuteMode;
	/** Default: a new one for each run. Keep it to run the same execution again. */
	executionId?: string;
	/** In place of the engine's. */
	credentialData?: CredentialData;
}

export interface RunRequest extends RunOptions {
	nodes: HarnessNode[];
	/** From node name to node name, `Items` is the start; default: one chain in the given order. */
	connections?: IConnections;
	input?: Array<INodeExecutionData | IDataObject>;
	/** The node whose "Execute step" was pressed: the execution ends behind it. */
	destination?: string;
	/** What an earlier run of the execution has stored: n8n goes on with it, in place of a start. */
	stored?: IRunExecutionData;
}

export interface RunResult {
	status: ExecutionStatus;
	/** The error that stopped the workflow. */
	error?: ExecutionError;
	/** What a node returned in its last run; empty if it did not run. */
	items: (nodeName: string, outputIndex?: number) => INodeExecutionData[];
	runData: IRunData;
	/** When n8n has to continue an execution that a node has parked. */
	waitTill?: Date;
	/** The execution as n8n's database returns it. */
	stored: () => IRunExecutionData;
	/** The workflow's static data at the end of the execution, as n8n would store it. */
	staticData: IDataObject;
	hints: (nodeName: string) => NodeExecutionHint[];
	/** What `sendMessageToUI` sent to the editor (only in mode `manual`). */
	messages: unknown[];
	binary: (item: INodeExecutionData, property?: string) => Promise<Buffer>;
}

export interface RunningExecution {
	/** Stops the execution as n8n's stop button does: the cancel signal fires. */
	cancel: () => void;
	/** Settles when a node is about to execute. */
	started: (nodeName: string) => Promise<void>;
	/** Settles with the result, also after a cancel; never rejects for a failed execution. */
	finished: Promise<RunResult>;
}

let executions = 0;

/** Starts a workflow whose first node returns `input`; needs an initialized engine. */
export function startRun(parts: EngineParts, request: RunRequest): RunningExecution {
	const mode = request.mode ?? 'trigger';
	const executionId = request.executionId ?? `execution-${++executions}`;
	const credentialData = request.credentialData ?? parts.credentialData;
	const nodes = [{ name: ITEMS, type: ITEMS }, ...request.nodes].map((node, index) =>
		completeNode(node, index, parts.nodeTypes, credentialData),
	);
	const workflow = makeWorkflow(
		nodes,
		request.connections ?? chain(nodes),
		parts.nodeTypes,
		request,
	);

	const messages: unknown[] = [];
	const hooks = new ExecutionLifecycleHooks(mode, executionId, {
		id: workflow.id,
		name: 'Harness workflow',
		active: false,
		isArchived: false,
		activeVersionId: null,
		createdAt: new Date(0),
		updatedAt: new Date(0),
		nodes,
		connections: workflow.connectionsBySourceNode,
	});
	const data = additionalData(new HarnessCredentialsHelper(parts.credentialTypes, credentialData), {
		executionId,
		workflowId: workflow.id,
		sendDataToUI: (_type, message) => messages.push(message),
		hooks,
	});
	// n8n stores the status that this hook gets: after a cancel the run itself may end as an error.
	let stored: ExecutionStatus | undefined;
	hooks.addHandler('workflowExecuteAfter', ({ status }) => {
		stored = status;
	});
	const start = workflow.getNode(ITEMS)!;
	const begin = () =>
		createRunExecutionData({
			startData: request.destination
				? { destinationNode: { nodeName: request.destination, mode: 'inclusive' } }
				: {},
			executionData: {
				nodeExecutionStack: [
					{ node: start, data: { main: [toItems(request.input)] }, source: null },
				],
			},
		});
	const execution = new WorkflowExecute(
		data,
		mode,
		request.stored ?? begin(),
	).processRunExecutionData(workflow);

	return {
		cancel: () => execution.cancel(),
		started: async (nodeName) =>
			await new Promise<void>((resolve) =>
				hooks.addHandler('nodeExecuteBefore', (name) => {
					if (name === nodeName) resolve();
				}),
			),
		finished: execution.then((run) => ({
			...result(run, workflow, messages),
			status: stored ?? run.status,
		})),
	};
}

function result(run: IRun, workflow: Workflow, messages: unknown[]): RunResult {
	const { runData, error } = run.data.resultData;
	const last = (nodeName: string) => runData[nodeName]?.at(-1);
	return {
		status: run.status,
		error,
		items: (nodeName, outputIndex = 0) => last(nodeName)?.data?.main?.[outputIndex] ?? [],
		runData,
		waitTill: run.waitTill ?? undefined,
		stored: () => parse(stringify(run.data)) as IRunExecutionData,
		staticData: JSON.parse(JSON.stringify(workflow.staticData)) as IDataObject,
		hints: (nodeName) => last(nodeName)?.hints ?? [],
		messages,
		binary,
	};
}

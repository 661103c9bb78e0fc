import './environment';
import type {
	ICredentialType,
	IDataObject,
	INodeExecutionData,
	NodeParameterValueType,
} from 'n8n-workflow';
import { startBinaryData } from './binaryData';
import { testCredential, type CredentialTestResult } from './credentialTest';
import type { CredentialData } from './credentialsHelper';
import { useExpressionEngine, type ExpressionEngine } from './expressionEngine';
import { Items } from './Items.node';
import { listSearch, loadOptions } from './listSearch';
import { credentialTypes, HarnessNodeTypes, type NodeClass } from './nodeTypes';
import { poll, Poller, type PollerOptions, type PollOptions } from './poll';
import { startRun, type RunOptions, type RunRequest } from './run';
import { ITEMS, type HarnessNode } from './workflow';

export interface EngineOptions {
	/** Node classes by the type name that the workflows use. */
	nodes: Record<string, NodeClass>;
	credentials?: Array<ICredentialType | (new () => ICredentialType)>;
	/** Stored fields by credential type; each node that can use such a credential gets it. */
	credentialData?: CredentialData;
	expressionEngine?: ExpressionEngine;
}

/** What the parts of the harness share. */
export interface EngineParts {
	nodeTypes: HarnessNodeTypes;
	credentialTypes: Map<string, ICredentialType>;
	credentialData: CredentialData;
}

export interface NodeRunOptions extends RunOptions, Omit<HarnessNode, 'name' | 'type'> {
	name?: string;
}

type NodeParameters = Record<string, NodeParameterValueType>;
type Input = Array<INodeExecutionData | IDataObject>;

/**
 * n8n's own engine, from the published packages, for tests: real workflows, expressions,
 * credentials, HTTP helper, binary data and static data. Only the database, the REST API and the
 * scheduler around it are missing.
 */
export async function createEngine(options: EngineOptions) {
	await useExpressionEngine(options.expressionEngine ?? 'vm');
	await startBinaryData();
	const parts: EngineParts = {
		nodeTypes: new HarnessNodeTypes({ ...options.nodes, [ITEMS]: Items }),
		credentialTypes: credentialTypes(options.credentials ?? []),
		credentialData: options.credentialData ?? {},
	};
	const start = (request: RunRequest) => startRun(parts, request);
	const startNode = (
		type: string,
		parameters: NodeParameters = {},
		input?: Input,
		{
			mode,
			executionId,
			credentialData,
			workflowId,
			staticData,
			binaryMode,
			...node
		}: NodeRunOptions = {},
	) =>
		start({
			nodes: [{ name: 'Node', ...node, type, parameters }],
			input,
			mode,
			executionId,
			credentialData,
			workflowId,
			staticData,
			binaryMode,
		});
	return {
		/** Starts an execution that can be cancelled. */
		start,
		/** Runs a workflow to its end. */
		run: async (request: RunRequest) => await start(request).finished,
		/** Starts `Items → Node`. */
		startNode,
		/** Runs `Items → Node`; the node's name is `Node` unless the options say otherwise. */
		node: async (...args: Parameters<typeof startNode>) => await startNode(...args).finished,
		listSearch: async (
			type: string,
			method: string,
			parameters?: NodeParameters,
			more?: Parameters<typeof listSearch>[4],
		) => await listSearch(parts, type, method, parameters, more),
		loadOptions: async (type: string, method: string, parameters?: NodeParameters) =>
			await loadOptions(parts, type, method, parameters),
		/** One poll of a trigger node. */
		poll: async (type: string, parameters?: NodeParameters, more?: PollOptions) =>
			await poll(parts, type, parameters, more),
		/** A trigger node over its life: activation, ticks, restarts. */
		poller: (type: string, parameters?: NodeParameters, more?: PollerOptions) =>
			new Poller(parts, type, parameters, more),
		/** The "Test" button of a credential. */
		testCredential: async (
			name: string,
			data?: CredentialData[string],
		): Promise<CredentialTestResult> => await testCredential(parts, name, data),
	};
}

export type Engine = Awaited<ReturnType<typeof createEngine>>;

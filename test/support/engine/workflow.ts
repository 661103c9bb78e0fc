import './environment';
import {
	Workflow,
	type IConnections,
	type IDataObject,
	type INode,
	type INodeExecutionData,
	type INodeParameters,
	type NodeParameterValueType,
} from 'n8n-workflow';
import type { CredentialData } from './credentialsHelper';
import type { HarnessNodeTypes } from './nodeTypes';

/** A node as a test writes it; the harness fills in the rest. */
export interface HarnessNode extends Partial<
	Omit<INode, 'name' | 'type' | 'parameters' | 'credentials'>
> {
	name: string;
	type: string;
	parameters?: Record<string, NodeParameterValueType>;
}

/** The name and type of the node that returns the input items. */
export const ITEMS = 'Items';

/** Makes a complete node, with a reference to each credential that its type can use. */
export function completeNode(
	node: HarnessNode,
	index: number,
	nodeTypes: HarnessNodeTypes,
	credentialData: CredentialData,
): INode {
	const typeVersion = node.typeVersion ?? nodeTypes.latestVersion(node.type);
	const { credentials = [] } = nodeTypes.getByNameAndVersion(node.type, typeVersion).description;
	const available = credentials.filter(({ name }) => name in credentialData);
	return {
		id: `node-${index}`,
		position: [200 * index, 0],
		...node,
		typeVersion,
		parameters: structuredClone(node.parameters ?? {}) as INodeParameters,
		...(available.length && {
			credentials: Object.fromEntries(available.map(({ name }) => [name, { id: name, name }])),
		}),
	};
}

/** Each node feeds the next one, first output to first input. */
export function chain(nodes: INode[]): IConnections {
	const links = nodes
		.slice(1)
		.map((node, index) => [
			nodes[index].name,
			{ main: [[{ node: node.name, type: 'main' as const, index: 0 }]] },
		]);
	return Object.fromEntries(links) as IConnections;
}

/** What the workflow of a test may set besides its nodes. */
export interface WorkflowSettings {
	workflowId?: string;
	staticData?: IDataObject;
	/** Whether items keep their files apart from their JSON, as is usual, or in it. */
	binaryMode?: 'separate' | 'combined';
}

/** A real workflow: the constructor fills in the parameters' defaults. */
export function makeWorkflow(
	nodes: INode[],
	connections: IConnections,
	nodeTypes: HarnessNodeTypes,
	{ workflowId = 'workflow-1', staticData, binaryMode }: WorkflowSettings = {},
): Workflow {
	return new Workflow({
		id: workflowId,
		name: 'Harness workflow',
		nodes,
		connections,
		active: false,
		nodeTypes,
		settings: { executionOrder: 'v1', timezone: 'UTC', ...(binaryMode && { binaryMode }) },
		staticData: staticData && structuredClone(staticData),
	});
}

/** Items may be written as full items (`{json, binary, …}`) or as their JSON only. */
export function toItems(
	input: Array<INodeExecutionData | IDataObject> = [{}],
): INodeExecutionData[] {
	return input.map((entry) =>
		typeof entry.json === 'object' && entry.json !== null
			? (entry as INodeExecutionData)
			: { json: entry as IDataObject },
	);
}

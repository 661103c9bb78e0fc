import './environment';
import { ExecuteContext, RoutingNode } from 'n8n-core';
import {
	createEmptyRunExecutionData,
	UnexpectedError,
	Workflow,
	type ICredentialsDecrypted,
	type ICredentialTestRequest,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypes,
	type NodeApiError,
} from 'n8n-workflow';
import { additionalData } from './additionalData';
import { HarnessCredentialsHelper, type CredentialData } from './credentialsHelper';
import type { EngineParts } from './engine';

export interface CredentialTestResult {
	status: 'OK' | 'Error';
	/** What the user reads next to the button. */
	message: string;
}

/** A node whose only parameter makes the credential's test request, as n8n builds it. */
function testNode(credential: string, { request }: ICredentialTestRequest) {
	const node: INode = {
		id: 'temp',
		name: 'Temp-Node',
		type: 'n8n-nodes-base.noOp',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [credential]: { id: credential, name: credential } },
	};
	const type: INodeType = {
		description: {
			displayName: 'No Operation',
			name: 'noOp',
			group: ['organization'],
			version: 1,
			description: '',
			defaults: { name: 'No Operation' },
			inputs: ['main'],
			outputs: ['main'],
			credentials: [{ name: credential, required: true }],
			properties: [
				{
					displayName: 'Temp',
					name: 'temp',
					type: 'string',
					routing: { request },
					default: '',
				},
			],
		},
	};
	return { node, type };
}

/** What n8n's credential tester tells the user about a request that did not succeed. */
function failure(error: NodeApiError, { rules = [] }: ICredentialTestRequest): string {
	const cause = error.cause as
		(Error & { code?: string; response?: { status: number; statusText?: string } }) | undefined;
	if (cause?.response) {
		const { status, statusText } = cause.response;
		const rule = rules.find(
			({ type, properties }) => type === 'responseCode' && properties.value === status,
		);
		return rule?.properties.message ?? (statusText || `Received HTTP status code: ${status}`);
	}
	return cause?.code ?? error.message;
}

/** The value at a path such as `error.code` or `[0]`, of an object or a text, as lodash reads it. */
function valueAt(value: unknown, path: string): unknown {
	const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
	return steps.reduce(
		(inner, step) => (inner as Record<string, unknown> | undefined)?.[step],
		value,
	);
}

/** What n8n's credential tester does with the rules on the body of an answer that succeeded. */
function bodyRule(response: INodeExecutionData[][], { rules = [] }: ICredentialTestRequest) {
	for (const { type, properties } of rules) {
		if (type !== 'responseSuccessBody') continue;
		if (valueAt(response[0][0].json, properties.key) === properties.value)
			return properties.message;
	}
	return undefined;
}

/**
 * The "Test" button: sends the credential type's `test` request, authenticated with `data`, over
 * real HTTP.
 */
export async function testCredential(
	parts: EngineParts,
	name: string,
	data: CredentialData[string] = parts.credentialData[name],
): Promise<CredentialTestResult> {
	const test = parts.credentialTypes.get(name)?.test;
	if (!test) throw new UnexpectedError(`Credential "${name}" has no test request`);

	const helper = new HarnessCredentialsHelper(parts.credentialTypes, { [name]: data });
	const { node, type } = testNode(name, test);
	const context = additionalData(helper, { currentNodeParameters: node.parameters });
	const credentials: ICredentialsDecrypted = {
		id: name,
		name,
		type: name,
		data: await helper.applyDefaults(context, data, name, 'internal'),
	};
	const nodeTypes = {
		getByName: () => type,
		getByNameAndVersion: () => type,
		getKnownTypes: () => ({}),
	} as INodeTypes;
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	const execution = new ExecuteContext(
		workflow,
		node,
		context,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node, data: {}, source: null },
		[],
	);
	try {
		const routing = new RoutingNode(execution, type, credentials);
		const response = await workflow.expression.withIsolate(async () => await routing.runNode());
		const message = bodyRule(response!, test);
		if (message !== undefined) return { status: 'Error', message };
		return { status: 'OK', message: 'Connection successful!' };
	} catch (error) {
		return { status: 'Error', message: failure(error as NodeApiError, test) };
	}
}

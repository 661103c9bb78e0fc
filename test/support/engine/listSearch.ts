import './environment';
import { LoadOptionsContext } from 'n8n-core';
import {
	UnexpectedError,
	type INode,
	type INodeListSearchResult,
	type INodePropertyOptions,
	type NodeParameterValueType,
} from 'n8n-workflow';
import { additionalData } from './additionalData';
import { HarnessCredentialsHelper, type CredentialData } from './credentialsHelper';
import type { EngineParts } from './engine';
import { completeNode, makeWorkflow } from './workflow';

export interface ListSearchOptions {
	filter?: string;
	paginationToken?: string;
	credentialData?: CredentialData;
}

type Parameters = Record<string, NodeParameterValueType>;

/** The context in which the editor asks a node for the choices of a field. */
function editorContext(
	parts: EngineParts,
	type: string,
	parameters: Parameters,
	credentialData: CredentialData,
): LoadOptionsContext {
	const node: INode = completeNode(
		{ name: 'Temp-Node', type, parameters },
		0,
		parts.nodeTypes,
		credentialData,
	);
	const workflow = makeWorkflow([node], {}, parts.nodeTypes);
	const data = additionalData(new HarnessCredentialsHelper(parts.credentialTypes, credentialData), {
		// The editor sends them with their defaults filled in.
		currentNodeParameters: workflow.getNode(node.name)!.parameters,
	});
	return new LoadOptionsContext(workflow, node, data, '');
}

/** The results of a resource locator's search method, as n8n's editor gets them. */
export async function listSearch(
	parts: EngineParts,
	type: string,
	methodName: string,
	parameters: Parameters = {},
	{ filter, paginationToken, credentialData = parts.credentialData }: ListSearchOptions = {},
): Promise<INodeListSearchResult> {
	const method = parts.nodeTypes.getByNameAndVersion(type).methods?.listSearch?.[methodName];
	if (!method) throw new UnexpectedError(`"${type}" has no listSearch method "${methodName}"`);
	const context = editorContext(parts, type, parameters, credentialData);
	const found = await context.workflow.expression.withIsolate(
		async () => await method.call(context, filter, paginationToken),
	);
	// n8n's REST API gives the next request a string, whatever the method returned.
	const token: unknown = found.paginationToken;
	return typeof token === 'number' ? { ...found, paginationToken: String(token) } : found;
}

/** The options of a drop-down that a node's `loadOptions` method fills. */
export async function loadOptions(
	parts: EngineParts,
	type: string,
	methodName: string,
	parameters: Parameters = {},
	credentialData: CredentialData = parts.credentialData,
): Promise<INodePropertyOptions[]> {
	const method = parts.nodeTypes.getByNameAndVersion(type).methods?.loadOptions?.[methodName];
	if (!method) throw new UnexpectedError(`"${type}" has no loadOptions method "${methodName}"`);
	const context = editorContext(parts, type, parameters, credentialData);
	return await context.workflow.expression.withIsolate(async () => await method.call(context));
}

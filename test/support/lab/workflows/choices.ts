import type { WorkflowJson, WorkflowNode } from '../n8n/types';
import type { Credential } from './steps';

/** What a user chooses in the editor after importing. */
export interface Choices {
	/** Credentials, by their type. */
	credentials: Record<string, Credential>;
	/** Parameters to set, by the name of the node. */
	parameters?: Record<string, Record<string, unknown>>;
}

/**
 * Returns a copy of the workflow with credentials and parameters chosen. Throws when a chosen node
 * does not exist or a credential is missing.
 */
export function withChoices(
	workflow: WorkflowJson,
	{ credentials, parameters = {} }: Choices,
): WorkflowJson {
	const names = new Set(workflow.nodes.map(({ name }) => name));
	const unknown = Object.keys(parameters).find((name) => !names.has(name));
	if (unknown) throw new Error(`The workflow "${workflow.name}" has no node "${unknown}".`);
	const credential = (type: string) => {
		if (credentials[type]) return [type, credentials[type]];
		throw new Error(`The workflow "${workflow.name}" needs a credential of the type ${type}.`);
	};
	const choose = (node: WorkflowNode): WorkflowNode => ({
		...node,
		parameters: { ...node.parameters, ...parameters[node.name] },
		...(node.credentials && {
			credentials: Object.fromEntries(Object.keys(node.credentials).map(credential)),
		}),
	});
	return { ...workflow, nodes: workflow.nodes.map(choose) };
}

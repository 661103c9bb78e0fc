import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowJson, WorkflowNode } from '../../test/support/lab/types';

const CREDENTIAL_TYPE = 'openAiBatchApi';

/** Reads one of the example workflows, as a user would import it. */
export async function readWorkflow(name: string): Promise<WorkflowJson> {
	const file = join(__dirname, 'workflows', `${name}.json`);
	return JSON.parse(await readFile(file, 'utf8')) as WorkflowJson;
}

/** The choices that a user makes in the editor after importing. */
export interface Choices {
	credential: { id: string; name: string };
	/** Parameters to set, by the name of the node. */
	parameters?: Record<string, Record<string, unknown>>;
}

/** A copy of the workflow with the credential chosen in every node that takes it. */
export function withChoices(
	workflow: WorkflowJson,
	{ credential, parameters = {} }: Choices,
): WorkflowJson {
	for (const name of Object.keys(parameters)) {
		if (!workflow.nodes.some((node) => node.name === name)) {
			throw new Error(`The workflow "${workflow.name}" has no node "${name}".`);
		}
	}
	const choose = (node: WorkflowNode): WorkflowNode => ({
		...node,
		parameters: { ...node.parameters, ...parameters[node.name] },
		...(node.credentials?.[CREDENTIAL_TYPE] && {
			credentials: { ...node.credentials, [CREDENTIAL_TYPE]: credential },
		}),
	});
	return { ...workflow, nodes: workflow.nodes.map(choose) };
}

import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { WorkflowJson, WorkflowNode } from '../../support/lab/types';

const FOLDER = resolve(__dirname, '..', '..', '..', 'examples');

/** The names of all examples, without their ending. */
export async function exampleNames(): Promise<string[]> {
	const files = await readdir(FOLDER);
	return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
}

/** Reads an example, as a user would import it. */
export async function readExample(name: string): Promise<WorkflowJson> {
	return JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as WorkflowJson;
}

/** What a user chooses in the editor after importing. */
export interface Choices {
	/** Credentials, by their type. */
	credentials: Record<string, { id: string; name: string }>;
	/** Parameters to set, by the name of the node. */
	parameters?: Record<string, Record<string, unknown>>;
}

/** A copy of the workflow with credentials and parameters chosen. @throws for what it lacks */
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

import { randomUUID } from 'node:crypto';
import { Rest } from '../../support/lab/rest';
import type { WorkflowNode } from '../../support/lab/types';
import type { World } from './world';

/** The title of the credential that {@link prepare} creates. */
export const CREDENTIAL = 'Films';

const FILMS = [
	{ id: 'F1', title: 'Alien' },
	{ id: 'F2', title: 'Amélie' },
	{ id: 'F3', title: 'Casablanca' },
];

/** A manual trigger and a Code node with three films. */
export const FILM_NODES = [
	{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} },
	{
		name: 'Films',
		type: 'n8n-nodes-base.code',
		typeVersion: 2,
		parameters: { jsCode: `return ${JSON.stringify(FILMS)}.map((json) => ({ json }));` },
	},
];

export async function createCredential(
	rest: Rest,
	{ apiKey, apiUrl }: World,
	title: string,
): Promise<{ id: string; name: string }> {
	return await rest.createCredential('openAiBatchApi', title, { apiKey, url: apiUrl });
}

/** What a user has done before a test begins: a credential, and a workflow of a chain of nodes. */
export async function prepare(
	world: World,
	name: string,
	nodes: Array<Pick<WorkflowNode, 'name' | 'type' | 'parameters'>>,
): Promise<{ workflowUrl: string }> {
	const rest = new Rest(world.n8nUrl);
	await rest.login(world);
	const credential = await createCredential(rest, world, CREDENTIAL);
	const { id } = await rest.createWorkflow({
		name,
		nodes: nodes.map((node, index) => ({
			id: randomUUID(),
			position: [220 * index, 0],
			...node,
			...(node.type.startsWith('n8n-nodes-openai-batch.') && {
				credentials: { openAiBatchApi: credential },
			}),
		})) as WorkflowNode[],
		connections: Object.fromEntries(
			nodes.slice(1).map((node, index) => {
				const target = { node: node.name, type: 'main', index: 0 };
				return [nodes[index].name, { main: [[target]] }];
			}),
		),
	});
	return { workflowUrl: `${world.n8nUrl}/workflow/${id}` };
}

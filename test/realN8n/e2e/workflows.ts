import { createCredential } from '../../support/lab/account';
import type { Canvas } from '../../support/lab/editor/canvas';
import type { NodePanel } from '../../support/lab/editor/nodePanel';
import { Rest } from '../../support/lab/n8n/rest';
import { byHand, chain, type Step } from '../../support/lab/workflows/steps';
import type { World } from './world';

/** The title of the credential that {@link prepare} creates. */
export const CREDENTIAL = 'Films';

const FILMS = [
	{ id: 'F1', title: 'Alien' },
	{ id: 'F2', title: 'Amélie' },
	{ id: 'F3', title: 'Casablanca' },
];

/** A manual trigger and a Code node with three films. */
export const FILM_NODES: Step[] = [
	byHand,
	{
		name: 'Films',
		type: 'n8n-nodes-base.code',
		typeVersion: 2,
		parameters: { jsCode: `return ${JSON.stringify(FILMS)}.map((json) => ({ json }));` },
	},
];

/** Prepares what a test begins with: a credential, and a workflow of a chain of nodes. */
export async function prepare(
	world: World,
	name: string,
	steps: Step[],
): Promise<{ workflowUrl: string }> {
	const { n8nUrl, apiUrl: url, apiKey } = world;
	const rest = new Rest(n8nUrl);
	await rest.login(world);
	const credential = await createCredential(rest, { url, apiKey }, { title: CREDENTIAL });
	const own = (step: Step): Step =>
		step.type.startsWith('n8n-nodes-openai-batch.')
			? { ...step, credentials: { openAiBatchApi: credential } }
			: step;
	const { id } = await rest.createWorkflow(chain(name, steps.map(own)));
	return { workflowUrl: `${n8nUrl}/workflow/${id}` };
}

/** Adds a node of OpenAI Batch with the credential that {@link prepare} creates. */
export async function addAction(canvas: Canvas, action: string): Promise<NodePanel> {
	const panel = await canvas.addAction(action);
	await panel.chooseCredential(CREDENTIAL);
	return panel;
}

import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

/** The same nodes with a credential for Azure: another path, the key in another header. */
export async function azureOpenAi(lab: Lab): Promise<void> {
	const apiKey = 'azure-resource-key';
	const scene = await Scene.open(
		lab,
		{ basePath: '/openai/v1', apiKey },
		{ authScheme: 'apiKeyHeader' },
	);
	const rows = await scene.table(
		'tickets',
		['text', 'priority', 'status', 'error'],
		[{ text: 'The house is on fire' }, { text: 'A typo on page 3' }],
	);
	const workflow = await scene.import('azure-openai');
	await scene.run(workflow, 'Start');

	const [batch] = scene.batches;
	expect(batch.model).toMatch(/^my-batch-deployment/);
	const answers = scene.answers(batch.id);
	const priority = (id: string) => JSON.parse(chatText(answers.get(id))).priority as string;
	expect(await rows()).toMatchObject([
		{ id: 1, priority: priority('1'), status: 'succeeded', error: null },
		{ id: 2, priority: priority('2'), status: 'succeeded', error: null },
	]);
	const [create] = scene.emulator.ledger.calls('POST', '/batches');
	expect(create.path).toBe('/openai/v1/batches');
	expect(create.headers).toHaveProperty('api-key');
	expect(create.headers).not.toHaveProperty('authorization');
}

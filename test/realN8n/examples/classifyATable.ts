import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
import { filled, Scene } from './scene';

const REFUSED = '[[emulator:fail 400 context_length_exceeded]]';

/**
 * Every product gets the category of its own answer. The product that failed gets the reason, and
 * keeps what it has. A batch that failed as a whole does not stop the others.
 */
export async function classifyATable(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'products',
		['name', 'description', 'category', 'reason', 'status', 'error'],
		[
			{ name: 'Kettle', description: 'Boils water' },
			{ name: 'Socks', description: 'Warm' },
			{ name: 'Done', description: 'Sorted already', category: 'Other', status: 'by hand' },
			{ name: 'Encyclopedia', description: `All volumes ${REFUSED}`, reason: 'Unsure' },
		],
	);
	const workflow = await scene.import('classify-a-table');
	await lab.rest.activate(workflow);
	const failed = await scene.batchThatFails('classify-a-table');
	await scene.run(workflow, 'Start');
	await scene.run(workflow, 'Start');

	const look = async () => await filled(rows, 'status');
	const found = await scene.untilReported(workflow, failed, look);
	expect(scene.batches).toHaveLength(2);
	const answers = scene.answers(scene.batches[1].id);
	expect([...answers.keys()].sort()).toEqual(['1', '2']);
	const answer = (id: string) => ({ ...JSON.parse(chatText(answers.get(id))), error: null });
	expect(found).toMatchObject([
		{ id: 1, name: 'Kettle', status: 'succeeded', ...answer('1') },
		{ id: 2, name: 'Socks', status: 'succeeded', ...answer('2') },
		{ id: 3, name: 'Done', category: 'Other', status: 'by hand' },
		{
			id: 4,
			category: null,
			reason: 'Unsure',
			status: 'failed',
			error: expect.stringMatching(/./),
		},
	]);
}

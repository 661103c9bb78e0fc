import { responseText } from './content';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

/** One execution submits, waits, and has written every translation when it ends. */
export async function waitInOneWorkflow(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'sentences',
		['text', 'translation', 'status', 'error'],
		[{ text: 'Good morning' }, { text: 'Good night' }, { text: '[[emulator:missing]]' }],
	);
	const workflow = await scene.import('wait-in-one-workflow');
	await scene.run(workflow, 'Start');

	const answers = scene.answers(scene.batches[0].id);
	expect(await rows()).toMatchObject([
		{ id: 1, translation: responseText(answers.get('1')), status: 'succeeded' },
		{ id: 2, translation: responseText(answers.get('2')), status: 'succeeded' },
		{ id: 3, translation: null, status: 'missing', error: expect.stringContaining('neither') },
	]);
}

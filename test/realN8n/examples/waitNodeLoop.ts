import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { responseText } from './content';
import { Scene } from './scene';

/** The execution looks, waits again while the batch runs, and has written the answers when it ends. */
export async function waitNodeLoop(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	const rows = await scene.table(
		'recipes',
		['text', 'translation', 'status', 'error'],
		[{ text: 'Apple pie' }, { text: 'Pancakes' }],
	);
	// The shortest time for which n8n parks an execution.
	const parameters = { 'Wait ten minutes': { amount: 65, unit: 'seconds' } };
	const workflow = await scene.import('wait-node-loop', { parameters });
	const execution = await lab.rest.run(workflow, 'Start');
	const { id } = await scene.until(workflow, async () => scene.batches[0]);
	await scene.until(workflow, async () => scene.looks(id) > 0 || undefined);
	await scene.emulator.step(id, 'completed');
	const { status } = await lab.rest.ended(workflow, execution);

	expect(status).toBe('success');
	expect(scene.looks(id)).toBeGreaterThan(1);
	const answers = scene.answers(id);
	expect(await rows()).toMatchObject([
		{ id: 1, translation: responseText(answers.get('1')), status: 'succeeded' },
		{ id: 2, translation: responseText(answers.get('2')), status: 'succeeded' },
	]);
}

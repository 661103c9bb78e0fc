import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { responseText } from './content';
import { Scene } from './scene';

/** The execution waits until both batches are finished, and only then gets all their answers. */
export async function resumeByTrigger(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	const rows = await scene.table(
		'chapters',
		['text', 'translation', 'status', 'error'],
		[{ text: 'It was a dark night' }, { text: 'The end' }],
	);
	const parameters = { 'Submit chapters': { options: { maxRequestsPerBatch: 1 } } };
	const workflow = await scene.import('resume-by-trigger', { parameters });
	await lab.rest.activate(workflow);
	const execution = await lab.rest.run(workflow, 'Start');
	const [first, second] = await scene.until(workflow, async () =>
		scene.batches.length === 2 ? scene.batches.map(({ id }) => id) : undefined,
	);
	await scene.emulator.step(first, 'completed');
	await scene.until(workflow, async () => {
		const found = (await lab.rest.executions(workflow)).find(({ id }) => id === execution);
		return found?.status === 'waiting' || undefined;
	});
	await scene.emulator.step(second, 'completed');
	const { status } = await lab.rest.ended(workflow, execution);

	expect(status).toBe('success');
	expect(await rows()).toMatchObject([
		{ id: 1, translation: responseText(scene.answers(first).get('1')), status: 'succeeded' },
		{ id: 2, translation: responseText(scene.answers(second).get('2')), status: 'succeeded' },
	]);
}

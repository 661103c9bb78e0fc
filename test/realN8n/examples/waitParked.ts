import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { responseText } from './content';
import { Scene } from './scene';

/**
 * Two batches: the answers of the one that is finished first are written while the execution is
 * parked for the other one.
 */
export async function waitParked(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	const rows = await scene.table(
		'manuals',
		['text', 'translation', 'status', 'error'],
		[{ text: 'Press the button' }, { text: 'Open the lid' }],
	);
	const parameters = { 'Submit manuals': { options: { maxRequestsPerBatch: 1 } } };
	const workflow = await scene.import('wait-parked', { parameters });
	const execution = await lab.rest.run(workflow, 'Start');
	const [first, second] = await scene.until(workflow, async () =>
		scene.batches.length === 2 ? scene.batches.map(({ id }) => id) : undefined,
	);
	const isParked = async () => {
		const [{ status }] = await lab.rest.executions(workflow);
		return status === 'waiting' || undefined;
	};
	await scene.until(workflow, isParked);
	await scene.emulator.step(first, 'completed');
	await scene.until(workflow, async () => (await rows())[0].translation || undefined);
	await scene.until(workflow, isParked);
	expect((await rows())[1].translation).toBeNull();
	await scene.emulator.step(second, 'completed');
	const { status } = await lab.rest.ended(workflow, execution);

	expect(status).toBe('success');
	expect(await rows()).toMatchObject([
		{ id: 1, translation: responseText(scene.answers(first).get('1')), status: 'succeeded' },
		{ id: 2, translation: responseText(scene.answers(second).get('2')), status: 'succeeded' },
	]);
}

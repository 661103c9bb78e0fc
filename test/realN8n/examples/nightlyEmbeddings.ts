import { vector } from './content';
import type { Lab } from '../../support/lab/lab';
import { filled, Scene } from './scene';

/**
 * Every article without a vector gets its own, of the wanted length, or the reason why it has none.
 * A batch that failed as a whole does not stop the others.
 */
export async function nightlyEmbeddings(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'articles',
		['text', 'embedding', 'status'],
		[
			{ text: 'On whales' },
			{ text: 'On ships', embedding: '[1]', status: 'older' },
			{ text: 'On harbours' },
			{ text: '[[emulator:fail 400 context_length_exceeded]]' },
		],
	);
	const workflow = await scene.import('nightly-embeddings');
	await lab.rest.activate(workflow);
	const failed = await scene.batchThatFails('nightly-embeddings');
	await scene.run(workflow, 'Every night');

	const look = async () => await filled(rows, 'status');
	const [{ status: reason, embedding: none }, ...found] = (
		await scene.untilReported(workflow, failed, look)
	).reverse();
	found.reverse();
	expect([reason, none]).toEqual([expect.stringMatching(/^failed: ./), null]);
	const answers = scene.answers(scene.batches[1].id);
	expect([...answers.keys()].sort()).toEqual(['1', '3']);
	const stored = found.map(({ embedding }) => JSON.parse(String(embedding)) as number[]);
	expect(stored).toEqual([vector(answers.get('1')), [1], vector(answers.get('3'))]);
	expect(stored[0]).toHaveLength(256);
	expect(found.map(({ status }) => status)).toEqual(['succeeded', 'older', 'succeeded']);
}

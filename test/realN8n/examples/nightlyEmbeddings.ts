import { vector } from './content';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

/** Every article without a vector gets its own, of the wanted length. */
export async function nightlyEmbeddings(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'articles',
		['text', 'embedding', 'status'],
		[
			{ text: 'On whales' },
			{ text: 'On ships', embedding: '[1]', status: 'older' },
			{ text: 'On harbours' },
		],
	);
	const workflow = await scene.import('nightly-embeddings');
	await lab.rest.activate(workflow);
	await scene.run(workflow, 'Every night');

	const found = await scene.rowsWith(workflow, rows, 'status');
	const answers = scene.answers(scene.batches[0].id);
	expect([...answers.keys()].sort()).toEqual(['1', '3']);
	const stored = found.map(({ embedding }) => JSON.parse(String(embedding)) as number[]);
	expect(stored).toEqual([vector(answers.get('1')), [1], vector(answers.get('3'))]);
	expect(stored[0]).toHaveLength(256);
	expect(found.map(({ status }) => status)).toEqual(['succeeded', 'older', 'succeeded']);
}

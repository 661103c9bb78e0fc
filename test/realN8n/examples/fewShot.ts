import type { Lab } from '../../support/lab/lab';
import { chatText } from './content';
import { Scene } from './scene';

const TEXTS = ['The invoice is wrong', 'I want to return the "{{ lamp }}"', 'The parcel is broken'];

/** Each email follows the examples as the last message, and its row gets its own columns. */
export async function fewShot(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'emails',
		['text', 'topic', { name: 'urgent', type: 'boolean' }, 'status', 'error'],
		TEXTS.map((text) => ({ text })),
	);
	const workflow = await scene.import('few-shot');
	await scene.run(workflow, 'Start');

	const [{ id }] = scene.batches;
	const answers = scene.answers(id);
	const found = await rows();
	for (const [index, text] of TEXTS.entries()) {
		const { messages } = scene.requests(id).get(String(index + 1)) as {
			messages: Array<{ role: string; content: string }>;
		};
		const roles = messages.map(({ role }) => role);
		expect(roles).toEqual(['system', 'user', 'assistant', 'user', 'assistant', 'user']);
		expect(JSON.parse(messages[2].content)).toEqual({ topic: 'billing', urgent: false });
		expect(messages[5].content).toBe(text);
		const answer = JSON.parse(chatText(answers.get(String(index + 1))));
		expect(Object.keys(answer)).toEqual(['topic', 'urgent']);
		expect(found[index]).toMatchObject({ text, ...answer, status: 'succeeded', error: null });
	}
}

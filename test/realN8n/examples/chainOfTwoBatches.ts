import { STILL } from '../../support/lab/account';
import type { Outcome } from '../../support/emulator';
import type { RequestLine } from '../../support/emulator/batches/requestLine';
import type { Lab } from '../../support/lab/lab';
import { chatText } from './content';
import { Scene } from './scene';

const [WRITER, CHECKER] = ['gpt-6-luna', 'gpt-6-sol'];
const REFUSED: Outcome = { type: 'fail', status: 400, code: 'context_length_exceeded' };

/** What happens to a row other than an answer, by the model that is asked and the id of the row. */
const FATES: Record<string, Record<string, Outcome>> = {
	[WRITER]: { 3: REFUSED, 4: { type: 'truncate' }, 5: { type: 'refuse' } },
	[CHECKER]: { 6: REFUSED },
};

const fateOf = ({ custom_id: id, body }: RequestLine) => FATES[String(body.model)]?.[id];

/**
 * Only complete texts are prompts of the second batch, with the facts of their rows. A second run
 * continues with the batch of one that was stopped. In the end every row has its text and verdict,
 * or the reason why it has not.
 */
export async function chainOfTwoBatches(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	scene.emulator.control.requests({
		match: (line) => fateOf(line) !== undefined,
		outcome: (line) => fateOf(line),
	});
	const open = ['Kettle', 'Socks', 'Lamp', 'Rope', 'Knife', 'Soap'];
	const rows = await scene.table(
		'catalog',
		['name', 'facts', 'text', 'verdict', 'remarks', 'status', 'error'],
		[
			...open.map((name) => ({ name, facts: `A good ${name}` })),
			{ name: 'Done', facts: 'None', text: 'Ready', verdict: 'Correct', status: 'by hand' },
		],
	);
	const workflow = await scene.import('chain-of-two-batches');
	const nextBatch = async (batches: number) =>
		await scene.until(workflow, async () =>
			scene.batches.length === batches ? scene.batches.at(-1) : undefined,
		);

	const stopped = await lab.rest.run(workflow, 'Start');
	const first = await nextBatch(1);
	await lab.rest.stop(stopped);
	const execution = await lab.rest.run(workflow, 'Start');
	await scene.until(workflow, async () => scene.looks(first.id) > 2 || undefined);
	await scene.emulator.step(first.id, 'completed');
	const second = await nextBatch(2);
	await scene.emulator.step(second.id, 'completed');
	expect((await lab.rest.ended(workflow, execution)).status).toBe('success');

	expect(scene.batches).toHaveLength(2);
	const [texts, verdicts] = [scene.answers(first.id), scene.answers(second.id)];
	const textOf = (id: string) => chatText(texts.get(id));
	const prompts = [...scene.requests(second.id)].map(([id, { messages }]) => [
		id,
		(messages as Array<{ content: string }>).at(-1)!.content,
	]);
	expect(prompts.sort()).toEqual(
		['1', '2', '6'].map((id) => [
			id,
			`Facts: A good ${open[Number(id) - 1]}\n\nText: ${textOf(id)}`,
		]),
	);
	const checked = (id: string) => ({
		...JSON.parse(chatText(verdicts.get(id))),
		id: Number(id),
		text: textOf(id),
		status: 'succeeded',
		error: null,
	});
	const unchecked = (id: number, text: string | null, status: string, error: unknown) => ({
		id,
		text,
		verdict: null,
		status,
		error,
	});
	const reason = expect.stringMatching(/./);
	expect(await rows()).toMatchObject([
		checked('1'),
		checked('2'),
		unchecked(3, null, 'failed', reason),
		unchecked(4, null, 'succeeded', 'The text is empty or was cut off'),
		unchecked(5, null, 'succeeded', reason),
		unchecked(6, textOf('6'), 'failed', reason),
		{ id: 7, text: 'Ready', verdict: 'Correct', status: 'by hand' },
	]);
}

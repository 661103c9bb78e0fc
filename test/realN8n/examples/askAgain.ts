import { startChatModel } from './chatModel';
import { chatText } from './content';
import type { Outcome } from '../../support/emulator';
import type { RequestLine } from '../../support/emulator/batches/requestLine';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

const QUESTIONS = ['A short one', 'A long one', 'One that is always too long', 'An odd one'];

/** By the id of the row: what becomes of a request, by its token limit. */
const FATES: Record<string, (limit: number) => Outcome> = {
	2: (limit) => ({ type: limit < 400 ? 'truncate' : 'answer' }),
	3: () => ({ type: 'truncate' }),
	4: (limit) => (limit < 1_600 ? { type: 'refuse' } : { type: 'answer' }),
};

const limitOf = (body: unknown) => Number((body as Record<string, unknown>).max_completion_tokens);

/**
 * Each round asks only for the answers that are not good, with more tokens. After the third, one
 * request goes to the synchronous API with the service tier flex, and no answer is asked for twice.
 */
export async function askAgain(lab: Lab): Promise<void> {
	const model = await startChatModel(() => ({ words: '{"answer":"At last"}' }));
	lab.defer(model.close);
	const scene = await Scene.open(lab);
	scene.emulator.control.requests({
		match: ({ custom_id: id }) => id in FATES,
		outcome: ({ custom_id: id, body }: RequestLine) => FATES[id](limitOf(body)),
	});
	const rows = await scene.table(
		'questions',
		['question', 'answer', 'source', 'error'],
		QUESTIONS.map((question) => ({ question })),
	);
	const workflow = await scene.import('ask-again', {
		parameters: { 'Ask at once (flex)': { url: `${model.url}/chat/completions` } },
	});
	await lab.rest.activate(workflow);
	await scene.run(workflow, 'Start');

	const found = await scene.rowsWith(workflow, rows, 'answer');
	const rounds = scene.batches.map(({ id }) => scene.requests(id));
	expect(rounds.map((bodies) => [...bodies.keys()])).toEqual([
		['1', '2', '3', '4'],
		['2', '3', '4'],
		['3', '4'],
	]);
	expect(rounds.map((bodies) => [...bodies.values()].map(limitOf))).toEqual([
		[100, 100, 100, 100],
		[400, 400, 400],
		[1_600, 1_600],
	]);
	const [first, second, third] = scene.batches;
	expect(second.metadata).toMatchObject({ job: 'ask-again', round: '2', retry_of: first.id });
	expect(third.metadata).toMatchObject({ job: 'ask-again', round: '3', retry_of: second.id });
	// The fallback sends the request as it was in the last round, but for its tier and limit.
	expect(model.requests).toEqual([
		{ ...rounds[2].get('3'), max_completion_tokens: 6_400, service_tier: 'flex' },
	]);
	const answer = (batchId: string, id: string) => {
		const text = chatText(scene.answers(batchId).get(id));
		return (JSON.parse(text) as { answer: string }).answer;
	};
	expect(found).toMatchObject([
		{ id: 1, answer: answer(first.id, '1'), source: 'batch, round 1', error: null },
		{ id: 2, answer: answer(second.id, '2'), source: 'batch, round 2', error: null },
		{ id: 3, answer: 'At last', source: 'flex', error: null },
		{ id: 4, answer: answer(third.id, '4'), source: 'batch, round 3', error: null },
	]);
}

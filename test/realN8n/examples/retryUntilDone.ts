import type { Outcome } from '../../support/emulator';
import type { RequestLine } from '../../support/emulator/batches/requestLine';
import { responseText } from './content';
import type { Lab } from '../../support/lab/lab';
import { filled, Scene } from './scene';

const RATE_LIMIT: Outcome = { type: 'fail', status: 429, code: 'rate_limit_exceeded' };
const TOO_LONG: Outcome = { type: 'fail', status: 400, code: 'context_length_exceeded' };

/** The outcomes of a review, one for each time that it is sent; others are simply answered. */
const TROUBLES: Record<string, Outcome[]> = {
	2: [RATE_LIMIT],
	3: [{ type: 'missing' }],
	4: [RATE_LIMIT, TOO_LONG],
};

function makeTrouble({ emulator }: Scene): void {
	const times = new Map<string, number>();
	const outcome = ({ custom_id: id }: RequestLine): Outcome => {
		const time = times.get(id) ?? 0;
		times.set(id, time + 1);
		return TROUBLES[id]?.[time] ?? { type: 'answer' };
	};
	emulator.control.requests({ match: () => true, outcome });
}

/**
 * The second round repeats exactly what may succeed, and the results of both are joined: each review
 * has its sentiment, or the error that no retry can help. A batch that failed as a whole, and cannot
 * be retried, does not stop the others.
 */
export async function retryUntilDone(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	makeTrouble(scene);
	const reviews = ['Great', 'Good', 'So-so', 'A very long one', 'Bad'];
	const rows = await scene.table(
		'reviews',
		['review', 'sentiment', 'status', 'error'],
		reviews.map((review) => ({ review })),
	);
	const workflow = await scene.import('retry-until-done');
	await lab.rest.activate(workflow);
	const failed = await scene.batchThatFails('retry-until-done');
	await scene.run(workflow, 'Start');

	const look = async () => await filled(rows, 'status');
	const found = await scene.untilReported(workflow, failed, look);
	const [, first, second, ...more] = scene.batches;
	expect(more).toEqual([]);
	expect(second.metadata).toMatchObject({ round: '2', first_batch: first.id, retry_of: first.id });
	expect(second.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
	const answers = new Map([...scene.answers(first.id), ...scene.answers(second.id)]);
	expect([...answers.keys()].sort()).toEqual(['1', '2', '3', '5']);
	const row = (id: string) => ({
		id: Number(id),
		status: 'succeeded',
		error: null,
		...JSON.parse(responseText(answers.get(id))),
	});
	expect(found).toMatchObject([
		row('1'),
		row('2'),
		row('3'),
		{ id: 4, status: 'failed', sentiment: null, error: expect.stringMatching(/./) },
		row('5'),
	]);
}

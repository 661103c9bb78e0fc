import type { Outcome } from '../../support/emulator';
import type { RequestLine } from '../../support/emulator/batches/requestLine';
import { responseText } from './content';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

const RATE_LIMIT: Outcome = { type: 'fail', status: 429, code: 'rate_limit_exceeded' };
const TOO_LONG: Outcome = { type: 'fail', status: 400, code: 'context_length_exceeded' };

/** The outcomes of a review, one for each time that it is sent; others are simply answered. */
const TROUBLES: Record<string, Outcome[]> = {
	'review-2': [RATE_LIMIT],
	'review-3': [{ type: 'missing' }],
	'review-4': [RATE_LIMIT, TOO_LONG],
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
 * The second round repeats exactly what may succeed, and the results of both are joined: one row
 * for each review, with the error of the one that no retry can help.
 */
export async function retryUntilDone(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab);
	makeTrouble(scene);
	const reviews = ['Great', 'Good', 'So-so', 'A very long one', 'Bad'];
	await scene.table(
		'reviews',
		['review', 'sentiment'],
		reviews.map((review) => ({ review })),
	);
	const rows = await scene.table('review_results', ['custom_id', 'sentiment', 'status', 'error']);
	const workflow = await scene.import('retry-until-done');
	await lab.rest.activate(workflow);
	await scene.run(workflow, 'Start');

	const found = await scene.until(workflow, async () => {
		const stored = await rows();
		return stored.length === reviews.length ? stored : undefined;
	});
	const [first, second, ...more] = scene.batches;
	expect(more).toEqual([]);
	expect(second.metadata).toMatchObject({ round: '2', first_batch: first.id, retry_of: first.id });
	expect(second.request_counts).toEqual({ total: 3, completed: 2, failed: 1 });
	const answers = new Map([...scene.answers(first.id), ...scene.answers(second.id)]);
	expect([...answers.keys()].sort()).toEqual(['review-1', 'review-2', 'review-3', 'review-5']);
	const row = (id: string) => ({
		custom_id: id,
		status: 'succeeded',
		error: null,
		...JSON.parse(responseText(answers.get(id))),
	});
	const byId = found.sort((a, b) => String(a.custom_id).localeCompare(String(b.custom_id)));
	expect(byId).toMatchObject([
		row('review-1'),
		row('review-2'),
		row('review-3'),
		{ custom_id: 'review-4', status: 'failed', sentiment: null, error: expect.stringMatching(/./) },
		row('review-5'),
	]);
}

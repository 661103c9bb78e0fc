import { orderProblem } from '../../../nodes/OpenAiBatchTrigger/poll';
import type { Batch } from '../../../nodes/openai/api/objects';

const NOW = 1_790_000_000;

/** A page of the list, by the seconds before now at which its batches were created. */
const page = (...ages: Array<number | undefined>) =>
	ages.map((age, n) => ({ id: `b${n}`, created_at: age && NOW - age }) as unknown as Batch);

const OLDEST_FIRST = 'The server lists the batch that was created first on top';
const NO_TIMES = 'The server does not say when batches were created';

it.each<[string, Batch[], string | undefined]>([
	['an empty page', [], undefined],
	['the newest first', page(1, 60, 3_600, 90_000), undefined],
	['one batch without a time', page(1, undefined, 3_600), undefined],
	['first and last a second out of order', page(61, 60), undefined],
	['a few seconds out of order throughout', page(5, 4, 3, 2), undefined],
	['one old batch on top', page(7_200, 60, 120, 180, 240), undefined],
	['no times at all', page(undefined, undefined), NO_TIMES],
	['two batches, the older one first', page(3_600, 60), OLDEST_FIRST],
	['the oldest first', page(90_000, 3_600, undefined, 60, 61, 1), OLDEST_FIRST],
	['many of one minute, the oldest first', page(7, 6, 5, 5, 4, 3, 1), OLDEST_FIRST],
])('%s', (_what, batches, problem) => {
	expect(orderProblem(batches)).toBe(problem);
});

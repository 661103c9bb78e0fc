import { Lookups } from '../../../nodes/OpenAiBatchTrigger/lookups';
import type { Batch } from '../../../nodes/openai/api/objects';

const at = (...ranks: number[]) =>
	ranks.map((rank) => ({ id: `at_${rank}`, rank, createdAt: 0, seenEvents: 1 }));
const batch = (rank: number) => ({ id: `at_${rank}` }) as Batch;
const HEAD = [{ id: 'head', rank: 99 }];

/** What is asked for when every page shows its hundred places, `shift` places further down. */
function asked(lookups: Lookups, ranks: number[], shift = 0): string[] {
	const requests: string[] = [];
	for (let next = lookups.next(); next; next = lookups.next()) {
		if ('get' in next) {
			requests.push(`get ${next.get}`);
			lookups.absorb(next, [{ id: next.get } as Batch]);
		} else {
			requests.push(`after ${next.page}`);
			const start = next.page === 'head' ? 99 : Number(next.page?.slice(3));
			const shown = ranks.filter((rank) => rank + shift > start && rank + shift <= start + 100);
			lookups.absorb(next, shown.map(batch));
		}
	}
	return requests;
}

const plan = (ranks: number[], turn?: string) =>
	asked(new Lookups(at(...ranks), HEAD, turn), ranks);

describe('open batches far down the list', () => {
	test.each<[string, number[], string[]]>([
		['nothing to look for', [], []],
		['one just below the head', [120], ['get at_120']],
		['two below the head', [120, 130], ['after head']],
		['one far down', [5_000], ['get at_5000']],
		['two neighbours far down', [5_000, 5_001], ['get at_5000', 'get at_5001']],
		['three neighbours', [5_000, 5_001, 5_002], ['get at_5000', 'after at_5000']],
		[
			'a stretch of 250',
			Array.from({ length: 250 }, (_, index) => 5_000 + index),
			['get at_5000', 'after at_5000', 'after at_5095', 'after at_5190'],
		],
		['far apart', [300, 600, 900], ['get at_300', 'get at_600', 'get at_900']],
	])('%s', (_, ranks, requests) => {
		const sizes = plan(ranks);
		expect(sizes).toHaveLength(requests.length);
		if (ranks.length < 10) expect(sizes).toEqual(requests);
	});

	test('are asked for one by one where a page does not show them', () => {
		const ranks = [5_000, 5_001, 5_002];
		expect(asked(new Lookups(at(...ranks), HEAD), ranks, 500)).toEqual([
			'get at_5000',
			'after at_5000',
			'get at_5001',
			'get at_5002',
		]);
	});

	test('begin with the one whose turn it is', () => {
		expect(plan([300, 600, 900], 'at_600')).toEqual(['get at_600', 'get at_900', 'get at_300']);
	});

	test('are gone when the server does not know them', () => {
		const lookups = new Lookups(at(300), HEAD);
		lookups.absorb(lookups.next()!, []);
		expect(lookups.next()).toBeUndefined();
		expect([...lookups.gone]).toEqual(['at_300']);
	});
});

import {
	Gathering,
	submissionsOf,
	type GatheringRequest,
	type StoredGathering,
} from '../../../nodes/batchEvents/gathering';
import type { Batch } from '../../../nodes/openai/api/objects';
import { batchOf, START, submissionId } from './submissionBatches';

const DAY = 86_400;
const ID = submissionId(1);

/** Part `part` of three, created `part` seconds after the start. */
const partOf3 = (part: number, fields: Partial<Batch> = {}) =>
	batchOf(`batch_${part}`, { part, parts: 3 }, { created_at: START + part, ...fields });
const [one, two, three] = [1, 2, 3].map((part) => partOf3(part));

const foreign = (id: string, created_at = START): Batch => ({
	...batchOf(id, {}, { created_at }),
	metadata: null,
});

const page = (data: Batch[], has_more = true) => ({ data, has_more });
const sought = (parts = 3) => [{ id: ID, parts }];
const idsOf = ({ finished }: Gathering) => finished.map(({ batches }) => batches.map((b) => b.id));

/** Takes in pages one after the other; each has to be asked for. */
function readPages(gathering: Gathering, ...pages: Array<ReturnType<typeof page>>): void {
	for (const answer of pages) {
		const request = gathering.next()!;
		expect(request).toHaveProperty('page');
		gathering.absorb(request, answer);
	}
}

/** As n8n keeps it between two polls. */
const store = ({ stored }: Gathering) => JSON.parse(JSON.stringify(stored)) as StoredGathering;

const never = () => false;

test('the submissions of batches are those that ours belong to', () => {
	expect(submissionsOf([one, foreign('x'), two, batchOf('batch_9', { of: 2 })])).toEqual([
		{ id: ID, parts: 3 },
		{ id: ID, parts: 3 },
		{ id: submissionId(2), parts: 1 },
	]);
});

describe('a submission', () => {
	test('of one part that has just ended asks for nothing, when its list was read to its end', () => {
		const place = { after: 'batch_0', reached: START };
		const gathering = new Gathering(sought(1), never, place);
		gathering.take([batchOf('batch_1')]);
		expect(gathering.next()).toBeUndefined();
		expect(idsOf(gathering)).toEqual([['batch_1']]);
		expect(gathering.stored).toBeUndefined();
	});

	test('is found on as many pages as there are down to its last part, once', () => {
		const gathering = new Gathering(sought());
		expect(gathering.next()).toEqual({ page: undefined });
		readPages(gathering, page([foreign('a'), three]));
		expect(gathering.next()).toEqual({ page: 'batch_3' });
		readPages(gathering, page([two, foreign('b')]));
		expect(gathering.next()).toEqual({ page: 'b' });
		expect(gathering.finished).toEqual([]);
		readPages(gathering, page([foreign('c'), one, foreign('d')]));
		expect(gathering.next()).toBeUndefined();
		expect(idsOf(gathering)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
		expect([gathering.undecided, gathering.stored]).toEqual([[], undefined]);
		gathering.take([three, two, one]);
		expect(gathering.finished).toHaveLength(1);
	});

	test('is not complete before the list was read down to the end of its first part', () => {
		// Whatever repeats that part stands between here and there.
		const gathering = new Gathering(sought(), never, { after: 'top', reached: START + 900 });
		gathering.take([three, two, one]);
		expect(gathering.finished).toEqual([]);
		expect(gathering.next()).toEqual({ page: 'top' });
		const retry = batchOf(
			'batch_retry',
			{ part: 1, parts: 3, retryOf: 'batch_1' },
			{ created_at: START + 300, completed_at: START + 400 },
		);
		readPages(gathering, page([retry, foreign('x', START + 60)]));
		// In the same second, a retry may stand on the next page.
		expect(gathering.finished).toEqual([]);
		readPages(gathering, page([foreign('y', START + 59)]));
		expect(idsOf(gathering)).toEqual([['batch_1', 'batch_retry', 'batch_2', 'batch_3']]);
	});

	test('is looked for down to the request to cancel a part, since that may be created anew then', () => {
		const cancelled = partOf3(1, {
			status: 'cancelled',
			completed_at: null,
			cancelling_at: START + 100,
			cancelled_at: START + 700,
		});
		const late = { completed_at: START + 1_000 };
		const anew = batchOf(
			'batch_anew',
			{ part: 1, parts: 3 },
			{ created_at: START + 200, completed_at: START + 900 },
		);
		const place = { after: 'top', reached: START + 500 };
		const gathering = new Gathering(sought(), never, place);
		gathering.take([partOf3(3, late), partOf3(2, late), cancelled]);
		expect(gathering.next()).toEqual({ page: 'top' });
		readPages(gathering, page([anew, foreign('x', START + 90)]));
		expect(idsOf(gathering)).toEqual([['batch_anew', 'batch_2', 'batch_3']]);
	});

	test('with a batch that is known to run is not looked for', () => {
		const gathering = new Gathering(
			[...sought(), { id: submissionId(2), parts: 1 }],
			(id) => id === ID,
		);
		expect(gathering.undecided).toEqual([{ id: submissionId(2), parts: 1 }]);
	});

	test('with a part that is missing ends where the list does, with nothing reported', () => {
		const gathering = new Gathering(sought());
		readPages(gathering, page([three, foreign('a')]), page([one], false));
		expect(gathering.next()).toBeUndefined();
		expect([gathering.finished, gathering.stored]).toEqual([[], undefined]);
	});

	test.each([
		['eight days below the oldest of it', undefined, 8],
		['38 days below, where a retry was found, which may follow much later', 'batch_1', 38],
	])('with a part that is missing is looked for until %s', (_, retryOf, days) => {
		const gathering = new Gathering(sought());
		const found = batchOf('batch_2', { part: 2, parts: 3, retryOf });
		readPages(gathering, page([found]), page([foreign('a', START - days * DAY)]));
		expect(gathering.next()).toEqual({ page: 'a' });
		readPages(gathering, page([foreign('b', START - days * DAY - 1)]));
		expect(gathering.next()).toBeUndefined();
		expect([gathering.finished, gathering.stored]).toEqual([[], undefined]);
	});

	test('ends with a page that is empty, or that begins again with its last batch', () => {
		for (const answer of [page([]), { data: [three] }]) {
			const gathering = new Gathering(sought());
			readPages(gathering, { data: [three] } as never, answer as never);
			expect(gathering.next()).toBeUndefined();
		}
	});

	test('that is looked for beside others is reported as soon as it is complete', () => {
		const gathering = new Gathering([...sought(), { id: submissionId(2), parts: 2 }]);
		readPages(gathering, page([three, two, one]));
		expect(idsOf(gathering)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
		expect(gathering.undecided).toEqual([{ id: submissionId(2), parts: 2 }]);
	});
});

describe('a batch that the list shows as unfinished', () => {
	const stale = partOf3(2, { status: 'in_progress', completed_at: null });

	const withStale = (): [Gathering, GatheringRequest] => {
		const gathering = new Gathering(sought());
		readPages(gathering, page([three, stale, one]));
		return [gathering, gathering.next()!];
	};

	test('is asked for by its id, before any other page', () => {
		const [gathering, request] = withStale();
		expect(request).toEqual({ get: 'batch_2' });
		expect(gathering.absorb(request, two)).toBe(true);
		expect(gathering.next()).toBeUndefined();
		expect(idsOf(gathering)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
		const early = new Gathering(sought());
		readPages(early, page([three, stale]));
		expect(early.next()).toEqual({ get: 'batch_2' });
	});

	test.each([
		['really runs', stale],
		['is gone', undefined],
	])('drops the submission when it %s', (_, answer) => {
		const [gathering, request] = withStale();
		expect(gathering.absorb(request, answer)).toBe(true);
		expect(gathering.next()).toBeUndefined();
		expect([gathering.finished, gathering.stored]).toEqual([[], undefined]);
	});

	test('is believed no more once its end was seen', () => {
		const gathering = new Gathering(sought());
		gathering.take([two]);
		readPages(gathering, page([three, stale, one]));
		expect(gathering.next()).toBeUndefined();
		expect(idsOf(gathering)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
	});

	test('drops its own submission only', () => {
		const gathering = new Gathering([...sought(), { id: submissionId(2), parts: 1 }]);
		readPages(gathering, page([stale, batchOf('batch_9', { of: 2 })]));
		gathering.absorb({ get: 'batch_2' }, stale);
		expect(idsOf(gathering)).toEqual([['batch_9']]);
		expect(gathering.undecided).toEqual([]);
	});
});

describe('a server that answers badly', () => {
	test('is not asked twice for a batch that its answer does not settle', () => {
		const gathering = new Gathering(sought());
		gathering.take([{ ...three, status: 'in_progress' }]);
		gathering.absorb({ get: 'batch_3' }, { ...three, metadata: null });
		expect([gathering.next(), gathering.finished, gathering.undecided]).toEqual([
			undefined,
			[],
			[],
		]);
	});

	test('with a list that is empty for a moment has lost the place, and no submission', () => {
		const gathering = new Gathering(sought());
		expect(gathering.absorb(gathering.next()!, page([], false))).toBe(false);
		expect(gathering.undecided).toEqual(sought());
	});
});

describe('between two polls', () => {
	const interrupted = () => {
		const gathering = new Gathering(sought());
		readPages(gathering, page([three, foreign('a')]), page([two, foreign('b')]));
		return gathering;
	};

	test('it is stored with its place, and with the batches that it has found', () => {
		const failed = { ...two, status: 'failed', errors: { data: [{ message: 'Long' }] } };
		const gathering = new Gathering(sought());
		readPages(gathering, page([three, foreign('a')]), page([failed, foreign('b')]));
		expect(store(gathering)).toEqual({
			after: 'b',
			reached: START,
			sought: [
				[
					ID,
					3,
					[
						['batch_3', 3, { ...three, errors: null }],
						['batch_2', 2, { ...failed, errors: null }],
					],
				],
			],
			polls: 1,
		});
		expect(store(new Gathering(sought()))).toEqual({ sought: [[ID, 3, []]], polls: 1 });
	});

	test('it goes on at its place, and asks for nothing that it has found', () => {
		const resumed = Gathering.resume(store(interrupted()), never);
		expect(store(resumed)).toEqual({ ...store(interrupted()), polls: 2 });
		expect(resumed.next()).toEqual({ page: 'b' });
		readPages(resumed, page([one]));
		expect(resumed.next()).toBeUndefined();
		expect(idsOf(resumed)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
	});

	test('it still asks for a batch that nobody knows to run', () => {
		const gathering = new Gathering(sought());
		gathering.take([{ ...three, status: 'in_progress' }]);
		const resumed = Gathering.resume(store(gathering), never);
		expect(resumed.next()).toEqual({ get: 'batch_3' });
		resumed.absorb({ get: 'batch_3' }, three);
		expect(resumed.next()).toEqual({ page: undefined });
	});

	test('it is stored and resumed after every answer, with the same end', () => {
		let gathering = new Gathering(sought());
		const pages = new Map([
			[undefined, page([three])],
			['batch_3', page([two])],
			['batch_2', page([one])],
		]);
		const finished: string[][] = [];
		for (let round = 0; round < 20; round++) {
			const request = gathering.next();
			if (!request) break;
			const byId = [one, two, three].find(({ id }) => 'get' in request && id === request.get);
			gathering.absorb(request, 'get' in request ? byId : pages.get(request.page));
			finished.push(...idsOf(gathering));
			if (gathering.stored) gathering = Gathering.resume(store(gathering), never);
		}
		expect(finished.at(-1)).toEqual(['batch_1', 'batch_2', 'batch_3']);
	});

	test('it asks for nothing that the next poll has read in any case', () => {
		const resumed = Gathering.resume(store(interrupted()), never);
		resumed.take([three, two]);
		readPages(resumed, page([one]));
		expect(resumed.next()).toBeUndefined();
		expect(resumed.finished).toHaveLength(1);
	});

	test('a submission of which a batch began to run is dropped', () => {
		expect(Gathering.resume(store(interrupted()), () => true).stored).toBeUndefined();
	});

	test('a place that is lost is no answer: the list is read from its top, and nothing is forgotten', () => {
		const resumed = Gathering.resume(store(interrupted()), never);
		expect(resumed.absorb(resumed.next()!, undefined)).toBe(false);
		resumed.restart();
		expect(resumed.next()).toEqual({ page: undefined });
		readPages(resumed, page([three, two, one]));
		expect(idsOf(resumed)).toEqual([['batch_1', 'batch_2', 'batch_3']]);
	});
});

test('metadata that says 1/999999 costs neither memory nor time', () => {
	const batch = batchOf('batch_1', { part: 1, parts: 999_999 });
	const ending = submissionsOf([batch]);
	expect(ending).toEqual([{ id: ID, parts: 999_999 }]);
	const start = performance.now();
	for (let i = 0; i < 100; i++) {
		const gathering = new Gathering(ending);
		readPages(gathering, page([batch]));
		const stored = store(gathering);
		expect(JSON.stringify(stored).length).toBeLessThan(600);
		const resumed = Gathering.resume(stored, never);
		readPages(resumed, page([foreign('end', START - 9 * DAY)]));
		expect([resumed.next(), resumed.finished, resumed.stored]).toEqual([undefined, [], undefined]);
	}
	expect(performance.now() - start).toBeLessThan(5_000);
});

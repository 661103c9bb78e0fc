import type { EventFilters } from '../../../nodes/batchEvents/eventFilters';
import {
	hashFilters,
	readMarks,
	readState,
	STATE_VERSION,
	writeMarks,
	writeState,
	type Marks,
	type State,
} from '../../../nodes/OpenAiBatchTrigger/state';
import { Project } from './project';

const full: State = {
	settledUpTo: 1_790_000_000,
	open: [
		{ id: 'batch_b', createdAt: 1_789_999_999, rank: 120, seenEvents: 3 },
		{ id: 'batch_d', createdAt: 1_789_999_998, rank: 121, seenEvents: 3, submission: 'hash0003' },
	],
	marks: new Map([
		['hash0001', { createdAt: 1_790_000_000, seenEvents: 17 }],
		['hash0002', { createdAt: 1_790_000_600, seenEvents: 31 }],
	]),
	newest: 1_790_000_600,
	newestSince: 1_790_000_650,
	filters: 'hashhash',
	unread: { after: 'batch_c', high: 5, rank: 100, newsFrom: 4, since: 3, bottom: 2 },
	nextLookup: 'batch_b',
	skipsLookups: true,
	gathering: {
		after: 'batch_e',
		reached: 1_789_000_000,
		sought: [
			[
				'00000000000000aa',
				3,
				[
					['batch_f', 2, { id: 'batch_f', status: 'completed' }],
					['batch_g', 0, null],
				],
			],
			['00000000000000ab', 2, []],
		],
		polls: 1,
	},
	ending: [{ id: '00000000000000ac', parts: 2 }],
	reported: ['hash0004', 'hash0005'],
};

/** As n8n keeps it: through the text of a database. */
const stored = (state: State) => JSON.parse(JSON.stringify(writeState(state))) as unknown;

describe('the stored state', () => {
	test('is read as it was written', () => {
		expect(readState(stored(full))).toEqual(full);
		const survey = { ...full, unread: { ...full.unread!, newsFrom: null, since: null } };
		expect(readState(stored(survey))).toEqual(survey);
		const { unread, nextLookup, skipsLookups, gathering, ending, reported, ...least } = full;
		expect(readState(stored(least))).toEqual(least);
	});

	test('has no more fields than there is something to say', () => {
		const { unread, nextLookup, skipsLookups, gathering, ending, reported, ...least } = full;
		expect(Object.keys(stored(least) as object).sort()).toEqual(
			['v', 'settledUpTo', 'open', 'marks', 'newest', 'newestSince', 'filters'].sort(),
		);
		const { open } = stored(full) as { open: unknown[] };
		expect(open).toEqual([
			['batch_b', 1_789_999_999, 120, 3],
			['batch_d', 1_789_999_998, 121, 3, 'hash0003'],
		]);
	});

	test.each([
		['gathering', 'text'],
		['gathering', { after: 'batch_e' }],
		['gathering', { sought: 'text' }],
		['ending', { id: 'x' }],
		['reported', 'text'],
	])('does without %s where that is %j, of another version', (field, value) => {
		const other = { ...(stored(full) as object), [field]: value };
		expect(readState(other)).toEqual({ ...full, [field]: undefined });
	});

	test('is copied when it is read: what n8n holds does not change', () => {
		const held = stored(full);
		const read = readState(held)!;
		read.open.length = 0;
		read.unread!.high = 0;
		expect(held).toEqual(stored(full));
	});

	test.each([undefined, null, 'text', {}, { v: 1 }, { v: 1, settledUpTo: null }])(
		'does not exist yet: %j',
		(value) => {
			expect(readState(value)).toBeUndefined();
		},
	);

	test('has defaults for all fields but settledUpTo', () => {
		expect(readState({ v: 1, settledUpTo: 5 })).toEqual({
			settledUpTo: 5,
			open: [],
			marks: new Map(),
			newest: 5,
			newestSince: 0,
			filters: '',
		});
	});

	test('of a newer version is used after a downgrade', async () => {
		const project = new Project();
		const open = project.running();
		await project.poll();
		project.state = { ...(project.state as object), v: STATE_VERSION + 1, later: { x: 1 } };
		project.finish(open);
		expect(await project.reported()).toEqual([`${open.id}:completed`]);
	});
});

describe('what is stored of submissions', () => {
	const fieldsOf = ({ state }: Project) => state as Partial<State>;

	/** A trigger of submissions, with a past that no submission's search goes beyond. */
	const started = async (settings: ConstructorParameters<typeof Project>[0] = {}) => {
		const project = new Project({ submissionFinished: true, ...settings });
		project.server.past(10_000, 60);
		await project.poll();
		return project;
	};

	test('is nothing without the event', async () => {
		const project = await started({ submissionFinished: false });
		const batch = project.part({});
		await project.poll();
		project.finish(batch);
		await project.poll();
		const { gathering, ending, reported } = fieldsOf(project);
		expect([gathering, ending, reported]).toEqual([undefined, undefined, undefined]);
		expect(project.finished).toEqual([]);
	});

	test('is forgotten when the user takes the event out, and what ends then is not reported later', async () => {
		const project = await started();
		const [first, second] = [project.part({ of: 1 }), project.part({ of: 2 })];
		await project.poll();
		project.finish(first);
		await project.poll();
		expect(fieldsOf(project).reported).toHaveLength(1);
		project.settings.submissionFinished = false;
		project.finish(second);
		await project.poll();
		expect(fieldsOf(project).reported).toBeUndefined();
		project.settings.submissionFinished = true;
		await project.poll();
		expect(project.finishedIds).toEqual([[first.id]]);
	});

	test('is the submission of each open batch, in a short hash', async () => {
		const project = await started();
		const [ours, foreign] = [project.part({ of: 3 }), project.running()];
		await project.poll();
		const open = fieldsOf(project).open as unknown as unknown[][];
		expect(open.find(([id]) => id === ours.id)?.[4]).toMatch(/^[\w-]{8}$/);
		expect(open.find(([id]) => id === foreign.id)).toHaveLength(4);
	});

	test('is the place in the list and what was found, while a poll has no time for more', async () => {
		const project = await started();
		const [first, second] = [1, 2].map((part) => project.part({ part, parts: 2 }));
		project.server.time += 800 * 60;
		project.server.past(800, 60);
		await project.poll();
		for (const batch of [first, second]) {
			project.finish(batch);
			project.server.time += 60 * 60;
			await project.poll(4);
			project.server.past(50, 60);
		}
		const { gathering } = fieldsOf(project);
		expect(gathering?.sought).toHaveLength(1);
		expect(gathering?.sought[0].slice(0, 2)).toEqual(['0000000000000001', 2]);
		expect(gathering?.sought[0][2]).toMatchObject([[second.id, 2, { id: second.id }]]);
		expect(gathering?.after).toMatch(/^batch_/);
		await project.poll();
		expect(fieldsOf(project).gathering).toBeUndefined();
		expect(project.finishedIds).toEqual([[first.id, second.id]]);
	});

	test('waits for the next poll while one reads only what earlier ones left unread', async () => {
		const project = await started();
		const [first, second] = [1, 2].map((part) => project.part({ part, parts: 2 }));
		for (const batch of [first, second]) project.finish(batch);
		project.server.time += 1_000;
		project.server.past(900, 1);
		const ending = new Set<number | undefined>();
		for (let round = 0; round < 20; round++) {
			await project.poll(2);
			ending.add(fieldsOf(project).ending?.length);
		}
		expect(ending).toEqual(new Set([undefined, 1]));
		expect(project.finishedIds).toEqual([[first.id, second.id]]);
		expect(fieldsOf(project).ending).toBeUndefined();
	});

	test('are at most the 500 submissions that were reported last', async () => {
		const project = await started({ events: new Set() });
		for (let round = 0; round < 12; round++) {
			const batches = Array.from({ length: 50 }, (_, index) =>
				project.part({ of: round * 50 + index }),
			);
			await project.poll();
			project.server.time += 60;
			for (const batch of batches) project.finish(batch);
			await project.poll();
		}
		expect(project.finished).toHaveLength(600);
		const { reported } = fieldsOf(project);
		expect(reported).toHaveLength(500);
		expect(JSON.stringify(reported).length).toBeLessThan(5_600);
	});

	test('stays small when 500 submissions of two parts end at once, far down the list', async () => {
		const project = await started({ events: new Set() });
		const parts = Array.from({ length: 1_000 }, (_, index) => {
			project.server.time += 1;
			return project.part({ of: index >> 1, part: 1 + (index & 1), parts: 2 });
		});
		project.server.time += 3_000 * 60;
		project.server.past(3_000, 60);
		await project.poll();
		for (const batch of parts) project.finish(batch);
		let largest = 0;
		let polls = 0;
		while (project.finished.length < 500 && polls++ < 40) {
			await project.poll(8);
			largest = Math.max(largest, project.size);
		}
		expect(project.finished).toHaveLength(500);
		expect(polls).toBeLessThanOrEqual(8);
		expect(largest).toBeLessThan(40_000);
		await project.poll();
		expect(project.size).toBeLessThan(9_000);
	});

	test('does not grow with a number of parts that nobody has created', async () => {
		const project = await started({ events: new Set() });
		const batches = Array.from({ length: 3 }, (_, of) => project.part({ of, parts: 999_999 }));
		await project.poll();
		const before = project.size;
		for (const batch of batches) project.finish(batch);
		for (let round = 0; round < 200; round++) {
			const { requests } = await project.poll(8);
			expect(project.size).toBeLessThan(before + 5_000);
			if (requests === 1) break;
		}
		expect(project.finished).toEqual([]);
		expect(fieldsOf(project).gathering).toBeUndefined();
		expect(fieldsOf(project).ending).toBeUndefined();
	});
});

describe('marks', () => {
	test('are stored in 14 characters each', () => {
		const marks: Marks = new Map();
		for (let i = 0; i < 300; i++) {
			const createdAt = 1_790_000_000 + i * 86_400;
			marks.set(`h${i}`.padEnd(8, '-'), { createdAt, seenEvents: i % 32 });
		}
		const written = writeMarks(marks);
		expect(written[1]).toHaveLength(300 * 14);
		expect(readMarks(written)).toEqual(marks);
	});

	test.each([undefined, 'text', [1], ['a', 'b'], [0, 'cut short']])('none in %j', (value) => {
		expect(readMarks(value).size).toBe(0);
	});
});

describe('the hash of the filters', () => {
	const hash = (fields: Partial<EventFilters>) =>
		hashFilters({ endpoint: '', metadata: [], batchIds: [], ...fields });

	test('is the same whatever the order in which they were entered', () => {
		const pairs = [
			['b', '1'],
			['a', '2'],
		] as const;
		const ids = ['y', 'x'];
		const turned = { metadata: [...pairs].reverse(), batchIds: [...ids].reverse() };
		expect(hash({ metadata: pairs, batchIds: ids })).toBe(hash(turned));
	});

	test('is another one for other filters', () => {
		const all = [
			hash({}),
			hash({ endpoint: '/v1/x' }),
			hash({ metadata: [['a', '1']] }),
			hash({ metadata: [['a', '2']] }),
			hash({ batchIds: ['a'] }),
			hash({ batchIds: ['a', 'b'] }),
		];
		expect(new Set(all).size).toBe(all.length);
	});
});

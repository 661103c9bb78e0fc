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
	open: [{ id: 'batch_b', createdAt: 1_789_999_999, rank: 120, seenEvents: 3 }],
	marks: new Map([
		['hash0001', { createdAt: 1_790_000_000, seenEvents: 17 }],
		['hash0002', { createdAt: 1_790_000_600, seenEvents: 31 }],
	]),
	newest: 1_790_000_600,
	newestSince: 1_790_000_650,
	filters: 'hashhash',
	unread: { after: 'batch_c', high: 5, rank: 100, newsFrom: 4, since: 3, bottom: 2 },
	nextLookup: 'batch_b',
};

/** As n8n keeps it: through the text of a database. */
const stored = (state: State) => JSON.parse(JSON.stringify(writeState(state))) as unknown;

describe('the stored state', () => {
	test('is read as it was written', () => {
		expect(readState(stored(full))).toEqual(full);
		const survey = { ...full, unread: { ...full.unread!, newsFrom: null, since: null } };
		expect(readState(stored(survey))).toEqual(survey);
		const { unread, nextLookup, ...least } = full;
		expect(readState(stored(least))).toEqual(least);
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

import { TOP } from '../../../nodes/OpenAiBatchTrigger/position';
import {
	readFilters,
	readMarks,
	readState,
	STATE_VERSION,
	upgrade,
	writeFilters,
	writeMarks,
	writeState,
	type Marks,
	type State,
} from '../../../nodes/OpenAiBatchTrigger/state';
import type { EventFilters } from '../../../nodes/batchEvents/eventFilters';
import { Project } from './project';

const full: State = {
	settledUpTo: { t: 1_790_000_000, id: 'batch_a' },
	open: [{ id: 'batch_b', t: 1_789_999_999, rank: 120, seenEvents: 3 }],
	marks: new Map([
		['hash0001', { t: 1_790_000_000, seenEvents: 17 }],
		['hash0002', { t: 1_790_000_600, seenEvents: 31 }],
	]),
	seen: 1_790_000_700,
	newest: 1_790_000_600,
	filter: '["",[],[]]',
	unread: { after: 'batch_c', high: 5, rank: 100, newsFrom: { t: 4, id: 'x' }, since: 3, low: 2 },
	activation: { t: 7, since: 8 },
	nextLookup: 'batch_b',
	crowded: true,
};

/** As n8n keeps it: through the text of a database, and with proxies around objects. */
const stored = (state: State) => JSON.parse(JSON.stringify(writeState(state))) as unknown;

describe('the stored state', () => {
	test('comes back as it was', () => {
		expect(readState(stored(full))).toEqual(full);
		const before = { ...full, unread: { ...full.unread!, newsFrom: TOP, since: null } };
		expect(readState(stored(before))?.unread?.newsFrom).toBe(TOP);
	});

	test('is a copy: reading it does not change what n8n holds', () => {
		const held = stored(full);
		const read = readState(held)!;
		read.open.length = 0;
		read.unread!.high = 0;
		expect(held).toEqual(stored(full));
	});

	test.each([undefined, null, 'text', {}, { v: 1 }, { v: 1, settledUpTo: [null] }])(
		'is a beginning when there is none: %j',
		(value) => {
			expect(readState(value)).toBeUndefined();
		},
	);

	test('has defaults for all fields but the position', () => {
		expect(readState({ v: 1, settledUpTo: [5] })).toMatchObject({
			settledUpTo: { t: 5, id: '' },
			open: [],
			newest: 5,
			seen: 5,
		});
	});

	test('goes through the steps from an older version, one at a time', () => {
		const steps = {
			7: ({ position }: Record<string, unknown>) => ({ place: position }),
			8: ({ place }: Record<string, unknown>) => ({ settledUpTo: [place, ''] }),
		};
		expect(upgrade({ v: 7, position: 5 }, steps)).toEqual({ v: 9, settledUpTo: [5, ''] });
		expect(upgrade({ v: 9, settledUpTo: [5, ''] }, steps)).toEqual({ v: 9, settledUpTo: [5, ''] });
	});

	test('of a newer version is gone on from, after a downgrade', async () => {
		const project = new Project();
		const open = project.running();
		await project.poll();
		project.state = { ...(project.state as object), v: STATE_VERSION + 1, later: { x: 1 } };
		project.finish(open);
		expect(await project.told()).toEqual([`${open.id}:completed`]);
	});
});

describe('marks', () => {
	test('come back from 14 characters each', () => {
		const marks: Marks = new Map();
		for (let i = 0; i < 300; i++) {
			marks.set(`h${i}`.padEnd(8, '-'), { t: 1_790_000_000 + i * 86_400, seenEvents: i % 32 });
		}
		const written = writeMarks(marks);
		expect(written[1]).toHaveLength(300 * 14);
		expect(readMarks(written)).toEqual(marks);
	});

	test.each([undefined, 'text', [1], ['a', 'b'], [0, 'cut short']])('none in %j', (value) => {
		expect(readMarks(value).size).toBe(0);
	});
});

describe('the filters of a state', () => {
	const filters = (fields: Partial<EventFilters>): EventFilters => ({
		endpoint: '',
		metadata: [],
		batchIds: [],
		...fields,
	});

	test('are the same text in any order, and come back from it', () => {
		const chosen = filters({
			metadata: [
				['b', '1'],
				['a', '2'],
			],
			batchIds: ['y', 'x'],
		});
		const turned = filters({
			metadata: [
				['a', '2'],
				['b', '1'],
			],
			batchIds: ['x', 'y'],
		});
		expect(writeFilters(chosen)).toBe(writeFilters(turned));
		expect(readFilters(writeFilters(chosen))).toEqual(turned);
		expect(writeFilters(chosen)).not.toBe(writeFilters(filters({ endpoint: '/v1/x' })));
	});

	test('take no more room than a hash when they are long', () => {
		const many = filters({ batchIds: Array.from({ length: 100 }, (_, i) => `batch_${i}_of_many`) });
		expect(writeFilters(many)).toHaveLength(8);
		expect(readFilters(writeFilters(many))).toBeUndefined();
	});
});

import { readMarks, writeMarks, type Marks } from '../../../nodes/OpenAiBatchTrigger/marks';
import { TOP } from '../../../nodes/OpenAiBatchTrigger/position';
import {
	readState,
	STATE_VERSION,
	upgrade,
	writeState,
	type State,
} from '../../../nodes/OpenAiBatchTrigger/state';
import { Project } from './project';

const full: State = {
	from: { t: 1_790_000_000, id: 'batch_a' },
	open: [{ id: 'batch_b', t: 1_789_999_999, rank: 120, mask: 3 }],
	marks: new Map([
		['hash0001', { t: 1_790_000_000, mask: 17 }],
		['hash0002', { t: 1_790_000_600, mask: 31 }],
	]),
	seen: 1_790_000_700,
	newest: 1_790_000_600,
	filter: '["",[],[]]',
	gap: { after: 'batch_c', high: 5, rank: 100, tell: { t: 4, id: 'x' }, since: 3, low: 2 },
	base: { t: 7, since: 8 },
	turn: 'batch_b',
	crowded: true,
};

/** As n8n keeps it: through the text of a database, and with proxies around objects. */
const stored = (state: State) => JSON.parse(JSON.stringify(writeState(state))) as unknown;

describe('the stored state', () => {
	test('comes back as it was', () => {
		expect(readState(stored(full))).toEqual(full);
		const before = { ...full, gap: { ...full.gap!, tell: TOP, since: null } };
		expect(readState(stored(before))?.gap?.tell).toBe(TOP);
	});

	test('is a copy: reading it does not change what n8n holds', () => {
		const held = stored(full);
		const read = readState(held)!;
		read.open.length = 0;
		read.gap!.high = 0;
		expect(held).toEqual(stored(full));
	});

	test.each([undefined, null, 'text', {}, { v: 1 }, { v: 1, from: [null] }])(
		'is a beginning when there is none: %j',
		(value) => {
			expect(readState(value)).toBeUndefined();
		},
	);

	test('has defaults for all fields but the position', () => {
		expect(readState({ v: 1, from: [5] })).toMatchObject({
			from: { t: 5, id: '' },
			open: [],
			newest: 5,
			seen: 5,
		});
	});

	test('goes through the steps from an older version, one at a time', () => {
		const steps = {
			7: ({ position }: Record<string, unknown>) => ({ place: position }),
			8: ({ place }: Record<string, unknown>) => ({ from: [place, ''] }),
		};
		expect(upgrade({ v: 7, position: 5 }, steps)).toEqual({ v: 9, from: [5, ''] });
		expect(upgrade({ v: 9, from: [5, ''] }, steps)).toEqual({ v: 9, from: [5, ''] });
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
			marks.set(`h${i}`.padEnd(8, '-'), { t: 1_790_000_000 + i * 86_400, mask: i % 32 });
		}
		const written = writeMarks(marks);
		expect(written[1]).toHaveLength(300 * 14);
		expect(readMarks(written)).toEqual(marks);
	});

	test.each([undefined, 'text', [1], ['a', 'b'], [0, 'cut short']])('none in %j', (value) => {
		expect(readMarks(value).size).toBe(0);
	});
});

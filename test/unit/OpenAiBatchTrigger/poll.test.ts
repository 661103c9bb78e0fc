import type { Batch } from '../../../nodes/openai/api/objects';
import { EVENTS } from '../../../nodes/batchEvents/batchEvent';
import { Project } from './project';

const HOUR = 3_600;
const DAY = 24 * HOUR;

const event = ({ id }: Batch, name = 'completed') => `${id}:${name}`;

describe('an activation', () => {
	test('reports nothing of what is there, and then the endings of what is open', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		const done = project.running();
		project.finish(done);
		const open = project.running();
		expect(await project.reported()).toEqual([]);
		expect(await project.reported()).toEqual([]);
		project.server.time += 60;
		project.finish(open);
		expect(await project.reported()).toEqual([event(open)]);
	});

	test('in an empty project counts as the beginning too', async () => {
		const project = new Project();
		expect(await project.reported()).toEqual([]);
		const batch = project.running();
		project.finish(batch);
		expect(await project.reported()).toEqual([event(batch)]);
	});

	test.each([
		['', 0],
		[', with a clock of n8n that is behind', -5 * DAY],
	])('includes what finished in the hours before%s', async (_, skew) => {
		const project = new Project({ finishedWithin: 2 });
		const [longAgo, lately] = [project.running(), project.running()];
		project.finish(longAgo);
		project.server.time += 3 * HOUR;
		project.finish(lately);
		project.running();
		project.server.time += HOUR;
		project.running();
		expect(await project.reported(Infinity, skew)).toEqual([event(lately)]);
		expect(await project.reported()).toEqual([]);
	});

	test('finds open batches as old as the longest window, and looks no further', async () => {
		const project = new Project();
		project.server.past(10_000, 60);
		const start = project.server.time;
		const old = project.running({ created_at: start - 7 * DAY });
		expect((await project.poll()).requests).toBe(101);
		project.finish(old, 'expired');
		expect(await project.reported()).toEqual([event(old, 'expired')]);

		const sparse = new Project();
		sparse.server.past(10_000, HOUR);
		expect((await sparse.poll()).requests).toBe(2);
	});
});

describe('seconds and clocks', () => {
	test('several batches of one second, created and finished between and after polls', async () => {
		const project = new Project();
		await project.poll();
		const first = project.running();
		project.finish(first);
		expect(await project.reported()).toEqual([event(first)]);
		const more = Array.from({ length: 20 }, () => project.running());
		for (const batch of more) project.finish(batch);
		expect(new Set(await project.reported())).toEqual(new Set(more.map((batch) => event(batch))));
		expect(await project.reported()).toEqual([]);
	});

	test.each([-400 * DAY, 400 * DAY])('a clock of n8n that is %d seconds off', async (skew) => {
		const project = new Project();
		const poll = async () => await project.reported(Infinity, skew);
		await poll();
		const batch = project.running();
		expect(await poll()).toEqual([]);
		project.finish(batch);
		expect(await poll()).toEqual([event(batch)]);
		expect(await poll()).toEqual([]);
	});

	test('a server whose other times run ahead of its creation times', async () => {
		const project = new Project();
		await project.poll();
		const ahead = project.running();
		Object.assign(ahead, { status: 'completed', completed_at: project.server.time + 5 * HOUR });
		expect(await project.reported()).toEqual([event(ahead)]);
		project.server.time += 60;
		const next = project.running();
		project.finish(next);
		expect(await project.reported()).toEqual([event(next)]);
	});

	test('milliseconds where seconds are meant', async () => {
		const project = new Project();
		await project.poll();
		const batch = project.running({ in_progress_at: project.server.time * 1000 });
		project.server.time += 60;
		project.finish(batch);
		expect(await project.reported()).toEqual([event(batch)]);
		expect(await project.reported()).toEqual([]);
	});

	test('several changes at once are reported in the order in which they happened', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		await project.poll();
		const { server } = project;
		const [a, b] = [server.create(), server.create()];
		for (const [batch, status] of [
			[a, 'in_progress'],
			[b, 'in_progress'],
			[b, 'cancelling'],
			[a, 'finalizing'],
			[b, 'cancelled'],
			[a, 'completed'],
		] as const) {
			server.time += 10;
			server.move(batch, status);
		}
		expect((await project.reported()).slice(2)).toEqual([
			event(a, 'in_progress'),
			event(b, 'in_progress'),
			event(b, 'cancelling'),
			event(a, 'finalizing'),
			event(b, 'cancelled'),
			event(a, 'completed'),
		]);
	});
});

describe('a list that wavers', () => {
	test('a batch that was reported, vanished and came back is not reported again', async () => {
		const project = new Project();
		await project.poll();
		const batch = project.running();
		project.finish(batch);
		expect(await project.reported()).toEqual([event(batch)]);
		project.server.delete(batch);
		expect(await project.reported()).toEqual([]);
		project.server.create({ ...batch });
		expect(await project.reported()).toEqual([]);
	});

	test('an earlier status of a batch that was reported is not news', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		await project.poll();
		const batch = project.running();
		project.server.time += 60;
		project.finish(batch);
		await project.poll();
		batch.status = 'in_progress';
		expect(await project.reported()).toEqual([]);
		batch.status = 'completed';
		expect(await project.reported()).toEqual([]);
	});

	test('an open batch that the list drops while it ends is fetched by its id', async () => {
		const project = new Project();
		const { server } = project;
		await project.poll();
		const batch = project.running();
		await project.poll();
		server.isHidden = ({ id }) => id === batch.id;
		server.time += 2 * HOUR;
		project.finish(project.running());
		project.finish(batch);
		expect(await project.reported()).toContain(event(batch));
		server.isHidden = () => false;
		expect(await project.reported()).toEqual([]);
	});

	test('a new batch that a replica does not know yet is not reported as created twice', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		const { server } = project;
		await project.poll();
		const batch = project.running();
		expect(await project.reported()).toEqual([
			event(batch, 'created'),
			event(batch, 'in_progress'),
		]);
		server.delete(batch);
		expect(await project.reported()).toEqual([]);
		const again = server.create(batch);
		expect(await project.reported()).toEqual([]);
		project.finish(again);
		expect(await project.reported()).toEqual([event(batch)]);
	});

	test('the same page, which a server sends for ever, does not keep a poll going', async () => {
		const project = new Project();
		const { server } = project;
		const page = server.page.bind(server);
		server.page = async () => ({ ...(await page(undefined))!, has_more: true });
		const batch = project.running();
		expect((await project.poll()).requests).toBe(2);
		project.finish(batch);
		expect(await project.reported()).toEqual([event(batch)]);
	});

	test('an open batch that the server does not know any more is forgotten', async () => {
		const project = new Project();
		const gone = project.running({ created_at: project.server.time - 2 * DAY });
		project.server.past(150, 60);
		await project.poll();
		expect((await project.poll()).requests).toBe(2);
		project.server.delete(gone);
		expect((await project.poll()).requests).toBe(2);
		expect((await project.poll()).requests).toBe(1);
	});

	test('an open batch that never ends is given up a month after the longest window', async () => {
		const project = new Project();
		project.running();
		project.server.past(150, 60);
		await project.poll();
		project.server.time += 37 * DAY;
		project.server.past(150, 60);
		await project.poll();
		expect((await project.poll()).requests).toBe(2);
		project.server.time += 2 * DAY;
		project.server.past(150, 60);
		await project.poll();
		expect((await project.poll()).requests).toBe(1);
	});
});

describe('faults', () => {
	test('leave the state as it was', async () => {
		const project = new Project();
		const open = project.running();
		await project.poll();
		const before = JSON.stringify(project.state);
		project.server.time += 250 * 60;
		project.server.past(250, 60);
		project.finish(open);
		let requests = 0;
		project.server.onRequest = () => {
			if (++requests === 2) throw new Error('fault');
		};
		await expect(project.poll()).rejects.toThrow('fault');
		expect(JSON.stringify(project.state)).toBe(before);
		project.server.onRequest = () => {};
		expect(await project.reported()).toContain(event(open));
	});

	test('a place in the list that is deleted while paging is left to the next poll', async () => {
		const project = new Project({}, { pageSize: 10 });
		await project.poll();
		const batches = Array.from({ length: 25 }, () => project.running());
		for (const batch of batches) project.finish(batch);
		const { server } = project;
		server.onRequest = () => {
			server.onRequest = () => {
				const last = server.batches.filter(({ id }) => id === place);
				for (const batch of last) server.delete(batch);
			};
		};
		const page = server.page.bind(server);
		let place: string | undefined;
		server.page = async (after) => {
			place = after;
			return await page(after);
		};
		await expect(project.poll()).rejects.toThrow('changed while it was read');
		server.onRequest = () => {};
		expect(await project.reported()).toHaveLength(24);
	});
});

describe('a change of the filters', () => {
	test('finds the batches that were open before, and repeats nothing', async () => {
		const project = new Project();
		const { filters } = project.settings;
		const films = { metadata: { job: 'films' } };
		const open = [project.running(films), project.running(), project.running()];
		project.server.past(120, 60);
		filters.metadata = [['job', 'films']];
		await project.poll();
		project.server.time += 2 * HOUR;
		project.finish(open[0]);
		project.finish(open[1]);
		expect(await project.reported()).toEqual([event(open[0])]);
		project.server.time += 2 * HOUR;
		project.server.past(150, 60);
		await project.poll();

		filters.metadata = [];
		expect(await project.reported()).toEqual([]);
		project.finish(open[2]);
		expect(await project.reported()).toEqual([event(open[2])]);
		expect((await project.poll()).requests).toBe(1);
	});

	test('does not report what batches did before that it was not about', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		const { filters } = project.settings;
		filters.metadata = [['job', 'films']];
		await project.poll();
		const other = project.running({ metadata: { job: 'books' } });
		const ended = project.running({ metadata: { job: 'books' } });
		project.finish(ended);
		expect(await project.reported()).toEqual([]);
		filters.metadata = [['job', 'books']];
		expect(await project.reported()).toEqual([]);
		project.finish(other);
		expect(await project.reported()).toEqual([event(other)]);
	});

	test('reports what happened since the last poll, and matches', async () => {
		const project = new Project();
		const { filters } = project.settings;
		const open = project.running({ metadata: { job: 'films' } });
		await project.poll();
		project.finish(open);
		filters.metadata = [['job', 'films']];
		expect(await project.reported()).toEqual([event(open)]);
		filters.metadata = [];
		expect(await project.reported()).toEqual([]);
	});

	test('reads older batches in several polls when time is short', async () => {
		const project = new Project({}, { pageSize: 10 });
		const { filters } = project.settings;
		project.server.past(60, 60);
		const open = project.running({ created_at: project.server.time - 50 * 60 - 1 });
		filters.endpoint = '/v1/embeddings';
		await project.poll();
		filters.endpoint = '';
		for (let round = 0; round < 4; round++) expect(await project.reported(2)).toEqual([]);
		project.finish(open);
		expect(await project.reported()).toEqual([event(open)]);
	});
});

describe('polls without the time for everything', () => {
	test('report nothing of what was there before, in the last hour, at an activation', async () => {
		const project = new Project({}, { pageSize: 10 });
		project.server.past(35, 60);
		const open = project.running();
		for (let round = 0; round < 6; round++) expect(await project.reported(1)).toEqual([]);
		project.finish(open);
		expect(await project.reported(1)).toEqual([event(open)]);
	});

	test('take turns among open batches that are far apart', async () => {
		const project = new Project();
		const open: Batch[] = [];
		for (let i = 0; i < 5; i++) {
			open.push(project.running());
			project.server.time += 120 * 60;
			project.server.past(120, 60);
		}
		project.server.time += DAY;
		project.server.past(120, 60);
		await project.poll();
		await project.poll();
		// The one that is looked at last, while the others stay open.
		project.finish(open[0]);
		const reported: string[] = [];
		for (let round = 0; round < 5; round++) reported.push(...(await project.reported(2)));
		expect(reported).toEqual([event(open[0])]);
	});
});

describe('the size of the state', () => {
	/** Everything that is stored about batches, by the length of what is stored. */
	const counts = (project: Project) => {
		const { open, marks } = project.state as { open: unknown[]; marks: [number, string] };
		return { open: open.length, marks: marks[1].length / 14 };
	};

	test('does not grow by more than a mark for each further open batch above a thousand', async () => {
		const project = new Project();
		await project.poll();
		const open: Batch[] = [];
		let largest = { open: 0, marks: 0 };
		for (let i = 0; i < 3_000; i++) {
			project.server.time += 2;
			open.push(project.running());
		}
		const reported: string[] = [];
		for (const rest of [1, 0, 2]) {
			project.server.time += HOUR;
			for (const [index, batch] of open.entries()) if (index % 3 === rest) project.finish(batch);
			for (let round = 0; round < 3; round++) {
				reported.push(...(await project.reported()));
				const now = counts(project);
				largest = {
					open: Math.max(largest.open, now.open),
					marks: Math.max(largest.marks, now.marks),
				};
				// The first poll reports everything, whatever the number.
				expect(reported.length % 1_000).toBe(0);
			}
		}
		expect(largest.open).toBeLessThanOrEqual(1_000);
		expect(largest.marks).toBeLessThanOrEqual(2_000);
		expect(reported).toHaveLength(3_000);
		expect(new Set(reported).size).toBe(3_000);
		expect(counts(project)).toEqual({ open: 0, marks: 0 });
		expect(project.size).toBeLessThan(200);
	});

	test('is 63 characters for each open batch of OpenAI, and 14 for each recent one', async () => {
		const project = new Project();
		const id = (index: number) => `batch_${index.toString(16).padStart(32, '6')}`;
		for (let index = 0; index < 100; index++) project.running({ id: id(index) });
		await project.poll();
		const { size } = project;
		for (let index = 100; index < 200; index++) project.running({ id: id(index) });
		await project.poll();
		expect(project.size - size).toBeLessThanOrEqual(100 * 63);
	});

	test('takes up hundreds of open batches among thousands at an activation', async () => {
		const project = new Project();
		const batches = Array.from({ length: 4_000 }, () => {
			project.server.time += 10;
			return project.running();
		});
		const open = batches.filter((_, index) => index % 10 === 0);
		for (const batch of batches) if (!open.includes(batch)) project.finish(batch);
		expect(await project.reported()).toEqual([]);
		expect(counts(project).open).toBe(400);
		expect(counts(project).marks).toBeLessThan(100);
		expect(await project.reported()).toEqual([]);
		project.server.time += HOUR;
		for (const batch of open) project.finish(batch);
		const reported = await project.reported();
		expect(reported).toHaveLength(400);
		expect(new Set(reported)).toEqual(new Set(open.map((batch) => event(batch))));
		expect(await project.reported()).toEqual([]);
	});
});

describe('hundreds of batches in the newest seconds, with no batch after them', () => {
	test.each([
		['that end together', [1]],
		['of which half stay open', [0.5]],
		['that end one half after the other', [0.5, 1]],
	])('%s, are all reported at once', async (_, shares) => {
		const project = new Project();
		await project.poll();
		project.server.time += 60;
		const batches = Array.from({ length: 1_000 }, () => project.running());
		expect(await project.reported()).toEqual([]);
		project.server.time += 5;
		const reported: string[] = [];
		for (const share of shares) {
			const ended = batches.slice(reported.length, share * batches.length);
			for (const batch of ended) project.finish(batch);
			const ids = await project.reported();
			expect(new Set(ids)).toEqual(new Set(ended.map((batch) => event(batch))));
			expect(await project.reported()).toEqual([]);
			reported.push(...ids);
		}
		// Nothing happens any more, and only the pages with open batches are read again.
		project.server.time += 60;
		await project.poll();
		const { requests } = await project.poll();
		expect(requests).toBe(shares.includes(1) ? 1 : 11);
	});
});

import type { Batch } from '../../../nodes/openai/api/types';
import { EVENTS } from '../../../nodes/batchEvents/batchEvent';
import { Project } from './project';

const HOUR = 3_600;
const DAY = 24 * HOUR;

const event = ({ id }: Batch, name = 'completed') => `${id}:${name}`;

describe('an activation', () => {
	test('tells nothing of what is there, and the endings of what is open', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		const done = project.running();
		project.finish(done);
		const open = project.running();
		expect(await project.told()).toEqual([]);
		expect(await project.told()).toEqual([]);
		project.server.time += 60;
		project.finish(open);
		expect(await project.told()).toEqual([event(open)]);
	});

	test('of an empty project is a beginning too', async () => {
		const project = new Project();
		expect(await project.told()).toEqual([]);
		const batch = project.running();
		project.finish(batch);
		expect(await project.told()).toEqual([event(batch)]);
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
		expect(await project.told(Infinity, (project.server.time + skew) * 1000)).toEqual([
			event(lately),
		]);
		expect(await project.told()).toEqual([]);
	});

	test('finds open batches as old as the longest window, and looks no further', async () => {
		const project = new Project();
		project.server.past(10_000, 60);
		const start = project.server.time;
		const old = project.running({ created_at: start - 7 * DAY });
		expect((await project.poll()).requests).toBe(101);
		project.finish(old, 'expired');
		expect(await project.told()).toEqual([event(old, 'expired')]);

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
		expect(await project.told()).toEqual([event(first)]);
		const more = Array.from({ length: 20 }, () => project.running());
		for (const batch of more) project.finish(batch);
		expect(new Set(await project.told())).toEqual(new Set(more.map((batch) => event(batch))));
		expect(await project.told()).toEqual([]);
	});

	test.each([-400 * DAY, 400 * DAY])('a clock of n8n that is %d seconds off', async (skew) => {
		const project = new Project();
		const poll = async () => await project.told(Infinity, (project.server.time + skew) * 1000);
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
		expect(await project.told()).toEqual([event(ahead)]);
		project.server.time += 60;
		const next = project.running();
		project.finish(next);
		expect(await project.told()).toEqual([event(next)]);
	});

	test('milliseconds where seconds are meant', async () => {
		const project = new Project();
		await project.poll();
		const batch = project.running({ in_progress_at: project.server.time * 1000 });
		project.server.time += 60;
		project.finish(batch);
		expect(await project.told()).toEqual([event(batch)]);
		expect(await project.told()).toEqual([]);
	});

	test('several changes at once are told in the order in which they happened', async () => {
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
		expect((await project.told()).slice(2)).toEqual([
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
	test('a batch that was told, vanished and came back is not told again', async () => {
		const project = new Project();
		await project.poll();
		const batch = project.running();
		project.finish(batch);
		expect(await project.told()).toEqual([event(batch)]);
		project.server.delete(batch);
		expect(await project.told()).toEqual([]);
		project.server.create({ ...batch });
		expect(await project.told()).toEqual([]);
	});

	test('an older state of a batch that was told is no news', async () => {
		const project = new Project({ events: new Set(EVENTS) });
		await project.poll();
		const batch = project.running();
		project.server.time += 60;
		project.finish(batch);
		await project.poll();
		batch.status = 'in_progress';
		expect(await project.told()).toEqual([]);
		batch.status = 'completed';
		expect(await project.told()).toEqual([]);
	});

	test('a server that sends the same page for ever', async () => {
		const project = new Project();
		const { server } = project;
		const page = server.page.bind(server);
		server.page = async () => ({ ...(await page(undefined))!, has_more: true });
		const batch = project.running();
		expect((await project.poll()).requests).toBe(2);
		project.finish(batch);
		expect(await project.told()).toEqual([event(batch)]);
	});

	test('an open batch that is gone is forgotten', async () => {
		const project = new Project();
		const gone = project.running({ created_at: project.server.time - 2 * DAY });
		project.server.past(150, 60);
		await project.poll();
		expect((await project.poll()).requests).toBe(2);
		project.server.delete(gone);
		expect((await project.poll()).requests).toBe(2);
		expect((await project.poll()).requests).toBe(1);
	});

	test('an open batch without an end is let go of a month after its longest window', async () => {
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
		expect(await project.told()).toContain(event(open));
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
		expect(await project.told()).toHaveLength(24);
	});
});

describe('other filters', () => {
	test('are about batches that were open all the time, and repeat nothing', async () => {
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
		expect(await project.told()).toEqual([event(open[0])]);
		project.server.time += 2 * HOUR;
		project.server.past(150, 60);
		await project.poll();

		filters.metadata = [];
		expect(await project.told()).toEqual([]);
		project.finish(open[2]);
		expect(await project.told()).toEqual([event(open[2])]);
		expect((await project.poll()).requests).toBe(1);
	});

	test('are gone through in several polls when time is short', async () => {
		const project = new Project({}, { pageSize: 10 });
		const { filters } = project.settings;
		project.server.past(60, 60);
		const open = project.running({ created_at: project.server.time - 50 * 60 - 1 });
		filters.endpoint = '/v1/embeddings';
		await project.poll();
		filters.endpoint = '';
		for (let round = 0; round < 4; round++) expect(await project.told(2)).toEqual([]);
		project.finish(open);
		expect(await project.told()).toEqual([event(open)]);
	});
});

describe('polls without the time for everything', () => {
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
		const told: string[] = [];
		for (let round = 0; round < 5; round++) told.push(...(await project.told(2)));
		expect(told).toEqual([event(open[0])]);
	});
});

describe('the bounds of the state', () => {
	test('thousands of open batches take a few kilobytes, and are all told once', async () => {
		const project = new Project();
		await project.poll();
		const open: Batch[] = [];
		let largest = 0;
		for (let i = 0; i < 3_000; i++) {
			project.server.time += 2;
			open.push(project.running());
		}
		const told: string[] = [];
		// Every third finishes early: more than the state has marks for.
		for (const rest of [1, 0, 2]) {
			project.server.time += HOUR;
			for (const [index, batch] of open.entries()) if (index % 3 === rest) project.finish(batch);
			for (let round = 0; round < 3; round++) {
				told.push(...(await project.told()));
				largest = Math.max(largest, project.size);
			}
		}
		expect(largest).toBeLessThan(14_000);
		expect(told).toHaveLength(3_000);
		expect(new Set(told).size).toBe(3_000);
		expect(project.size).toBeLessThan(6_000);
	});

	test('an activation among hundreds of open and thousands of finished batches', async () => {
		const project = new Project();
		const batches = Array.from({ length: 4_000 }, () => {
			project.server.time += 10;
			return project.running();
		});
		const open = batches.filter((_, index) => index % 10 === 0);
		for (const batch of batches) if (!open.includes(batch)) project.finish(batch);
		expect(await project.told()).toEqual([]);
		expect(project.size).toBeLessThan(14_000);
		expect(await project.told()).toEqual([]);
		project.server.time += HOUR;
		for (const batch of open) project.finish(batch);
		const told = [...(await project.told()), ...(await project.told()), ...(await project.told())];
		expect(told).toHaveLength(400);
		expect(new Set(told)).toEqual(new Set(open.map((batch) => event(batch))));
	});
});

import type { Batch } from '../../../nodes/openai/api/objects';
import { Project } from './project';

describe('requests of a poll, with 10,000 past batches', () => {
	test.each([
		['an hour apart', 3600],
		['a minute apart', 60],
		['a second apart', 1],
		['all in one second', 0],
	])('one when nothing is open: batches %s', async (_, spacing) => {
		const project = new Project();
		project.server.past(10_000, spacing);
		project.server.time += 3600;
		await project.poll();
		expect(await project.poll()).toEqual({ ids: [], requests: 1 });
		expect(project.size).toBeLessThan(3000);
	});

	test('one when the open batches are among the newest hundred', async () => {
		const project = new Project();
		project.server.past(10_000, 60);
		const open = Array.from({ length: 30 }, () => project.running());
		await project.poll();
		project.server.time += 60;
		project.finish(open[7]);
		expect(await project.poll()).toEqual({ ids: [`${open[7].id}:completed`], requests: 1 });
		expect(await project.poll()).toEqual({ ids: [], requests: 1 });
		expect(project.size).toBeLessThan(3000);
	});

	test('two when one open batch is far down the list', async () => {
		const project = new Project();
		project.server.past(4_000, 60);
		const open = project.running();
		project.server.past(1, 0);
		await project.poll();
		project.server.time += 6_000 * 60;
		project.server.past(6_000, 60);
		await project.poll();
		expect(await project.poll()).toEqual({ ids: [], requests: 2 });
		project.server.time += 60;
		project.finish(open);
		expect(await project.poll()).toEqual({ ids: [`${open.id}:completed`], requests: 2 });
		expect(await project.poll()).toEqual({ ids: [], requests: 1 });
	});

	test('one more for each page that is worth it: thirty neighbours far down, and one alone', async () => {
		const project = new Project();
		project.server.past(3_000, 60);
		const alone = project.running();
		project.server.time += 1_000 * 60;
		project.server.past(1_000, 60);
		const neighbours = Array.from({ length: 30 }, () => project.running());
		await project.poll();
		project.server.time += 6_000 * 60;
		project.server.past(6_000, 60);
		await project.poll();
		// The newest hundred; the first neighbour and the page after it; the one that is alone.
		expect((await project.poll()).requests).toBe(4);
		project.server.time += 60;
		project.finish(alone);
		project.finish(neighbours[3]);
		expect(await project.poll()).toEqual({
			ids: [alone, neighbours[3]].map(({ id }) => `${id}:completed`),
			requests: 4,
		});
	});

	test('as many as there are pages for all that was missed, once, split over polls by time', async () => {
		const project = new Project();
		project.server.past(10_000, 60);
		await project.poll();
		project.server.time += 1_000 * 600;
		const missed = new Set<string>();
		for (let i = 0; i < 1_000; i++) {
			project.server.time += 60;
			const batch = project.running();
			project.server.move(batch, 'completed');
			missed.add(`${batch.id}:completed`);
		}
		const reported: string[] = [];
		const counts: number[] = [];
		for (let round = 0; round < 4; round++) {
			const { ids, requests } = await project.poll(4);
			reported.push(...ids);
			counts.push(requests);
		}
		expect(new Set(reported)).toEqual(missed);
		expect(reported).toHaveLength(missed.size);
		expect(counts).toEqual([4, 4, 4, 1]);
	});
});

/** A trigger of whole submissions, of their batches too when `events` says so. */
const ofSubmissions = (events: ReadonlySet<'completed'> = new Set()) =>
	new Project({ events, submissionFinished: true });

describe('requests for the end of a submission', () => {
	test('of one part: none', async () => {
		const project = ofSubmissions(new Set(['completed'] as const));
		project.server.past(1_000, 60);
		const batch = project.part({});
		await project.poll();
		project.server.time += 60;
		project.finish(batch);
		expect(await project.poll()).toEqual({ ids: [`${batch.id}:completed`], requests: 1 });
		expect(project.finishedIds).toEqual([[batch.id]]);
		expect(await project.poll()).toEqual({ ids: [], requests: 1 });
		expect(project.finished).toHaveLength(1);
	});

	test('of one part, far down the list: none beside that for its batch', async () => {
		const project = ofSubmissions();
		const batch = project.part({});
		project.server.time += 3_000 * 60;
		project.server.past(3_000, 60);
		await project.poll();
		project.finish(batch);
		expect(await project.poll()).toEqual({ ids: [], requests: 2 });
		expect(project.finishedIds).toEqual([[batch.id]]);
		expect((await project.poll()).requests).toBe(1);
	});

	test('of three parts on the first page: none', async () => {
		const project = ofSubmissions();
		project.server.past(1_000, 60);
		const parts = [1, 2, 3].map((part) => project.part({ part, parts: 3 }));
		await project.poll();
		for (const [index, batch] of parts.entries()) {
			expect(project.finished).toEqual([]);
			project.server.time += 60;
			project.finish(batch);
			expect(await project.poll()).toEqual({ ids: [], requests: 1 });
			expect(project.finished).toHaveLength(index === 2 ? 1 : 0);
		}
		expect(project.finishedIds).toEqual([parts.map(({ id }) => id)]);
		expect((await project.poll()).requests).toBe(1);
	});

	test('of three parts far down the list: the pages down to them, once', async () => {
		const project = ofSubmissions();
		const parts = [1, 2, 3].map((part) => project.part({ part, parts: 3 }));
		const [first, second, third] = parts;
		project.server.time += 950 * 60;
		project.server.past(950, 60);
		await project.poll();
		for (const batch of [first, second]) {
			project.finish(batch);
			project.server.time += 1;
			// While the third runs nothing is read for them.
			expect((await project.poll()).requests).toBeLessThanOrEqual(4);
		}
		expect((await project.poll()).requests).toBe(2);
		expect(project.finished).toEqual([]);
		project.finish(third);
		// The newest hundred, the last part, and the nine pages below the newest one.
		expect((await project.poll()).requests).toBe(11);
		expect(project.finishedIds).toEqual([parts.map(({ id }) => id)]);
		expect((await project.poll()).requests).toBe(1);
	});

	test('of three parts far down the list, in polls without much time: the same, once', async () => {
		const project = ofSubmissions();
		const parts = [1, 2, 3].map((part) => project.part({ part, parts: 3 }));
		project.server.time += 950 * 60;
		project.server.past(950, 60);
		await project.poll();
		for (const batch of parts) project.finish(batch);
		const counts: number[] = [];
		while (project.finished.length === 0 && counts.length < 20) {
			counts.push((await project.poll(4)).requests);
		}
		expect(project.finishedIds).toEqual([parts.map(({ id }) => id)]);
		// Every further poll reads the first page anew.
		expect(counts.length).toBeLessThanOrEqual(5);
		expect((await project.poll()).requests).toBe(1);
		expect(project.finished).toHaveLength(1);
	});

	test('of which the third part does not exist yet: the pages of eight days, once for each end', async () => {
		const project = ofSubmissions();
		project.server.past(10_000, 3_600);
		const [first, second] = [1, 2].map((part) => project.part({ part, parts: 3 }));
		await project.poll();
		project.server.time += 60;
		project.finish(first);
		expect((await project.poll()).requests).toBe(1);
		project.finish(second);
		// 192 hours before the first part, of which the first page shows 98.
		expect((await project.poll()).requests).toBe(2);
		expect((await project.poll()).requests).toBe(1);
		expect(project.finished).toEqual([]);
		project.server.time += 60;
		const third = project.part({ part: 3, parts: 3 });
		expect((await project.poll()).requests).toBe(1);
		project.finish(third);
		expect((await project.poll()).requests).toBe(1);
		expect(project.finishedIds).toEqual([[first, second, third].map(({ id }) => id)]);
	});

	test('that a retry has joined: none while it runs, and none on the first page when it ends', async () => {
		const project = ofSubmissions();
		project.server.past(1_000, 60);
		const parts = [1, 2].map((part) => project.part({ part, parts: 2 }));
		await project.poll();
		for (const batch of parts) project.finish(batch);
		await project.poll();
		project.server.time += 60;
		const retry = project.part({ part: 1, parts: 2, retryOf: parts[0].id });
		expect((await project.poll()).requests).toBe(1);
		expect(project.finished).toHaveLength(1);
		project.server.time += 60;
		project.finish(retry);
		expect((await project.poll()).requests).toBe(1);
		const [first, second] = parts;
		expect(project.finishedIds[1]).toEqual([first.id, retry.id, second.id]);
	});
});

describe('a poll that has no time for everything', () => {
	test('looks for submissions too, where open batches far down the list would take all of it', async () => {
		const project = ofSubmissions(new Set(['completed'] as const));
		// Each on a page of its own, so that it takes a request.
		const open = Array.from({ length: 30 }, () => {
			const batch = project.running();
			project.server.time += 300;
			project.server.past(150, 1);
			return batch;
		});
		await project.poll();
		const [first, second] = [1, 2].map((part) => project.part({ part, parts: 2 }));
		project.server.time += 600;
		project.server.past(250, 1);
		await project.poll();
		project.server.time += 60;
		project.finish(first);
		for (let round = 0; round < 6; round++) await project.poll(8);
		project.server.time += 60;
		project.finish(second);
		let polls = 0;
		while (project.finished.length === 0 && polls++ < 20) await project.poll(8);
		expect(project.finishedIds).toEqual([[first.id, second.id]]);
		expect(polls).toBeLessThanOrEqual(8);
		// After that the open batches have all of the time again.
		for (const batch of open) project.finish(batch);
		const reported: string[] = [];
		for (let round = 0; round < 6; round++) reported.push(...(await project.reported(8)));
		expect(reported).toHaveLength(open.length);
	});

	test('goes on with the open batches while there is always a submission to look for', async () => {
		const project = ofSubmissions(new Set(['completed'] as const));
		const open = Array.from({ length: 30 }, () => {
			const batch = project.running();
			project.server.time += 300;
			project.server.past(150, 1);
			return batch;
		});
		await project.poll();
		for (const batch of open) project.finish(batch);
		const reported: string[] = [];
		for (let round = 0; round < 12; round++) {
			// Its second part never comes, so it is looked for through eight days of the list.
			const first = project.part({ of: round, part: 1, parts: 2 });
			project.server.time += 60;
			project.finish(first);
			reported.push(...(await project.reported(8)));
		}
		for (const batch of open) expect(reported).toContain(`${batch.id}:completed`);
	});

	test('keeps what it has found when a page cannot be read, and reports the rest later', async () => {
		const project = ofSubmissions();
		const [first, second] = [1, 2].map((part) => project.part({ part, parts: 2 }));
		project.server.time += 400 * 60;
		project.server.past(400, 60);
		const single = project.part({ of: 2 });
		await project.poll();
		project.finish(first);
		await project.poll();
		project.server.time += 600 * 60;
		project.server.past(600, 60);
		await project.poll();
		const failing = () => {
			const { server } = project;
			const before = server.requests;
			server.onRequest = () => {
				if (server.requests > before + 4) throw new Error('Overloaded');
			};
		};
		for (const batch of [second, single]) project.finish(batch);
		failing();
		await project.poll();
		expect(project.finishedIds).toEqual([[single.id]]);
		failing();
		expect(await project.poll()).toEqual({ ids: [], requests: 5 });
		project.server.onRequest = () => {};
		await project.poll();
		expect(project.finishedIds).toEqual([[single.id], [first.id, second.id]]);
		expect((await project.poll()).requests).toBe(1);
		expect(project.finished).toHaveLength(2);
	});
});

describe('320 batches that end at once', () => {
	/** The parts of many submissions, in the order of their creation, a second apart. */
	const submitted = (project: Project, parts: number): Batch[][] =>
		Array.from({ length: 320 / parts }, (_, of) =>
			Array.from({ length: parts }, (__, index) => {
				project.server.time += 1;
				return project.part({ of, part: index + 1, parts });
			}),
		);

	const idsOf = (submissions: string[][]) => submissions.map((ids) => ids.join()).sort();

	test.each<[string, { parts: number; below?: number; follows?: boolean; between?: boolean }]>([
		['of one part each', { parts: 1 }],
		['of two parts each', { parts: 2 }],
		['of one part each, far down the list', { parts: 1, below: 1_500 }],
		['of two parts each, far down the list', { parts: 2, below: 1_500 }],
		['of one part each, while others follow', { parts: 1, follows: true }],
		['of two parts each, while others follow', { parts: 2, follows: true }],
		['of one part each, that were created since the last poll', { parts: 1, between: true }],
		['of two parts each, that were created since the last poll', { parts: 2, between: true }],
	])('%s are all reported within a few polls', async (_, { parts, below = 0, ...more }) => {
		const project = ofSubmissions();
		project.server.past(500, 60);
		project.server.time += 60;
		if (more.between) await project.poll();
		const submissions = submitted(project, parts);
		if (below > 0) {
			project.server.time += below * 2;
			project.server.past(below, 1);
		}
		if (!more.between) await project.poll();
		expect(project.finished).toEqual([]);
		project.server.time += 60;
		for (const batch of submissions.flat()) project.finish(batch);
		// Eight requests are what a poll has time for when each takes four seconds.
		const counts: number[] = [];
		while (project.finished.length < submissions.length && counts.length < 12) {
			if (more.follows) project.running();
			project.server.time += 60;
			counts.push((await project.poll(8)).requests);
		}
		expect(idsOf(project.finishedIds)).toEqual(
			idsOf(submissions.map((batches) => batches.map(({ id }) => id))),
		);
		expect(counts.length).toBeLessThanOrEqual(below > 0 ? 6 : 2);
		for (const count of counts) expect(count).toBeLessThanOrEqual(8);
		expect((await project.poll(8)).requests).toBe(1);
		expect(project.finished).toHaveLength(submissions.length);
		expect(project.size).toBeLessThan(12_000);
	});
});

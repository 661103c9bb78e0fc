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

import type { INodeProperties } from 'n8n-workflow';
import { OpenAiBatch } from '../../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OpenAiBatchTrigger } from '../../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { readArguments } from '../../../tools/demo/arguments';
import { expectedRows } from '../../../tools/demo/films';
import { readFilms } from '../../support/films';
import { compareRows, isComplete } from '../../../tools/demo/outcome';
import { batchLine, rowLines } from '../../../tools/demo/report';
import { readWorkflow } from '../../../tools/demo/workflows';
import { withChoices } from '../../support/lab/workflows/choices';

const PROPERTIES: Record<string, INodeProperties[]> = {
	'n8n-nodes-openai-batch.openAiBatch': new OpenAiBatch().description.properties,
	'n8n-nodes-openai-batch.openAiBatchTrigger': new OpenAiBatchTrigger().description.properties,
};

describe('readArguments', () => {
	it('keeps running, offline, on any port, by default', () => {
		expect(readArguments([], { OPENAI_API_KEY: 'sk' })).toEqual({
			once: false,
			help: false,
			port: undefined,
			apiKey: undefined,
		});
	});

	it('accepts --once, --port and --real with the key of the environment', () => {
		const args = ['--once', '--real', '--port', '5678'];
		expect(readArguments(args, { OPENAI_API_KEY: 'sk' })).toMatchObject({
			once: true,
			port: 5678,
			apiKey: 'sk',
		});
	});

	it.each([
		[['--real'], 'needs the API key in the environment variable OPENAI_API_KEY'],
		[['--port', 'http'], '--port has to be a number from 1 to 65535, not "http"'],
		[['--port', '70000'], 'not "70000"'],
		[['--twice'], 'Usage: npm run demo'],
	])('refuses %j', (args, message) => {
		expect(() => readArguments(args, {})).toThrow(message);
	});
});

describe('compareRows', () => {
	const titles = new Map([
		['film-0', 'Alien'],
		['film-1', ''],
	]);
	const row = (custom_id: string, film: string | null, genre: string | null = 'Horror') => ({
		custom_id,
		film,
		genre,
	});
	const good = [row('film-1', null), row('film-0', 'Alien')];

	it('is content with one row for each film, in any order', () => {
		const rows = compareRows(titles, good);
		expect(rows).toMatchObject({ films: 2, complete: 2 });
		expect(isComplete(rows)).toBe(true);
		expect(rowLines(rows)).toEqual(['2 of 2 films have their row with a genre']);
	});

	it.each([
		['missing', [row('film-0', 'Alien')], '1 without a row: film-1'],
		['repeated', [...good, row('film-0', 'Alien')], '1 with more than one row: film-0'],
		['mistaken', [good[0], row('film-0', 'Aliens')], '1 with the title of another film: film-0'],
		['withoutGenre', [good[0], row('film-0', 'Alien', null)], '1 without a genre: film-0'],
		['unknown', [...good, row('film-2', 'Big')], '1 rows that belong to no film: film-2'],
	] as const)('finds %s rows', (kind, rows, line) => {
		const compared = compareRows(titles, [...rows]);
		expect(compared[kind]).toHaveLength(1);
		expect(isComplete(compared)).toBe(false);
		expect(rowLines(compared)).toContain(line);
	});

	it('names a few custom ids and counts the others', () => {
		const many = new Map(Array.from({ length: 1500 }, (_, index) => [`film-${index}`, 'x']));
		expect(rowLines(compareRows(many, [])).at(-1)).toBe(
			'1,500 without a row: film-0, film-1, film-2, film-3, film-4, and 1,495 more',
		);
	});
});

describe('batchLine', () => {
	it('says what became of a batch', () => {
		const line = batchLine({
			id: 'batch_1',
			status: 'completed',
			duration_seconds: 20.4,
			request_counts: { total: 3201, completed: 3200, failed: 1 },
			usage: { total_tokens: 3000, input_tokens: 2000, output_tokens: 1000 },
		});
		expect(line).toBe(
			'batch_1 completed after 20 s: 3,201 requests, 3,200 succeeded, 1 failed, ' +
				'3,000 tokens (2,000 in, 1,000 out)',
		);
	});

	it('does without what the API left out', () => {
		expect(batchLine({ id: 'batch_1', status: 'expired' })).toBe(
			'batch_1 expired: ? requests, ? succeeded, ? failed',
		);
	});
});

describe('the example workflows', () => {
	const credential = { id: 'c1', name: 'Mine' };
	const credentials = { openAiBatchApi: credential };

	it.each(['submit-films', 'film-genres'])('%s gets its credential in every node', async (name) => {
		const { nodes } = withChoices(await readWorkflow(name), { credentials });
		const ours = nodes.filter(({ type }) => type.startsWith('n8n-nodes-openai-batch.'));
		expect(ours.length).toBeGreaterThan(0);
		for (const node of ours) expect(node.credentials).toEqual({ openAiBatchApi: credential });
		const others = nodes.filter((node) => !ours.includes(node));
		for (const node of others) expect(node.credentials).toBeUndefined();
	});

	it.each(['submit-films', 'film-genres'])('%s connects nodes that exist', async (name) => {
		const { nodes, connections } = await readWorkflow(name);
		const names = new Set(nodes.map((node) => node.name));
		for (const [from, outputs] of Object.entries(connections)) {
			expect(names).toContain(from);
			const { main } = outputs as { main: Array<Array<{ node: string }>> };
			for (const { node } of main.flat()) expect(names).toContain(node);
		}
	});

	it.each(['submit-films', 'film-genres'])(
		'%s uses only fields that our nodes have',
		async (name) => {
			const { nodes } = await readWorkflow(name);
			for (const { type, parameters } of nodes) {
				const properties = PROPERTIES[type];
				if (!properties) continue;
				for (const [field, value] of Object.entries(parameters)) {
					const found = properties.filter((property) => property.name === field);
					expect([field, found.length > 0 || field === 'pollTimes']).toEqual([field, true]);
					if (!found.some((property) => property.type === 'collection')) continue;
					const names = found.flatMap((property) => property.options ?? []).map((one) => one.name);
					expect(names).toEqual(expect.arrayContaining(Object.keys(value as object)));
				}
			}
		},
	);

	it('take parameters for their nodes only', async () => {
		const workflow = await readWorkflow('submit-films');
		const parameters = { 'Get films': { url: 'http://127.0.0.1/movies.json' } };
		const { nodes } = withChoices(workflow, { credentials, parameters });
		expect(nodes.find(({ name }) => name === 'Get films')?.parameters).toMatchObject({
			url: 'http://127.0.0.1/movies.json',
			options: {},
		});
		const wrong = { credentials, parameters: { Nowhere: {} } };
		expect(() => withChoices(workflow, wrong)).toThrow('has no node "Nowhere"');
	});
});

describe('the films', () => {
	it('are 3,201, each with its own custom id', async () => {
		const titles = expectedRows(await readFilms());
		expect(titles.size).toBe(3201);
		expect(titles.get('film-0')).toBe('The Land Girls');
		expect(new Set(titles.values())).toContain('1941');
	});
});

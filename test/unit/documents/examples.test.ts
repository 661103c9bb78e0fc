import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readPage, ROOT, tablesOf } from './markdown';

const FOLDER = 'test/realN8n/examples';

const names = readdirSync(resolve(ROOT, 'examples'))
	.filter((file) => file.endsWith('.json'))
	.map((file) => file.slice(0, -'.json'.length));

const titleOf = (name: string) =>
	(JSON.parse(readFileSync(resolve(ROOT, 'examples', `${name}.json`), 'utf8')) as { name: string })
		.name;

const [wishes, setUp] = tablesOf(readPage('examples/README.md'));
const suite = readFileSync(resolve(ROOT, FOLDER, 'examples.test.ts'), 'utf8');

/** What runs an example in the suite: `'few-shot': fewShot,` or `invoices,`. */
const runnerOf = (name: string) => {
	const [, named, same] =
		new RegExp(`^\\t(?:'${name}': (\\w+)|(${name})),$`, 'm').exec(suite) ?? [];
	return named ?? same;
};

describe.each(names)('the example %s', (name) => {
	it('stands, under its own title, in one row of what people want to do', () => {
		const link = `[${titleOf(name)}](${name}.json)`;
		const links = wishes.rows.filter(([, workflow]) => workflow.startsWith(link));
		expect([wishes.heading[0], links.length]).toEqual(['I want to …', 1]);
	});

	it('stands in one row of what has to be set up', () => {
		const rows = setUp.rows.filter(([workflow]) => titleOf(name).startsWith(workflow));
		expect([setUp.heading[0], rows.length]).toEqual(['Workflow', 1]);
	});

	it('is run in a real n8n', () => {
		expect(existsSync(resolve(ROOT, FOLDER, `${runnerOf(name)}.ts`))).toBe(true);
	});
});

it('no row is about an example that is not there', () => {
	expect([wishes.rows.length, setUp.rows.length]).toEqual([names.length, names.length]);
});

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { withChoices } from '../../support/lab/workflows/choices';
import { exampleNames, readExample } from './files';

const STICKY = 'n8n-nodes-base.stickyNote';
const NAMES = [
	'agent-tools',
	'ask-again',
	'azure-openai',
	'chain-of-two-batches',
	'classify-a-table',
	'few-shot',
	'invoices',
	'nightly-embeddings',
	'one-mail',
	'product-photos',
	'resume-by-trigger',
	'retry-until-done',
	'spreadsheet',
	'submit-waiting-parts',
	'token-limit-queue',
	'wait-in-one-workflow',
	'wait-node-loop',
	'wait-parked',
	'weekly-costs',
];

/** The space that a node takes on the canvas, its name below it included. */
const NODE = { width: 96, height: 144 };

it('are all checked here', async () => {
	expect((await exampleNames()).sort()).toEqual(NAMES);
});

describe.each(NAMES)('the file %s', (name) => {
	it('contains no credential of anyone', async () => {
		const { nodes } = await readExample(name);
		const ids = nodes.flatMap(({ credentials }) =>
			Object.values(credentials ?? {}).map(({ id }) => id),
		);
		expect(ids.length).toBeGreaterThan(0);
		expect(new Set(ids)).toEqual(new Set([null]));
	});

	it('gives every node its own id and name, and connects all nodes but the notes', async () => {
		const { nodes, connections } = await readExample(name);
		expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
		const names = nodes.filter(({ type }) => type !== STICKY).map((node) => node.name);
		expect(new Set(names).size).toBe(names.length);
		const outputs = Object.values(connections as Record<string, Record<string, unknown[]>>);
		const targets = outputs.flatMap((kinds) => Object.values(kinds).flat(2)) as Array<{
			node: string;
		}>;
		const connected = [...Object.keys(connections), ...targets.map(({ node }) => node)];
		expect([...new Set(connected)].sort()).toEqual([...names].sort());
	});

	it('says what it does and how to set it up', async () => {
		const { nodes } = await readExample(name);
		const about = nodes.find((node) => node.name === 'About this workflow')!;
		expect(about.parameters.content).toMatch(/^# .*### Set up/s);
	});

	it('lays nodes out side by side, each on the note of its lane', async () => {
		const { nodes } = await readExample(name);
		const place = (node: (typeof nodes)[number]) => node.position as [number, number];
		const notes = nodes.filter(({ type }) => type === STICKY);
		const others = nodes.filter(({ type }) => type !== STICKY);
		for (const [index, one] of others.entries()) {
			const [x, y] = place(one);
			const near = others.slice(index + 1).filter((other) => {
				const [a, b] = place(other);
				return Math.abs(a - x) < NODE.width && Math.abs(b - y) < NODE.height;
			});
			expect([one.name, near.map((other) => other.name)]).toEqual([one.name, []]);
			const under = notes.filter((note) => {
				const [left, top] = place(note);
				const { width, height } = note.parameters as { width: number; height: number };
				const isBeside = x >= left && x + NODE.width <= left + width;
				return isBeside && y >= top && y + NODE.height <= top + height;
			});
			expect([one.name, under.length]).toEqual([one.name, 1]);
		}
	});

	it('is described in the list of examples', async () => {
		const file = resolve(__dirname, '..', '..', '..', 'examples', 'README.md');
		expect(await readFile(file, 'utf8')).toContain(`](${name}.json)`);
	});
});

it('refuses choices that it does not have', async () => {
	const workflow = await readExample('wait-in-one-workflow');
	expect(() => withChoices(workflow, { credentials: {} })).toThrow('needs a credential');
	const wrong = { credentials: {}, parameters: { Nowhere: {} } };
	expect(() => withChoices(workflow, wrong)).toThrow('has no node "Nowhere"');
});

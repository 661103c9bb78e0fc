import type { INodeProperties, INodePropertyOptions, INodeTypeDescription } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OpenAiBatchTrigger } from '../../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import { readPage, sectionsOf, tablesOf, withoutCode, type Section } from './markdown';

/** A property of a node, one of its choices, or a group of its fields. */
interface Entry {
	displayName?: string;
	name: string;
	type?: string;
	action?: string;
	options?: Entry[];
	values?: Entry[];
	modes?: Entry[];
}

const node: INodeTypeDescription = new OpenAiBatch().description;
const polling: INodeTypeDescription = new OpenAiBatchTrigger().description;
const webhook: INodeTypeDescription = new OpenAiBatchWebhookTrigger().description;
const credential = new OpenAiBatchApi();

/** The names that the panel shows for entries, those inside of them included. */
function namesOf(entries: Entry[]): string[] {
	return entries.flatMap(({ displayName, name, type, options = [], values = [], modes = [] }) =>
		type === 'notice' ? [] : [displayName ?? name, ...namesOf([...options, ...values, ...modes])],
	);
}

/** What n8n shows in its lists of actions, where an operation or an event is chosen. */
function actionsOf(entries: Entry[]): string[] {
	return entries.flatMap(({ action, options = [] }) => [
		...(action ? [action] : []),
		...actionsOf(options),
	]);
}

const descriptions = [node, polling, webhook];
const all = [...descriptions.flatMap(({ properties }) => properties), ...credential.properties];

/** The names of a node's outputs, which may be given by an expression. */
const outputsOf = ({ outputs }: INodeTypeDescription) =>
	[...JSON.stringify(outputs).matchAll(/displayName\W+(\w[\w ]*\w)/g)].map(([, name]) => name);

/** Everything of this package that a person sees as a name in n8n. */
const OWN = new Set([
	...namesOf(all),
	...actionsOf(all),
	...descriptions.map(({ displayName }) => displayName),
	...descriptions.flatMap(outputsOf),
	credential.displayName,
	`Credential for ${credential.displayName}`,
]);

/** What n8n itself shows. */
const OF_N8N = new Set([
	'Code',
	'Code in JavaScript',
	'Connect to OpenAI Batch',
	'Continue',
	'Continue (using error output)',
	'Custom Field Name',
	'Edit Fields',
	'Execute step',
	'Merge',
	'Multiple Files',
	'Execute workflow',
	'Execute Workflow',
	'Executions',
	'Expression',
	'Fetch Test Event',
	'Fixed',
	'Get Row(s)',
	'HTTP Request',
	'Let the model define this parameter',
	'n8n Form Trigger',
	'On Error',
	'Read Files from Disk',
	'Response Format',
	'Retry',
	'Retry On Fail',
	'Run once for each item',
	'Save successful production executions',
	'Settings',
	'Trigger manually',
	'Update Row',
	'Write File to Disk',
]);

/** The links to the other pages, with the name of the page itself in bold. */
const NAVIGATION = /^\[README\].*$/m;

/** The names of fields in which entries are added or chosen. */
function listsOf(entries: Entry[]): string[] {
	return entries.flatMap(({ displayName, name, type = '', options = [] }) => [
		...(/collection|options/i.test(type) ? [displayName ?? name] : []),
		...listsOf(options),
	]);
}

const LISTS = new Set(listsOf(all));

/** Whether a table's first column has names of the panel: fields, or the entries of one of them. */
const isOfPanel = ([first, second]: string[]) =>
	['Field', 'Choice'].includes(first) || (LISTS.has(first) && second === 'Meaning');

/** The names in the first columns of a text's tables, with the headings that are names. */
function tabled(text: string): string[] {
	const tables = tablesOf(text).filter(({ heading }) => isOfPanel(heading));
	const cells = tables.flatMap(({ rows }) => rows.flatMap(([first]) => first.split(', ')));
	const headings = tables.map(({ heading }) => heading[0]);
	return [...cells, ...headings.filter((heading) => LISTS.has(heading))];
}

/** The names that a text marks: in italics, and in bold. "Include: Cut Off" are two. */
function marked(text: string, withBold = true): string[] {
	const plain = withoutCode(text.replace(NAVIGATION, ''));
	const matches = plain.matchAll(/\*\*([^*\n]+)\*\*|(?<![\w/])_([^_\n]+)_(?!\w)/g);
	return [...matches].flatMap(([, bold, italic]) =>
		bold && !withBold ? [] : (bold ?? italic).split(': '),
	);
}

const namedIn = (text: string) => new Set([...tabled(text), ...marked(text)]);

/** Those of the names that are missing, each once. */
const missing = (names: string[], from: Set<string>) => [
	...new Set(names.filter((name) => !from.has(name))),
];

const operationsPage = readPage('docs/operations.md');
const operationsSections = sectionsOf(operationsPage);
const triggersSections = sectionsOf(readPage('docs/triggers.md'));

const sectionNamed = (sections: Section[], heading: string) =>
	sections.find((section) => section.heading === heading)!;

interface Documented {
	resource: string;
	operation: string;
	properties: INodeProperties[];
}

/** Every operation, with the properties that the panel shows for it. */
const operations: Documented[] = node.properties
	.filter(({ name }) => name === 'operation')
	.flatMap(({ options, displayOptions }) => {
		const [resource] = displayOptions!.show!.resource as string[];
		return (options as INodePropertyOptions[]).map(({ name, value }) => ({
			resource: namesOfResource(resource),
			operation: name,
			properties: node.properties.filter(
				({ displayOptions: { show } = {} }) =>
					(show?.resource as unknown[])?.includes(resource) &&
					(show?.operation as unknown[])?.includes(value),
			),
		}));
	});

function namesOfResource(value: string): string {
	const options = node.properties.find(({ name }) => name === 'resource')!.options!;
	return (options as INodePropertyOptions[]).find((option) => option.value === value)!.name;
}

function sectionOf({ resource, operation }: Documented): Section | undefined {
	const inner = sectionsOf(sectionNamed(operationsSections, resource).text);
	return inner.find(({ level, heading }) => level === 3 && heading === operation);
}

/** A section with those it links to that are not about another operation: shared fields. */
function withShared({ text }: Section): string {
	const names = new Set(operations.map(({ operation }) => operation));
	const linked = operationsSections.filter(
		({ anchor, heading }) => !names.has(heading) && text.includes(`](#${anchor})`),
	);
	const everywhere = sectionNamed(operationsSections, 'Fields of several operations');
	return [text, everywhere.text, ...linked.map((section) => section.text)].join('\n');
}

describe('docs/operations.md', () => {
	it('has a section for each operation, and no other', () => {
		const resources = [...new Set(operations.map(({ resource }) => resource))];
		for (const resource of resources) {
			const inner = sectionsOf(sectionNamed(operationsSections, resource).text);
			const headings = inner.filter(({ level }) => level === 3).map(({ heading }) => heading);
			const expected = operations.filter((entry) => entry.resource === resource);
			expect(headings.sort()).toEqual(expected.map(({ operation }) => operation).sort());
		}
	});

	it.each(operations)('$resource: $operation has every name of the panel', (documented) => {
		const section = sectionOf(documented)!;
		expect(missing(namesOf(documented.properties), namedIn(withShared(section)))).toEqual([]);
	});

	it.each(operations)('$resource: $operation has no field of another operation', (documented) => {
		const section = sectionOf(documented)!;
		const own = new Set(namesOf(documented.properties));
		expect(missing(tabled(section.text), own)).toEqual([]);
	});

	it.each(operations)('$resource: $operation is called as in the list of actions', (documented) => {
		const options = node.properties.flatMap(
			({ options = [] }) => options as INodePropertyOptions[],
		);
		const actions = options
			.filter(({ name, action }) => name === documented.operation && action)
			.map(({ action }) => action!);
		expect(actions).toContain(marked(sectionOf(documented)!.text)[0]);
	});
});

describe('docs/triggers.md', () => {
	const events = sectionNamed(triggersSections, 'Events').text;

	it.each([polling, webhook])('has every name of $displayName, and no other', (description) => {
		const { text } = sectionNamed(triggersSections, description.displayName);
		const names = namesOf(description.properties);
		expect(missing(names, namedIn(`${text}\n${events}`))).toEqual([]);
		expect(missing(tabled(text), new Set(names))).toEqual([]);
	});

	it('has the events of both triggers, and no other', () => {
		expect(missing(tabled(events), new Set(namesOf(polling.properties)))).toEqual([]);
	});
});

describe('docs/servers.md', () => {
	it('has every field of the credential, and no other', () => {
		const { text } = sectionNamed(sectionsOf(readPage('docs/servers.md')), 'Credential');
		const names = namesOf(credential.properties);
		expect(missing(names, namedIn(text))).toEqual([]);
		expect(missing(tabled(text), new Set(names))).toEqual([]);
	});
});

const PAGES = [
	{ path: 'docs/operations.md', isReference: true },
	{ path: 'docs/triggers.md', isReference: true },
	{ path: 'docs/servers.md', isReference: true },
	// In the others, bold text is not only for names.
	{ path: 'README.md', isReference: false },
	{ path: 'docs/recipes.md', isReference: false },
	{ path: 'docs/troubleshooting.md', isReference: false },
	{ path: 'docs/scaling.md', isReference: false },
	{ path: 'examples/README.md', isReference: false },
];

describe.each(PAGES)('$path', ({ path, isReference }) => {
	it('marks only names that n8n shows', () => {
		const text = readPage(path);
		// Lower case, such as the status of a batch, is not a name.
		const names = marked(text, isReference).filter((name) => /^[A-Z]/.test(name));
		expect(missing([...names, ...tabled(text)], new Set([...OWN, ...OF_N8N]))).toEqual([]);
	});
});

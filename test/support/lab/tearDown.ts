import { dirname } from 'node:path';
import { removeFolder } from './folder';
import { TARBALL_VARIABLE } from './packed';

/** Removes what the setup has packed. */
export default async function tearDown(): Promise<void> {
	const tarball = process.env[TARBALL_VARIABLE];
	if (tarball) await removeFolder(dirname(tarball));
	delete process.env[TARBALL_VARIABLE];
}

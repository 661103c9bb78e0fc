import { ensureN8n } from './install/install';
import { labFolder } from './folder';
import { packPackage, TARBALL_VARIABLE } from './packed';

/** Jest's setup for suites in a real n8n: installs n8n where needed, and packs the package once. */
export default async function setUp(): Promise<void> {
	await ensureN8n({ onProgress: (text) => console.log(text) });
	process.env[TARBALL_VARIABLE] = await packPackage(await labFolder());
}

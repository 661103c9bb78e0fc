import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureN8n } from '../../support/lab/install';
import { packPackage } from '../../support/lab/package';
import { rememberTarball } from './packed';

/** Installs n8n, where that is still to be done, and packs the package once for all files. */
export default async function setUp(): Promise<void> {
	await ensureN8n({ onProgress: (text) => console.log(text) });
	rememberTarball(await packPackage(await mkdtemp(join(tmpdir(), 'openai-batch-package-'))));
}

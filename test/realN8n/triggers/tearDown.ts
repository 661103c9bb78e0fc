import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { tarball } from './packed';

export default async function tearDown(): Promise<void> {
	await rm(dirname(tarball()), { recursive: true, force: true });
}

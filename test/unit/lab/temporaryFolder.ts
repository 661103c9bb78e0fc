import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder for each test of the file, removed after it. */
export function temporaryFolder(): () => string {
	let folder = '';
	beforeEach(() => {
		folder = mkdtempSync(join(tmpdir(), 'n8n-harness-'));
	});
	afterEach(() => rmSync(folder, { recursive: true, force: true }));
	return () => folder;
}

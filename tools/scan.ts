import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Verdict {
	passed: boolean;
	message?: string;
	details?: string;
}

interface Scanner {
	SOURCE_FILE_PATTERNS: string[];
	analyzePackage: (folder: string, patterns?: string[]) => Promise<Verdict>;
}

/** n8n's scanner is an ES module, which TypeScript's CommonJS output cannot require. */
const load = async (): Promise<Scanner> =>
	(await import('@n8n/scan-community-package/scanner/scanner.mjs' as string)) as Scanner;

/** Packs the package and unpacks it into a folder, as a registry would give it to n8n. */
function unpack(folder: string): string {
	execFileSync('npm', ['pack', '--pack-destination', folder], {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
	if (!tarball) throw new Error('npm pack made no tarball');
	const unpacked = join(folder, 'package');
	mkdirSync(unpacked, { recursive: true });
	execFileSync('tar', ['-xzf', join(folder, tarball), '-C', unpacked, '--strip-components=1']);
	return unpacked;
}

/** Runs n8n's package scan on the source and on the packed tarball; any finding fails it. */
async function main(): Promise<void> {
	const { analyzePackage, SOURCE_FILE_PATTERNS } = await load();
	const folder = mkdtempSync(join(tmpdir(), 'scan-'));
	try {
		const verdicts = {
			source: await analyzePackage(process.cwd(), SOURCE_FILE_PATTERNS),
			tarball: await analyzePackage(unpack(folder)),
		};
		for (const [name, { passed, message, details }] of Object.entries(verdicts)) {
			console.log(`Package scan of the ${name}: ${passed ? 'no violations' : message}`);
			if (details) console.log(details);
		}
		// The scanner's own command exits with 0 even when it found something.
		process.exitCode = Object.values(verdicts).every(({ passed }) => passed) ? 0 : 1;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

void main();

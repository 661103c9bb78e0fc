import { accessSync, constants } from 'node:fs';
import { run } from '../../processes/run';

/** Where Debian, Ubuntu and Google's own package put it. */
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** No sandbox, as containers run as root; and nothing that asks Google for anything. */
export const CHROMIUM_ARGUMENTS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

function isProgram(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** The path of Chromium, which is installed first where that can be done. Throws what to do. */
export async function ensureChromium(): Promise<string> {
	const found = PLACES.find(isProgram);
	if (found) return found;
	if (process.getuid?.() === 0 && isProgram('/usr/bin/apt-get')) {
		console.log('Installing Chromium with apt-get');
		const cwd = '/';
		await run('apt-get', ['update'], { cwd });
		const install = ['install', '-y', '--no-install-recommends', 'chromium'];
		await run('apt-get', install, { cwd, env: { DEBIAN_FRONTEND: 'noninteractive' } });
		const installed = PLACES.find(isProgram);
		if (installed) return installed;
	}
	throw new Error(
		`The browser tests need Chromium, which is in none of ${PLACES.join(', ')}. ` +
			'Install it, on Debian with "apt-get install chromium".',
	);
}

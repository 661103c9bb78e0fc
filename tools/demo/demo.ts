import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ensureN8n } from '../../test/support/lab/install';
import { packPackage } from '../../test/support/lab/package';
import { assertPortFree } from '../../test/support/lab/ports';
import { startN8n } from '../../test/support/lab/start';
import { localApi, realApi } from './api';
import { REAL_FILMS, type Arguments } from './arguments';
import { Closers } from '../../test/support/lab/closers';
import { classifyFilms } from './classify';
import { readFilms, serveFilms } from './films';
import { demoFolder, removeFolder } from './folder';
import { isComplete } from './outcome';
import { batchLine, rowLines } from './report';
import type { Show } from '../../test/support/lab/show';

/** Shows the way to the editor, with the sign-in. */
function showEditor({ step, note }: Show, url: string, email: string, password: string): void {
	step(`The editor: ${url}`);
	note(`sign in as ${email} with the password ${password}`);
}

/**
 * The whole demo. Returns whether every film got its row. What it starts is ended by the closers,
 * so that the caller can leave it running to be looked at.
 */
export async function demo(
	{ port, apiKey }: Arguments,
	show: Show,
	closers: Closers,
	signal: AbortSignal,
): Promise<boolean> {
	if (port) await assertPortFree(port);
	const folder = await demoFolder();
	closers.add(async () => await removeFolder(folder));

	show.step('Building and packing the package');
	const tarball = await packPackage(join(folder, 'package'), signal);

	show.step('Looking for n8n; the first time it takes several minutes to install');
	const { version, folder: installed } = await ensureN8n({ onProgress: show.note, signal });
	show.note(`n8n ${version} in ${installed}`);

	show.step('Starting the API and a file server');
	const all = await readFilms();
	const films = apiKey ? all.slice(0, REAL_FILMS) : all;
	const source = await serveFilms(films);
	closers.add(source.close);
	const api = apiKey ? realApi(apiKey) : await localApi(join(folder, 'api'));
	closers.add(api.close);
	show.note(`${api.name}: ${api.url}`);
	show.note(`${films.length.toLocaleString('en-US')} films: ${source.url}`);

	show.step('Starting n8n with the package installed as a community package');
	const userFolder = join(folder, 'n8n');
	const n8n = await startN8n({ userFolder, port, packages: [tarball], signal });
	closers.add(n8n.stop);
	const password = `Demo-${randomBytes(4).toString('hex')}`;
	const owner = { email: 'demo@example.com', password, firstName: 'Film', lastName: 'Fan' };
	await n8n.rest.setUpOwner(owner);
	showEditor(show, n8n.url, owner.email, password);

	const { batches, rows } = await classifyFilms(
		{ rest: n8n.rest, ended: n8n.exited },
		{ api, films, source: source.url },
		show,
		signal,
	);
	show.step('What happened');
	for (const batch of batches) show.note(batchLine(batch));
	for (const line of rowLines(rows)) show.note(line);
	showEditor(show, n8n.url, owner.email, password);
	return isComplete(rows);
}

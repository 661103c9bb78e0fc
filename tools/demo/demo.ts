import { join } from 'node:path';
import { readFilms } from '../../test/support/films';
import { Lab } from '../../test/support/lab/lab';
import { assertPortFree } from '../../test/support/lab/n8n/ports';
import type { Owner } from '../../test/support/lab/n8n/types';
import type { Show } from '../../test/support/lab/show';
import { localApi, realApi } from './api';
import { REAL_FILMS, type Arguments } from './arguments';
import { classifyFilms } from './classify';
import { serveFilms } from './films';
import { isComplete } from './outcome';
import { batchLine, rowLines } from './report';

/** Shows the way to the editor, with the sign-in. */
function showEditor({ step, note }: Show, url: string, { email, password }: Owner): void {
	step(`The editor: ${url}`);
	note(`sign in as ${email} with the password ${password}`);
}

/**
 * Runs the whole demo. Returns whether every film got its row. What it starts is ended with the
 * stack, so that the caller can leave it running to be looked at.
 */
export async function demo(
	{ port, apiKey }: Arguments,
	show: Show,
	stack: AsyncDisposableStack,
	signal: AbortSignal,
): Promise<boolean> {
	if (port) await assertPortFree(port);
	const lab = await Lab.open({ port, show, signal });
	stack.defer(async () => await lab.close());

	show.step('Starting the API and a file server');
	const all = await readFilms();
	const films = apiKey ? all.slice(0, REAL_FILMS) : all;
	const source = await serveFilms(films);
	stack.defer(source.close);
	const api = apiKey ? realApi(apiKey) : await localApi(join(lab.folder, 'api'));
	stack.defer(api.close);
	show.note(`${api.name}: ${api.url}`);
	show.note(`${films.length.toLocaleString('en-US')} films: ${source.url}`);
	showEditor(show, lab.n8n.url, lab.owner);

	const task = { api, films, source: source.url };
	const { batches, rows } = await classifyFilms(lab, task, show, signal);
	show.step('What happened');
	for (const batch of batches) show.note(batchLine(batch));
	for (const line of rowLines(rows)) show.note(line);
	showEditor(show, lab.n8n.url, lab.owner);
	return isComplete(rows);
}

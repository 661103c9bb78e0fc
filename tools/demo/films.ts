import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { serveOnLoopback, type LoopbackServer } from '../../test/support/loopback';

/** One record of movies.json; the titles of nine films are numbers, of one null. */
export type Film = Record<string, string | number | null>;

/** The 3,201 films of the npm package vega-datasets. */
export async function readFilms(): Promise<Film[]> {
	const build = dirname(require.resolve('vega-datasets'));
	const file = join(build, '..', 'data', 'movies.json');
	return JSON.parse(await readFile(file, 'utf8')) as Film[];
}

/** The title of each film by the custom id that the example workflow gives it: its place. */
export function expectedRows(films: Film[]): Map<string, string> {
	return new Map(films.map(({ Title }, index) => [`film-${index}`, String(Title ?? '')]));
}

/** Serves the films as JSON on loopback, as a user's own API would. */
export async function serveFilms(films: Film[]): Promise<LoopbackServer> {
	const json = JSON.stringify(films);
	const server = await serveOnLoopback((_request, response) => {
		response.setHeader('content-type', 'application/json').end(json);
	});
	return { ...server, url: `${server.url}/movies.json` };
}

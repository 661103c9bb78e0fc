import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

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
export async function serveFilms(
	films: Film[],
): Promise<{ url: string; close: () => Promise<void> }> {
	const json = JSON.stringify(films);
	const server = createServer((_request, response) => {
		response.setHeader('content-type', 'application/json');
		response.end(json);
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}/movies.json`,
		close: async () =>
			await new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

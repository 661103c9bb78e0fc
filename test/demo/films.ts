import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';

/** One record of movies.json; the titles of nine films are numbers, of one null. */
export type Film = Record<string, string | number | null>;

/** The 3,201 films of the npm package vega-datasets. */
export async function readFilms(): Promise<Film[]> {
	const folder = dirname(require.resolve('vega-datasets/package.json'));
	return JSON.parse(await readFile(join(folder, 'data', 'movies.json'), 'utf8')) as Film[];
}

/** The custom id that the example workflow gives to the film at a place of the list. */
export const customIdOf = (_film: Film, index: number): string => `film-${index}`;

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

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** One record of movies.json; the titles of nine films are numbers, of one null. */
export type Film = Record<string, string | number | null>;

/** The 3,201 films of the npm package vega-datasets. */
export async function readFilms(): Promise<Film[]> {
	const build = dirname(require.resolve('vega-datasets'));
	const file = join(build, '..', 'data', 'movies.json');
	return JSON.parse(await readFile(file, 'utf8')) as Film[];
}

import type { Film } from '../../test/support/films';
import { serveOnLoopback, type LoopbackServer } from '../../test/support/loopback';

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

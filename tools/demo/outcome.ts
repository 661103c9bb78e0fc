/** A row of the data table, as the example workflow writes it. */
export interface Row {
	custom_id?: unknown;
	film?: unknown;
	genre?: unknown;
}

/** What a batch reports of itself when it has ended. */
export interface EndedBatch {
	id: string;
	status: string;
	request_counts?: { total?: number; completed?: number; failed?: number } | null;
	usage?: { input_tokens?: number; output_tokens?: number; total_tokens?: number } | null;
	duration_seconds?: number | null;
}

/** How the rows of the table compare with the films that were submitted, by custom id. */
export interface Completeness {
	films: number;
	/** How many films have exactly one row, with their own title and a genre. */
	complete: number;
	missing: string[];
	repeated: string[];
	/** Rows that carry another film's title. */
	mistaken: string[];
	withoutGenre: string[];
	/** Rows of no film at all. */
	unknown: string[];
}

/**
 * Matches rows and films by custom id. The title of a row comes from the request that the result
 * answers, so a row with another title would be an answer given to the wrong film.
 *
 * @param titles the title of each film by its custom id
 */
export function compareRows(titles: Map<string, string>, rows: Row[]): Completeness {
	const found = new Map<string, Row[]>([...titles.keys()].map((customId) => [customId, []]));
	const unknown: string[] = [];
	for (const row of rows) {
		const customId = String(row.custom_id);
		const ofFilm = found.get(customId);
		if (ofFilm) ofFilm.push(row);
		else unknown.push(customId);
	}
	const those = (isSo: (ofFilm: Row[], customId: string) => boolean) =>
		[...found].filter(([customId, ofFilm]) => isSo(ofFilm, customId)).map(([customId]) => customId);

	const missing = those((ofFilm) => ofFilm.length === 0);
	const repeated = those((ofFilm) => ofFilm.length > 1);
	const mistaken = those((ofFilm, id) =>
		ofFilm.some(({ film }) => (film ?? '') !== titles.get(id)),
	);
	const withoutGenre = those((ofFilm) => ofFilm.some(({ genre }) => !genre));
	const faulty = new Set([...missing, ...repeated, ...mistaken, ...withoutGenre]);
	const complete = titles.size - faulty.size;
	return { films: titles.size, complete, missing, repeated, mistaken, withoutGenre, unknown };
}

export const isComplete = ({ films, complete, unknown }: Completeness): boolean =>
	complete === films && unknown.length === 0;

/** A row of the data table, as the example workflow writes it. */
export interface Row {
	custom_id?: unknown;
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

/** How the rows of the table compare with the films that were submitted. */
export interface Completeness {
	films: number;
	/** Films with exactly one row and a genre in it. */
	written: number;
	/** Custom ids without a row, without a genre, or with more than one row. */
	missing: string[];
	empty: string[];
	repeated: string[];
	/** Custom ids of rows that belong to no film. */
	unknown: string[];
}

/** Matches rows and films by custom id: every film has to have one row, with content. */
export function compareRows(expected: string[], rows: Row[]): Completeness {
	const found = new Map<string, Row[]>(expected.map((customId) => [customId, []]));
	const unknown: string[] = [];
	for (const row of rows) {
		const customId = String(row.custom_id);
		const ofFilm = found.get(customId);
		if (ofFilm) ofFilm.push(row);
		else unknown.push(customId);
	}
	const those = (test: (ofFilm: Row[]) => boolean) =>
		[...found].filter(([, ofFilm]) => test(ofFilm)).map(([customId]) => customId);
	const hasGenre = ({ genre }: Row) => typeof genre === 'string' && genre !== '';
	return {
		films: expected.length,
		written: those((ofFilm) => ofFilm.length === 1 && hasGenre(ofFilm[0])).length,
		missing: those((ofFilm) => ofFilm.length === 0),
		empty: those((ofFilm) => ofFilm.length > 0 && !ofFilm.some(hasGenre)),
		repeated: those((ofFilm) => ofFilm.length > 1),
		unknown,
	};
}

export const isComplete = ({ films, written, unknown }: Completeness): boolean =>
	written === films && unknown.length === 0;

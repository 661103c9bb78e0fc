import { bodyFor, ENDPOINT, makeRow, requestFor, type RowKind, type Size } from '../node/rows';
import { measure } from '../node/meter';
import type { Api } from './api';
import { createBatch, upload } from './api';

/** Larger pieces are not faster. */
const CHUNK_CHARACTERS = 128 * 1024;

type Row = { id: string; text: string; body: object };

const TO_LINE: Record<RowKind, (row: Row) => string> = {
	fields: ({ id, text }) => JSON.stringify(requestFor(id, bodyFor(text))),
	json: ({ id, body }) => JSON.stringify(requestFor(id, body)),
	lines: (row) => JSON.stringify(row),
};

function* content(rows: Row[], kind: RowKind): Generator<Uint8Array> {
	const toLine = TO_LINE[kind];
	let text = '';
	for (const row of rows) {
		text += `${toLine(row)}\n`;
		if (text.length < CHUNK_CHARACTERS) continue;
		yield Buffer.from(text);
		text = '';
	}
	if (text !== '') yield Buffer.from(text);
}

/** Sends rows, which are in memory already, as a batch, and does nothing else. */
export async function submit({ api, kind, size }: { api: Api; kind: RowKind; size: Size }) {
	const rows = Array.from({ length: size.rows }, (_, index) => makeRow(kind, index, size.bytes));
	const end = await measure();
	const fileId = await upload(api, content(rows as Row[], kind));
	const batchId = await createBatch(api, fileId, ENDPOINT);
	return { ...(await end()), batchId };
}

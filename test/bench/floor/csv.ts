import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { csvChunks, readCsvRow, requestOf, type CsvRow } from '../node/csv';
import { measure } from '../node/meter';
import { ENDPOINT } from '../node/rows';
import type { Api } from './api';
import { createBatch, download, upload } from './api';

const CHUNK_CHARACTERS = 128 * 1024;

/** Makes the file of rows on the disk, where n8n keeps its own, and removes it in the end. */
async function withCsv<T>(rows: number, use: (file: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-bench-csv-'));
	try {
		const file = join(folder, 'rows.csv');
		await pipeline(Readable.from(csvChunks(rows)), createWriteStream(file));
		return await use(file);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function* rowsOf(file: string): AsyncGenerator<CsvRow, undefined> {
	const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
	let isHeader = true;
	for await (const line of lines) {
		if (!isHeader) yield readCsvRow(line);
		isHeader = false;
	}
}

/** The next so many values of a generator, or as many as there are. */
async function* next<T>(values: AsyncGenerator<T, undefined>, count: number): AsyncGenerator<T> {
	for (let taken = 0; taken < count; taken++) {
		const { value, done } = await values.next();
		if (done) return;
		yield value;
	}
}

/** Texts as bytes, in pieces that are worth sending. */
async function* inChunks(texts: AsyncIterable<string>): AsyncGenerator<Buffer> {
	let text = '';
	for await (const one of texts) {
		text += one;
		if (text.length < CHUNK_CHARACTERS) continue;
		yield Buffer.from(text);
		text = '';
	}
	if (text !== '') yield Buffer.from(text);
}

async function* requestsOf(rows: AsyncIterable<CsvRow>): AsyncGenerator<string> {
	for await (const row of rows) yield `${JSON.stringify(requestOf(row))}\n`;
}

/** Sends the rows of a CSV file as batches, and does nothing else. */
export async function submitCsv({ api, rows, perBatch }: CsvJob) {
	return await withCsv(rows, async (file) => {
		const end = await measure();
		const all = rowsOf(file);
		for (let sent = 0; sent < rows; sent += perBatch) {
			const fileId = await upload(api, inChunks(requestsOf(next(all, perBatch))));
			await createBatch(api, fileId, ENDPOINT);
		}
		return await end();
	});
}

export interface CsvJob {
	api: Api;
	rows: number;
	perBatch: number;
}

interface ResultLine {
	custom_id: string;
	response: {
		body: {
			choices: Array<{ message: { content: string } }>;
			usage: { prompt_tokens: number; completion_tokens: number };
		};
	};
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

/** The columns of each answer, by custom id. */
async function answersOf(api: Api, fileId: string): Promise<Map<string, string>> {
	const found = new Map<string, string>();
	const lines = createInterface({ input: await download(api, fileId), crlfDelay: Infinity });
	for await (const line of lines) {
		const { custom_id: id, response } = JSON.parse(line) as ResultLine;
		const { choices, usage } = response.body;
		const content = quoted(choices[0].message.content);
		found.set(id, [id, content, usage.prompt_tokens, usage.completion_tokens].join(','));
	}
	return found;
}

/** Writes the rows of a CSV file with their answers into another one, and does nothing else. */
export async function resultsCsv({ outputFileIds, ...job }: CsvJob & { outputFileIds: string[] }) {
	const { api, rows, perBatch } = job;
	return await withCsv(rows, async (file) => {
		const end = await measure();
		const disk = createWriteStream(`${file}.out`);
		const all = rowsOf(file);
		let items = 0;
		for (const fileId of outputFileIds) {
			const answers = await answersOf(api, fileId);
			const lines = async function* () {
				for await (const { id, title, text } of next(all, perBatch)) {
					items++;
					yield `${id},${quoted(title)},${text},${answers.get(id)!}\n`;
				}
			};
			for await (const chunk of inChunks(lines())) {
				if (!disk.write(chunk)) await once(disk, 'drain');
			}
		}
		disk.end();
		await once(disk, 'finish');
		return { ...(await end()), items, binaryBytes: disk.bytesWritten };
	});
}

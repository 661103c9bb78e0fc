import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { answer } from '../answers';
import { unixSeconds } from '../clock';
import { readLines } from '../lines';
import type { Spoken } from '../spoken';
import type { Store, StoredFile } from '../store';
import { addUsage, noUsage, type StoredBatch, type Usage } from './batch';
import { BLOCK } from './progress';
import type { RequestLine } from './requestLine';
import { resultLines, type ResultLines, type StopReason } from './resultLine';

export interface Results {
	output: StoredFile | null;
	error: StoredFile | null;
	usage: Usage;
}

/**
 * Executes the first `done` requests and writes the result files in one pass over the input, in
 * the order of execution. What is not done goes to the error file with the reason. A file without
 * lines is not written, except where the server always writes it.
 */
export async function writeResults(
	{ store, spoken }: { store: Store; spoken: Spoken },
	batch: StoredBatch,
	run: { done: number; reason?: StopReason },
): Promise<Results> {
	const work = batch.work!;
	const { rules, line } = spoken.dialect;
	const output = new ResultFile(store, `${batch.wire.id}_output.jsonl`, work.files?.output);
	const error = new ResultFile(store, `${batch.wire.id}_error.jsonl`, work.files?.error);
	const errors = rules.hasErrorFile ? error : output;
	const usage = noUsage();
	const created = unixSeconds(work.startedAt);
	let block: Array<ResultLines | undefined> = [];
	const flush = async () => {
		for (const lines of block) {
			for (const text of lines?.texts ?? []) await (lines!.isError ? errors : output).write(text);
		}
		block = [];
	};

	let index = 0;
	for await (const text of readLines(work.inputPath)) {
		if (index === work.total) break;
		const request = requestOf(text);
		const isDone = work.places[index] < run.done;
		block[work.places[index] % BLOCK] = resultLines(
			request,
			{ batch, index, reason: isDone ? undefined : (run.reason ?? 'batch_expired') },
			{
				line,
				answer: (outcome, hex) => {
					const answered = answer(batch.api, { body: request.body, outcome, created, hex });
					addUsage(usage, answered.usage);
					return answered.body;
				},
			},
		);
		index++;
		if (index % BLOCK === 0) await flush();
	}
	await flush();
	const isAlways = rules.resultFiles === 'always';
	const seconds = batch.outputExpiresAfter;
	return {
		output: await output.close(seconds, isAlways),
		error: await error.close(seconds, isAlways && rules.hasErrorFile),
		usage,
	};
}

/** A line that could not be read has failed by itself, and is not asked for more than this. */
function requestOf(text: string): RequestLine {
	try {
		return JSON.parse(text.replace(/^\uFEFF/, ''));
	} catch {
		return { custom_id: '', method: 'POST', url: '', body: {} };
	}
}

/** A result file that comes into being with its first line, or was there from the start. */
class ResultFile {
	private stream?: WriteStream;
	private bytes = 0;

	constructor(
		private readonly store: Store,
		private readonly filename: string,
		private file: { id: string; path: string } | undefined,
	) {}

	async write(text: string): Promise<void> {
		const stream = this.open();
		const line = Buffer.from(`${text}\n`);
		this.bytes += line.length;
		if (!stream.write(line)) await once(stream, 'drain');
	}

	async close(expiresAfter: number | undefined, isAlways: boolean): Promise<StoredFile | null> {
		if (this.file === undefined && !isAlways) return null;
		const stream = this.open();
		stream.end();
		await finished(stream);
		return this.store.addFile(this.file!, {
			bytes: this.bytes,
			filename: this.filename,
			purpose: 'batch_output',
			expiresAfter,
		});
	}

	private open(): WriteStream {
		if (this.stream === undefined) {
			this.file ??= this.store.newFile('batch_output');
			this.stream = createWriteStream(this.file.path, { highWaterMark: 256 * 1024 });
		}
		return this.stream;
	}
}

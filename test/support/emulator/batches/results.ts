import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

import { answer } from '../answers';
import { unixSeconds } from '../clock';
import { readLines } from '../lines';
import type { Store, StoredFile } from '../store';
import { addUsage, noUsage, type StoredBatch, type Usage } from './batch';
import { BLOCK } from './progress';
import type { RequestLine } from './requestLine';
import { resultLine, type ResultLine } from './resultLine';

/** Why the requests that were not executed have not been. */
export type StopReason = 'batch_expired' | 'batch_cancelled';

export interface Results {
	output: StoredFile | null;
	error: StoredFile | null;
	usage: Usage;
}

/**
 * Executes the first `done` requests and writes both result files in one pass over the input, in
 * the order of execution. What is not done goes to the error file with the reason. A file without
 * lines is not written.
 */
export async function writeResults(
	store: Store,
	batch: StoredBatch,
	run: { done: number; reason?: StopReason },
): Promise<Results> {
	const work = batch.work!;
	const output = new ResultFile(store, `${batch.wire.id}_output.jsonl`);
	const error = new ResultFile(store, `${batch.wire.id}_error.jsonl`);
	const usage = noUsage();
	const created = unixSeconds(work.startedAt);
	let block: Array<ResultLine | undefined> = [];
	const flush = async () => {
		for (const line of block) {
			if (line?.text !== undefined) await (line.isError ? error : output).write(line.text);
		}
		block = [];
	};

	let index = 0;
	for await (const text of readLines(work.inputPath)) {
		if (index === work.total) break;
		const line = JSON.parse(text.replace(/^\uFEFF/, '')) as RequestLine;
		const isDone = work.places[index] < run.done;
		block[work.places[index] % BLOCK] = resultLine(
			line,
			{ batch, index, reason: isDone ? undefined : (run.reason ?? 'batch_expired') },
			(outcome, hex) => {
				const answered = answer(batch.wire.endpoint, { body: line.body, outcome, created, hex });
				addUsage(usage, answered.usage);
				return answered.body;
			},
		);
		index++;
		if (index % BLOCK === 0) await flush();
	}
	await flush();
	const { outputExpiresAfter } = batch;
	return {
		output: await output.close(outputExpiresAfter),
		error: await error.close(outputExpiresAfter),
		usage,
	};
}

/** A result file that comes into being with its first line. */
class ResultFile {
	private file?: { id: string; path: string };
	private stream?: WriteStream;
	private bytes = 0;

	constructor(
		private readonly store: Store,
		private readonly filename: string,
	) {}

	async write(text: string): Promise<void> {
		if (this.stream === undefined) {
			this.file = this.store.newFile();
			this.stream = createWriteStream(this.file.path, { highWaterMark: 256 * 1024 });
		}
		const line = Buffer.from(`${text}\n`);
		this.bytes += line.length;
		if (!this.stream.write(line)) await once(this.stream, 'drain');
	}

	async close(expiresAfter: number | undefined): Promise<StoredFile | null> {
		if (this.stream === undefined || this.file === undefined) return null;
		this.stream.end();
		await finished(this.stream);
		return this.store.addFile(this.file, {
			bytes: this.bytes,
			filename: this.filename,
			purpose: 'batch_output',
			expiresAfter,
		});
	}
}

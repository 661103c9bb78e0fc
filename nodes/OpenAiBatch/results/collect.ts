import type { IDataObject } from 'n8n-workflow';
import { tryParseJson } from '../../jsonl/json';
import { readLineBatches } from '../../jsonl/lines';
import type { OpenAiClient } from '../../openai/client';
import { downloadFile } from '../../openai/download';
import { findFile, getFile } from '../../openai/files';
import type { Batch, FileObject } from '../../openai/types';
import { Breather } from '../requests/breather';
import type { ResultShape, ResultStatus } from './resultItem';
import { ResultSet } from './resultSet';

export interface CollectOptions {
	include: ReadonlySet<ResultStatus>;
	includeRequest: boolean;
	shape: ResultShape;
}

export interface Collected {
	results: ResultSet;
	/** False when the input file is gone, so that requests without a result could not be found. */
	missingKnown: boolean;
}

/** Calls back for every line of a file at the service. */
async function forEachLine(
	client: OpenAiClient,
	{ id, bytes }: Pick<FileObject, 'id' | 'bytes'>,
	take: (text: string) => void,
): Promise<void> {
	const breather = new Breather();
	for await (const lines of readLineBatches(downloadFile(client, id, bytes))) {
		for (const { text } of lines) take(text);
		if (breather.isDue) await breather.breathe();
	}
}

/** The ids of the files that hold results; some servers send '' where there is none. */
function resultFileIds(batch: Batch): string[] {
	return [batch.output_file_id, batch.error_file_id].filter((id): id is string => !!id);
}

/** Whether every request of the batch has a result, going by the batch's own total. */
function isWhole(batch: Batch, results: ResultSet): boolean {
	const total = batch.request_counts?.total;
	return typeof total === 'number' && total > 0 && total === results.size;
}

/**
 * Reads both result files of a finished batch, and its input file when requests are to be joined
 * or when the results are fewer than the batch's requests.
 *
 * @throws {NodeApiError} when a result file cannot be read to its end; never a part of it
 */
export async function collectResults(
	client: OpenAiClient,
	batch: Batch,
	{ include, includeRequest, shape }: CollectOptions,
): Promise<Collected> {
	const results = new ResultSet(include);
	for (const fileId of resultFileIds(batch)) {
		const file = await getFile(client, fileId);
		await forEachLine(client, file, (text) => results.addLine(text, shape));
	}
	if (!includeRequest && isWhole(batch, results)) return { results, missingKnown: true };
	const inputFile = await findFile(client, batch.input_file_id);
	// Without the input file the results are still whole: only the requests cannot be joined.
	if (!inputFile) return { results, missingKnown: false };
	await forEachLine(client, inputFile, (text) => {
		const line = tryParseJson(text);
		const request = line.ok ? (line.value as IDataObject | null) : null;
		const customId = request?.custom_id;
		if (typeof customId !== 'string') return;
		if (!results.has(customId)) results.addMissing(customId, batch.id);
		if (includeRequest) results.addRequest(customId, request!.body as IDataObject);
	});
	return { results, missingKnown: true };
}

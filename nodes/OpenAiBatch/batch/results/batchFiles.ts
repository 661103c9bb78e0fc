import { NodeOperationError } from 'n8n-workflow';
import type { Line } from '../../../jsonl/lines';
import { readLineBatches } from '../../../jsonl/lines';
import type { OpenAiClient } from '../../../openai/http/client';
import { downloadFile } from '../../../openai/transfer/download';
import { findFile } from '../../../openai/api/files';
import type { Batch, FileObject } from '../../../openai/api/types';
import { asNodeError } from '../../shared/operation';
import { breathing } from '../../shared/breather';

/** The ids of the files that hold results; some servers send '' where there is none. */
function resultFiles({ output_file_id, error_file_id }: Batch): Array<[name: string, id: string]> {
	const files = [
		['output', output_file_id],
		['error', error_file_id],
	] as const;
	return files.flatMap(([name, id]) => (id ? [[name, id]] : []));
}

/** The lines of a file at the service, as many at a time as came in one piece. */
function fileLines(
	client: OpenAiClient,
	fileId: string,
	bytes: number | null | undefined,
): AsyncGenerator<Line[]> {
	return breathing(readLineBatches(downloadFile(client, fileId, bytes)));
}

/**
 * The lines of both result files of a batch: first the output file, then the error file.
 *
 * @throws {NodeApiError | NodeOperationError} when a file is gone or cannot be read to its end
 */
export async function* resultLines(client: OpenAiClient, batch: Batch): AsyncGenerator<Line[]> {
	for (const [name, id] of resultFiles(batch)) {
		// Only for its length: a server may know the content, but not describe the file.
		const file = await findFile(client, id);
		try {
			yield* fileLines(client, id, file?.bytes);
		} catch (error) {
			const { itemIndex } = client.options;
			const node = client.context.getNode();
			if ((error as { httpCode?: unknown }).httpCode !== '404') {
				throw asNodeError(node, error, itemIndex);
			}
			throw new NodeOperationError(
				node,
				`The ${name} file ${id} of batch ${batch.id} is no longer there`,
				{
					itemIndex,
					description:
						'Result files are deleted after 30 days, or when they are set to expire before, and somebody may have deleted it. Its results cannot be read any more.',
				},
			);
		}
	}
}

/** The input file of a batch, undefined when it is gone. */
export async function findInputFile(
	client: OpenAiClient,
	batch: Batch,
): Promise<FileObject | undefined> {
	return batch.input_file_id ? await findFile(client, batch.input_file_id) : undefined;
}

/** The lines of a batch's input file. */
export function inputLines(
	client: OpenAiClient,
	{ id, bytes }: FileObject,
): AsyncGenerator<Line[]> {
	return fileLines(client, id, bytes);
}

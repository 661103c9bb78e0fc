import type { IExecuteFunctions } from 'n8n-workflow';
import type { OpenAiClient } from '../../../openai/http/client';
import { deleteFile } from '../../../openai/api/files';
import type { Batch } from '../../../openai/api/types';

/** Deletes what belongs to the batches; a file that is gone already is no fault. */
export async function deleteBatchFiles(
	context: IExecuteFunctions,
	client: OpenAiClient,
	batches: Batch[],
): Promise<void> {
	const ids = batches.flatMap(({ output_file_id, error_file_id, input_file_id }) => [
		output_file_id,
		error_file_id,
		input_file_id,
	]);
	for (const id of new Set(ids.filter((fileId): fileId is string => !!fileId))) {
		try {
			await deleteFile(client, id);
		} catch (error) {
			const { httpCode, message } = error as { httpCode?: string; message: string };
			if (httpCode === '404') continue;
			context.addExecutionHints({
				message: `File ${id} could not be deleted: ${message}`,
				location: 'outputPane',
			});
		}
	}
}

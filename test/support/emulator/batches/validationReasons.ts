import type { BatchValidationError, FileObject } from '../../../../nodes/openai/api/types';
import { ORGANIZATION } from '../options';

/** The input file does not exist, or the service does not see it yet. */
export function fileNotFound(id: string): BatchValidationError {
	return {
		code: 'invalid_request',
		line: null,
		message: `Cannot find file ${id}, or organization ${ORGANIZATION} does not have access to it.`,
		param: 'file_id',
	};
}

/** The service's own words for this are not known. */
export function wrongPurpose(file: FileObject): BatchValidationError {
	return {
		code: 'invalid_request',
		line: null,
		message: `The file ${file.id} has the purpose '${file.purpose}', but a batch needs 'batch'.`,
		param: 'file_id',
	};
}

/** The model's queue is full. `limit` in tokens; the usual one is named when none is set. */
export function tokenLimit(model: string | null, limit: number): BatchValidationError {
	const tokens = (Number.isFinite(limit) ? limit : 2_000_000).toLocaleString('en-US');
	return {
		code: 'token_limit_exceeded',
		line: null,
		message: `Enqueued token limit reached for ${model} in organization ${ORGANIZATION}. Limit: ${tokens} enqueued tokens. Please try again once some in_progress batches have been completed.`,
		param: null,
	};
}

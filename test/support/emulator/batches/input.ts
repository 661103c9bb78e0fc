import { link, rm } from 'node:fs/promises';

import type { BatchValidationError, FileObject } from '../../../../nodes/openai/api/objects';
import { isFinished } from '../../../../nodes/openai/api/objects';
import { ORGANIZATION } from '../options';
import { hexDigest } from '../random';
import type { Store } from '../store';
import type { Input, StoredBatch } from './batch';
import { executionPlaces } from './progress';
import { validate, type Validated, type ValidationContext } from './validation';

/** Batches that stop by themselves do so when half of their requests are done. */
const STOP_HALFWAY = ['expire', 'cancel', 'stay_in_progress'];

/**
 * Takes a copy of the input file (a hard link, so that deleting the file does not matter any more)
 * and validates it.
 */
export async function readInput(
	store: Store,
	batch: StoredBatch,
	options: ValidationContext & { seed: number },
): Promise<Input> {
	const { wire, fate } = batch;
	const file = store.file(wire.input_file_id);
	const fault = options.spoken.rules.faultOf(wire);
	if (fault !== undefined) return { errors: [{ ...fault, line: null, param: null }] };
	if (file === undefined || fate === 'file_not_found') {
		return { errors: [fileNotFound(wire.input_file_id)] };
	}
	if (file.object.purpose !== 'batch') return { errors: [wrongPurpose(file.object)] };

	const inputPath = `${file.path}.${hexDigest(wire.id).slice(0, 16)}`;
	await link(file.path, inputPath);
	const found = await validate(batch.api, { ...file, path: inputPath }, options);
	const { enqueuedTokens } = options.spoken.limits;
	if (found.errors.length === 0 && !fitsQueue(store, batch, found, enqueuedTokens)) {
		found.errors.push(tokenLimit(found.model, enqueuedTokens));
	}
	const { errors, badLines, model, total, tokens, outcomes } = found;
	if (errors.length > 0) {
		await rm(inputPath, { force: true });
		return { errors };
	}
	const limit = STOP_HALFWAY.includes(fate ?? '') ? Math.floor(total / 2) : total;
	const places = executionPlaces(total, options.seed);
	return { model, badLines, work: { inputPath, total, tokens, outcomes, places, limit } };
}

/** Whether the tokens of all unfinished batches of the model stay within the limit. */
function fitsQueue(store: Store, batch: StoredBatch, found: Validated, limit: number): boolean {
	if (batch.fate === 'token_limit') return false;
	const queued = [...store.batches.values()]
		.filter(({ wire }) => wire.model === found.model && !isFinished(wire))
		.reduce((sum, { work }) => sum + (work?.tokens ?? 0), 0);
	return queued + found.tokens <= limit;
}

/** The input file does not exist, or the service does not see it yet. */
function fileNotFound(id: string): BatchValidationError {
	return {
		code: 'invalid_request',
		line: null,
		message: `Cannot find file ${id}, or organization ${ORGANIZATION} does not have access to it.`,
		param: 'file_id',
	};
}

/** The service's own words for this are not known. */
function wrongPurpose(file: FileObject): BatchValidationError {
	return {
		code: 'invalid_request',
		line: null,
		message: `The file ${file.id} has the purpose '${file.purpose}', but a batch needs 'batch'.`,
		param: 'file_id',
	};
}

/** The model's queue is full. `limit` in tokens; the usual one is named when none is set. */
function tokenLimit(model: string | null, limit: number): BatchValidationError {
	const tokens = (Number.isFinite(limit) ? limit : 2_000_000).toLocaleString('en-US');
	return {
		code: 'token_limit_exceeded',
		line: null,
		message: `Enqueued token limit reached for ${model} in organization ${ORGANIZATION}. Limit: ${tokens} enqueued tokens. Please try again once some in_progress batches have been completed.`,
		param: null,
	};
}

import { link, rm } from 'node:fs/promises';

import type { BatchValidationError } from '../../../../nodes/openai/api/types';
import { isFinished } from '../../../../nodes/openai/api/status';
import { hexDigest } from '../random';
import type { Store } from '../store';
import type { StoredBatch, Work } from './batch';
import { executionPlaces } from './progress';
import { validate, type Validated, type ValidationContext } from './validation';
import * as reasons from './validationReasons';

/** Batches that stop by themselves do so when half of their requests are done. */
const STOP_HALFWAY = ['expire', 'cancel', 'stay_in_progress'];

/** A batch's input, read and checked: why it fails, or the work to do. */
export type Input =
	| { errors: BatchValidationError[] }
	| { model: string | null; badLines: BatchValidationError[]; work: Omit<Work, 'startedAt'> };

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
		return { errors: [reasons.fileNotFound(wire.input_file_id)] };
	}
	if (file.object.purpose !== 'batch') return { errors: [reasons.wrongPurpose(file.object)] };

	const inputPath = `${file.path}.${hexDigest(wire.id).slice(0, 16)}`;
	await link(file.path, inputPath);
	const found = await validate(batch.api, { ...file, path: inputPath }, options);
	const { enqueuedTokens } = options.spoken.limits;
	if (found.errors.length === 0 && !fitsQueue(store, batch, found, enqueuedTokens)) {
		found.errors.push(reasons.tokenLimit(found.model, enqueuedTokens));
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

import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { Ceilings } from './ceilings';
import { ceilingsOf } from './ceilings';
import type { PartLimits } from '../../../jsonl/split';
import { batchExpiries, completionWindow } from '../../shared/batchOptions';
import { optionalText, wholeNumber } from '../../shared/fields';
import type { Prices } from '../../shared/prices';
import { pricesOf } from '../../shared/prices';

/** The options of Submit, checked and in the units of the API. */
export interface SubmitOptions {
	completionWindow: string;
	dryRun: boolean;
	/** Without its ending. */
	fileName: string;
	/** Seconds. */
	inputExpiresAfter: number | undefined;
	outputExpiresAfter: number | undefined;
	limits: PartLimits;
	ceilings: Ceilings;
	/** For estimates; undefined where no price was given. */
	prices: Prices | undefined;
	/** As given; see `SubmissionChoices`. */
	submissionKey: unknown;
	createWithoutSearch: unknown;
}

const DEFAULT_FILE_NAME = 'n8n-batch';

/** The beginning of the files' names, without what a form or a file system takes as structure. */
function fileName(context: IExecuteFunctions, value: unknown): string {
	const given = optionalText(context, value, { displayName: 'File Name', itemIndex: 0 });
	const name = (given ?? DEFAULT_FILE_NAME).replace(/\.jsonl$/i, '');
	return name.replace(/[\p{Cc}"/\\]+/gu, '-').trim() || DEFAULT_FILE_NAME;
}

/**
 * Reads the options, once for the whole submission.
 *
 * @throws {NodeOperationError} for what an expression gave that cannot be meant
 */
export function submitOptions(context: IExecuteFunctions): SubmitOptions {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	const limit = (value: unknown, displayName: string) =>
		wholeNumber(context, value, { displayName, min: 1, itemIndex: 0 });
	return {
		completionWindow: completionWindow(context, raw.completionWindow, 0),
		dryRun: raw.dryRun === true,
		fileName: fileName(context, raw.fileName),
		...batchExpiries(context, raw, 0),
		limits: {
			maxRequests: limit(raw.maxRequestsPerBatch, 'Max Requests per Batch'),
			maxBytes: limit(raw.maxBytesPerBatch, 'Max Bytes per Batch'),
			maxTokens: limit(raw.maxTokensPerBatch, 'Max Tokens per Batch'),
		},
		ceilings: ceilingsOf(context, raw),
		prices: pricesOf(context, raw, 0),
		submissionKey: raw.submissionKey,
		createWithoutSearch: raw.createWithoutSearch,
	};
}

import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { Prices } from '../../../jsonl/cost';
import type { PartLimits } from '../../../jsonl/split';
import { batchExpiries } from '../../shared/batchOptions';
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
	/** For a dry run; undefined where no price was given. */
	prices: Prices | undefined;
	/** As given; '' for this execution's own. */
	submissionKey: unknown;
}

const DEFAULT_WINDOW = '24h';
const DEFAULT_FILE_NAME = 'n8n-batch';

const isUnset = (value: unknown) => value === undefined || value === null || value === '';

/**
 * A limit of a part. Anything but a whole number would cut nonsense: each comparison with NaN
 * fails, which made every request a batch of its own.
 */
function limit(context: IExecuteFunctions, value: unknown, displayName: string) {
	if (isUnset(value)) return undefined;
	const count = typeof value === 'string' ? Number(value) : value;
	if (typeof count === 'number' && Number.isInteger(count) && count >= 1) return count;
	throw new NodeOperationError(
		context.getNode(),
		`${displayName} has to be a whole number of at least 1`,
		{ itemIndex: 0 },
	);
}

function text(
	context: IExecuteFunctions,
	value: unknown,
	displayName: string,
	fallback: string,
): string {
	if (typeof value === 'object' && value !== null) {
		throw new NodeOperationError(context.getNode(), `${displayName} has to be text`, {
			itemIndex: 0,
		});
	}
	const trimmed = isUnset(value) ? '' : String(value).trim();
	return trimmed === '' ? fallback : trimmed;
}

/** The beginning of the files' names, without what a form or a file system takes as structure. */
function fileName(context: IExecuteFunctions, value: unknown): string {
	const name = text(context, value, 'File Name', DEFAULT_FILE_NAME).replace(/\.jsonl$/i, '');
	return name.replace(/[\p{Cc}"/\\]+/gu, '-').trim() || DEFAULT_FILE_NAME;
}

/**
 * Reads the options, once for the whole submission.
 *
 * @throws {NodeOperationError} for what an expression gave that cannot be meant
 */
export function submitOptions(context: IExecuteFunctions): SubmitOptions {
	const raw = context.getNodeParameter('options', 0, {}) as IDataObject;
	return {
		completionWindow: text(context, raw.completionWindow, 'Completion Window', DEFAULT_WINDOW),
		dryRun: raw.dryRun === true,
		fileName: fileName(context, raw.fileName),
		...batchExpiries(context, raw, 0),
		limits: {
			maxRequests: limit(context, raw.maxRequestsPerBatch, 'Max Requests per Batch'),
			maxBytes: limit(context, raw.maxBytesPerBatch, 'Max Bytes per Batch'),
			maxTokens: limit(context, raw.maxTokensPerBatch, 'Max Tokens per Batch'),
		},
		prices: pricesOf(context, raw, 0),
		submissionKey: raw.submissionKey,
	};
}

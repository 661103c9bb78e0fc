import type { BatchValidationError } from '../../../../nodes/openai/api/objects';
import type { Control } from '../control';
import { readLines } from '../lines';
import { judge } from '../judge';
import type { Outcome } from '../outcomes';
import type { Spoken } from '../spoken';
import type { StoredFile } from '../store';
import { embeddingInputs } from '../answers/embeddings';
import { tokensOf } from '../tokens';
import { checkLine } from './lineErrors';
import type { Endpoint, RequestLine } from './requestLine';

const BYTE_ORDER_MARK = /^\uFEFF/;

/** What validation found out. */
export interface Validated {
	/** Why the whole batch fails. */
	errors: BatchValidationError[];
	/** Bad lines that fail alone, where the server lets them. */
	badLines: BatchValidationError[];
	model: string | null;
	total: number;
	tokens: number;
	outcomes: Map<number, Outcome>;
}

export interface ValidationContext {
	spoken: Spoken;
	unknownModels: RegExp;
	control: Control;
}

/**
 * Reads an input file line by line. All bad lines are reported together with their 1-based
 * numbers. Lines that are blank are bad, except at the end of the file.
 */
export async function validate(
	api: Endpoint,
	file: StoredFile,
	context: ValidationContext,
): Promise<Validated> {
	const { limits, rules } = context.spoken;
	const result: Validated = {
		errors: [],
		badLines: [],
		model: null,
		total: 0,
		tokens: 0,
		outcomes: new Map(),
	};
	if (file.object.bytes! > limits.batchBytes) {
		result.errors.push(await tooManyBytes(file, limits.batchBytes));
		return result;
	}
	const check = lineChecker(api, result, context);
	let number = 0;
	let blank: number[] = [];
	for await (const raw of readLines(file.path)) {
		number++;
		if (raw.trim() === '') {
			blank.push(number);
			continue;
		}
		for (const line of blank) check('', line);
		blank = [];
		const hasMark = number === 1 && rules.takesByteOrderMark;
		check(hasMark ? raw.replace(BYTE_ORDER_MARK, '') : raw, number);
	}
	return result;
}

/** Checks one line against the format, the other lines and the limits of a batch. */
function lineChecker(api: Endpoint, result: Validated, context: ValidationContext) {
	const { control, unknownModels, spoken } = context;
	const { limits, rules } = spoken;
	const customIds = new Set<string>();
	let inputs = 0;
	return (text: string, number: number): void => {
		const isFatal = rules.badLines !== 'fail alone';
		const report = (error: BatchValidationError) =>
			(isFatal ? result.errors : result.badLines).push({ ...error, line: number });
		const checked = checkLine(text, { api, rules, unknownModels });
		if ('error' in checked) {
			report(checked.error);
			if (!isFatal) result.outcomes.set(result.total++, badLine(checked.error));
			return;
		}
		const { line } = checked;
		result.model ??= modelOf(line);
		if (modelOf(line) !== result.model && !rules.takesManyModels) {
			report(mismatchedModel(modelOf(line)));
		}
		if (customIds.has(line.custom_id)) report(duplicate(line.custom_id));
		customIds.add(line.custom_id);

		const outcome = control.outcomeOf(line, text) ?? refused(api, line, rules.judgesBodies);
		if (outcome !== undefined) result.outcomes.set(result.total, outcome);
		result.tokens += tokensOf(text);
		result.total++;
		if (result.total === limits.batchRequests + 1) {
			result.errors.push(aboveLimit('requests', limits.batchRequests));
		}
		const before = inputs;
		if (api === '/v1/embeddings') inputs += embeddingInputs(line.body).length;
		if (before <= limits.embeddingInputs && inputs > limits.embeddingInputs) {
			result.errors.push(aboveLimit('embedding inputs', limits.embeddingInputs));
		}
	};
}

/** A request that the endpoint refuses when it comes to it: its own 400, as its schema says. */
function refused(api: Endpoint, line: RequestLine, isJudged: boolean): Outcome | undefined {
	const error = isJudged ? judge(api, line.body) : undefined;
	return error && { type: 'fail', status: 400, code: error.code ?? 'invalid_value', error };
}

function badLine({ code, message, param }: BatchValidationError): Outcome {
	const error = { type: 'invalid_request_error', code, message, param };
	return { type: 'fail', status: 400, code: code!, error };
}

/** Moderations may leave the model to the service. */
function modelOf(line: RequestLine): string {
	return (line.body.model as string | undefined) ?? 'omni-moderation-latest';
}

function mismatchedModel(model: string): BatchValidationError {
	return {
		code: 'mismatched_model',
		message: `The model '${model}' for this request does not match the rest of the batch. Each batch must contain requests for a single model.`,
		param: 'body.model',
	};
}

function duplicate(customId: string): BatchValidationError {
	return {
		code: 'duplicate_custom_id',
		message: `The custom_id '${customId}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.`,
		param: 'custom_id',
	};
}

/** The service's own words for these two limits are not known; the codes neither. */
function aboveLimit(what: string, limit: number): BatchValidationError {
	return {
		code: 'invalid_request',
		line: null,
		message: `The batch input file contains more than the ${limit} maximum ${what}. Please try again with a smaller batch.`,
		param: null,
	};
}

async function tooManyBytes(file: StoredFile, limit: number): Promise<BatchValidationError> {
	const model = await firstModel(file.path);
	return {
		code: 'invalid_request',
		line: null,
		message: `The batch input file is larger than the ${limit} maximum for the ${model} model. Please try again with a smaller batch.`,
		param: null,
	};
}

async function firstModel(path: string): Promise<string> {
	for await (const line of readLines(path)) {
		return /"model"\s*:\s*"([^"]+)"/.exec(line)?.[1] ?? 'requested';
	}
	return 'requested';
}

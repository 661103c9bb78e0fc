import type { IDataObject } from 'n8n-workflow';
import { extractContent } from '../../../endpoints';
import type { Content } from '../../../endpoints/content';
import type { Prices } from '../../../jsonl/cost';
import { parseJsonContent } from '../../../jsonl/parseJson';
import type { ClassifiedResult, ResultLine } from '../../../jsonl/resultLine';
import { costOf } from '../../shared/prices';

/** What became of one request; `missing` is in the input file and in neither result file. */
export type ResultStatus = ClassifiedResult['status'] | 'missing';

export interface ResultShape {
	endpoint: string;
	batchId: string;
	parseJson: boolean;
	/** Off: the line as it was sent stands under `response` too. */
	simplify: boolean;
	/** With prices each result tells what it cost. */
	prices: Prices | undefined;
}

/** The parsed content, or why it could not be parsed; the text is never thrown away. */
function parsed({ content, finish_reason, refusal }: Content): IDataObject {
	if (typeof content !== 'string' && content !== null) return { content };
	const result = parseJsonContent(content, { finish_reason, refusal });
	return result.ok
		? { content: result.value as IDataObject }
		: { content, parse_error: result.message };
}

/** The item's JSON for one line of a result file. */
export function resultJson(
	line: ResultLine,
	classified: ClassifiedResult,
	shape: ResultShape,
): IDataObject {
	const { status, statusCode, requestId, error, body } = classified;
	const succeeded = status === 'succeeded';
	const content = succeeded ? extractContent(shape.endpoint, body) : undefined;
	return {
		custom_id: line.custom_id,
		batch_id: shape.batchId,
		status,
		status_code: statusCode,
		request_id: requestId,
		model: content?.model ?? classified.model,
		content: content?.content ?? null,
		...(content && shape.parseJson && parsed(content)),
		finish_reason: content?.finish_reason ?? null,
		usage: content?.usage ?? null,
		error: error as unknown as IDataObject | null,
		...(content?.refusal && { refusal: content.refusal }),
		...(content?.tool_calls && { tool_calls: content.tool_calls }),
		...(shape.prices && { cost: costOf(content?.usage, shape.prices) }),
		...(!shape.simplify && { response: line.raw }),
	} as IDataObject;
}

/** The item's JSON for a request that came back in neither file. */
export function missingJson(customId: string, batchId: string): IDataObject {
	const message = 'The request is in the input file, but in neither of the result files.';
	return {
		custom_id: customId,
		batch_id: batchId,
		status: 'missing',
		status_code: null,
		request_id: null,
		model: null,
		content: null,
		finish_reason: null,
		usage: null,
		error: { code: 'missing', message, type: null, param: null },
	};
}

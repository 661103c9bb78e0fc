import type { IBinaryKeyData, IDataObject, IExecuteFunctions } from 'n8n-workflow';
import type { AnswerFault } from './answerFaults';
import { faultOfAnswer } from './answerFaults';
import type { MediaFormat } from './mediaFormat';
import { imageFormat, soundFormat } from './mediaFormat';
import { extractContent } from '../../../endpoints/answers';
import type { Answer, Content } from '../../../endpoints/answers/content';
import { oneOrAll } from '../../../endpoints/answers/content';
import type { JsonObject, JsonValue } from '../../../jsonl/json';
import { isObject } from '../../../jsonl/json';
import { parseJsonContent } from '../../../jsonl/parseJson';
import type { ResultError } from '../../../jsonl/resultLine';
import { isUnreadable } from '../../../jsonl/resultLine';
import type { FieldsOf } from '../../shared/outputFields';
import {
	amount,
	amountOrNull,
	listOf,
	objectOrNull,
	text,
	textOrNull,
} from '../../shared/outputFields';
import type { Prices } from '../../shared/prices';
import { costOf } from '../../shared/prices';
import type { BatchResult } from '../results/batchFiles';

/** What became of a request; `missing` is in the input file and in neither result file. */
export type ResultStatus = BatchResult['status'] | 'missing';

/** The content of the output item for one result. */
export interface ResultItem {
	json: IDataObject;
	binary?: IBinaryKeyData;
	/** What is wrong with the answer, although the request succeeded. */
	fault?: AnswerFault;
}

/** Options of Get Results that change an item. */
export interface ItemShape {
	parseJson: boolean;
	/** When off, the line as it was sent is added under `response`. */
	simplify: boolean;
	/** With prices, the item has the cost of its tokens. */
	prices: Prices | undefined;
}

/** What an answer may have beside its content. The item has only the fields that it has. */
const BESIDE_CONTENT = [
	'refusal',
	'tool_calls',
	'reasoning_summary',
	'commentary',
	'sources',
	'images',
	'audio',
] as const;

type BesideContent = Partial<Pick<Content, (typeof BESIDE_CONTENT)[number]>>;

/** The JSON of an item. */
interface ResultJson extends BesideContent {
	custom_id: string | null;
	status: ResultStatus;
	content: JsonValue;
	parse_error?: string;
	finish_reason: string | null;
	error: ResultError | null;
	model: string | null;
	usage: JsonObject | null;
	cost?: number | null;
	batch_id: string;
	status_code: number | null;
	request_id: string | null;
	response?: JsonValue;
	/** These are joined to it. */
	request?: JsonValue;
	attempts?: number;
	row?: JsonObject;
}

const openObject = { type: 'object' } as const;

/** What is an object as a rule, and may be anything else: a line that nobody can read, or a wrong body. */
const openValue = { type: ['object', 'string', 'array', 'number', 'boolean', 'null'] } as const;

/** The fields of an item, with all that options and answers add to it. */
export const RESULT_FIELDS: FieldsOf<ResultJson> = {
	custom_id: textOrNull,
	status: text,
	content: { type: ['string', 'object', 'array', 'number', 'boolean', 'null'] },
	parse_error: text,
	finish_reason: textOrNull,
	error: objectOrNull({
		code: textOrNull,
		message: textOrNull,
		type: textOrNull,
		param: textOrNull,
	}),
	model: textOrNull,
	usage: objectOrNull({
		input_tokens: amount,
		input_tokens_details: openObject,
		output_tokens: amount,
		output_tokens_details: openObject,
		prompt_tokens: amount,
		prompt_tokens_details: openObject,
		completion_tokens: amount,
		completion_tokens_details: openObject,
		total_tokens: amount,
	}),
	refusal: text,
	tool_calls: { type: 'array', items: openObject },
	reasoning_summary: text,
	commentary: text,
	sources: listOf({ url: text, file_id: text, title: textOrNull }),
	images: { type: 'array', items: openObject },
	audio: { type: ['object', 'array'] },
	cost: amountOrNull,
	batch_id: text,
	status_code: amountOrNull,
	request_id: textOrNull,
	response: openValue,
	request: openValue,
	attempts: amount,
	row: openObject,
};

/** The item for one result. */
export function resultItem(result: BatchResult, shape: ItemShape): ResultItem {
	const { batch, body, customId, error, requestId, status, statusCode } = result;
	const succeeded = status === 'succeeded';
	const content = succeeded ? extractContent(batch.endpoint, body) : undefined;
	const parsing = content && shape.parseJson ? parsed(content) : undefined;
	const json: ResultJson = {
		custom_id: customId,
		status,
		content: content?.content ?? null,
		...parsing,
		finish_reason: content?.finish_reason ?? null,
		error,
		model: content?.model ?? result.model,
		usage: content?.usage ?? null,
		...(content && besideContent(content)),
		...(shape.prices && { cost: costOf(content?.usage, shape.prices) }),
		batch_id: batch.id,
		status_code: statusCode,
		request_id: requestId,
		// What cannot be read is returned as it is: it may be an answer.
		...((!shape.simplify || (error && isUnreadable(error))) && { response: result.raw }),
	};
	return {
		json: json as unknown as IDataObject,
		fault: content && faultOfAnswer(content, parsing),
	};
}

/** Undefined for most answers, which have nothing but a content. */
function besideContent(content: Content): BesideContent | undefined {
	let beside: Record<string, unknown> | undefined;
	for (const name of BESIDE_CONTENT) {
		if (content[name] !== null) (beside ??= {})[name] = content[name];
	}
	return beside;
}

/** The content with every text parsed. A text that is not JSON stays, and `parse_error` says why. */
function parsed({ answers }: Content): Pick<ResultJson, 'content' | 'parse_error'> {
	const results = (answers.length > 0 ? answers : [{ content: null }]).map(parsedAnswer);
	const problems = results.flatMap(({ problem }, index) => {
		if (problem === undefined) return [];
		return results.length > 1 ? `Choice ${index + 1}: ${problem}` : problem;
	});
	return {
		content: oneOrAll(results.map(({ content }) => content)),
		...(problems.length > 0 && { parse_error: problems.join('\n') }),
	};
}

function parsedAnswer(answer: Answer): { content: JsonValue; problem?: string } {
	const { content, refusal, tool_calls: calls = [] } = answer;
	if (typeof content !== 'string' && content !== null) return { content };
	const result = parseJsonContent(content, answer);
	if (result.ok) return { content: result.value };
	// A model that calls a tool has not answered yet: its text, if any, need not be JSON.
	const isExpected = calls.length > 0 && !refusal;
	return isExpected ? { content } : { content, problem: result.message };
}

/** The item for a request that has no result. */
export function missingItem(customId: string, batchId: string): ResultItem {
	const message = 'The request is in the input file, but in neither of the result files.';
	const json: ResultJson = {
		custom_id: customId,
		status: 'missing',
		content: null,
		finish_reason: null,
		error: { code: 'missing', message, type: null, param: null },
		model: null,
		usage: null,
		batch_id: batchId,
		status_code: null,
		request_id: null,
	};
	return { json: json as unknown as IDataObject };
}

/** A kind of media that an item may carry as base64. */
interface MediaKind {
	/** The name of the first binary field; the others are numbered. */
	name: string;
	/** Where the base64 is in each of the objects. */
	key: string;
	/** The objects in an item that may have some. */
	objects: (json: IDataObject) => unknown[];
	formatOf: (bytes: Buffer, holder: JsonObject) => MediaFormat;
}

const MEDIA: readonly MediaKind[] = [
	{
		name: 'image',
		key: 'b64_json',
		objects: ({ content, images }) => [content, images].flat(),
		formatOf: (bytes, { output_format }) => imageFormat(bytes, output_format),
	},
	{
		name: 'audio',
		key: 'data',
		objects: ({ audio }) => [audio].flat(),
		formatOf: (bytes, { format }) => soundFormat(bytes, format),
	},
];

/**
 * Moves images and sounds from base64 in an item to binary fields: `image`, `image_2`, …, `audio`,
 * `audio_2`, … What else the answer says about them stays.
 */
export async function moveMedia(context: IExecuteFunctions, item: ResultItem): Promise<void> {
	const { json } = item;
	const fileName = String(json.custom_id ?? 'result').replace(/[^\w.-]+/g, '_');
	const moved = new Set<unknown>();
	for (const { name, key, objects, formatOf } of MEDIA) {
		let count = 0;
		for (const holder of objects(json).filter(isObject)) {
			const base64 = holder[key];
			const bytes = Buffer.from(typeof base64 === 'string' ? base64 : '', 'base64');
			if (bytes.length === 0) continue;
			const number = ++count === 1 ? '' : `_${count}`;
			const { extension, mimeType } = formatOf(bytes, holder);
			item.binary ??= {};
			item.binary[`${name}${number}`] = await context.helpers.prepareBinaryData(
				bytes,
				`${fileName}${number}.${extension}`,
				mimeType,
			);
			delete holder[key];
			moved.add(base64);
		}
	}
	if (moved.size > 0) removeCopies(json.response, moved);
}

/** Removes base64 that was moved from the original line, where it stands a second time. */
function removeCopies(line: unknown, moved: ReadonlySet<unknown>): void {
	const open = [line];
	// A list of its own, because a line can be nested deeper than calls can be.
	for (let value = open.pop(); value !== undefined; value = open.pop()) {
		if (typeof value !== 'object' || value === null) continue;
		const fields = value as Record<string, unknown>;
		for (const key of Object.keys(fields)) {
			const field = fields[key];
			if (moved.has(withoutPrefix(field))) delete fields[key];
			else if (field !== undefined) open.push(field);
		}
	}
}

/** The base64 of a data URL, which is what is moved of it. */
function withoutPrefix(value: unknown): unknown {
	if (typeof value !== 'string' || !value.startsWith('data:')) return value;
	return value.slice(value.indexOf(',') + 1);
}

import type { Answer, Content } from './content';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import { isCutOff, parseJsonContent } from '../../jsonl/parseJson';
import { schemaFault } from '../../jsonl/schemaFault';

/** Why an answer that succeeded, and is paid for, is of no use. */
export type Uselessness = 'cut_off' | 'invalid_json' | 'refused';

/** The JSON that a request asks for. */
export interface AskedJson {
	/** What it has to follow; undefined when any JSON will do. */
	schema?: JsonObject;
}

/**
 * The JSON that a body asks for: by its `response_format`, by `text.format` of the Responses API,
 * or by `structured_outputs` of vLLM, which was `guided_json` before 0.12. Undefined when the answer
 * may be any text.
 */
export function askedJson(body: unknown): AskedJson | undefined {
	if (!isObject(body)) return undefined;
	const {
		guided_json: guided,
		structured_outputs: structured,
		response_format: format,
		text,
	} = body;
	const ofVllm = isObject(structured) ? structured : {};
	const schema = guided ?? ofVllm.json ?? undefined;
	if (schema !== undefined) return { schema: schemaIn(schema) };
	if (ofVllm.json_object === true) return {};
	const ofResponses = isObject(text) ? text.format : undefined;
	return [format, ofResponses]
		.filter(isObject)
		.map(askedBy)
		.find((asked) => asked !== undefined);
}

function askedBy(format: JsonObject): AskedJson | undefined {
	const { type, json_schema: named } = format;
	if (type !== 'json_schema' && type !== 'json_object') return undefined;
	// Chat completions name the schema in an object of its own. Some servers take one without a name.
	return { schema: schemaIn(isObject(named) ? named.schema : format.schema) };
}

function schemaIn(value: JsonValue | undefined): JsonObject | undefined {
	const parsed = typeof value === 'string' ? tryParseJson(value) : { ok: true as const, value };
	return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

/** How endpoints and compatible servers say that the model, or a filter, has declined to answer. */
const DECLINED: ReadonlySet<unknown> = new Set(['content_filter', 'refusal', 'safety']);

/**
 * Why an answer is of no use; undefined when it is of use. An answer with several choices is of use
 * when one of them is.
 *
 * @param asked the JSON that the request asks for, if it does
 */
export function uselessnessOf(
	{ answers }: Pick<Content, 'answers'>,
	asked?: AskedJson,
): Uselessness | undefined {
	const all = answers.length > 0 ? answers : [{ content: null }];
	const faults = all.map((answer) => faultOf(answer, asked));
	return faults.every((fault) => fault !== undefined) ? faults[0] : undefined;
}

function faultOf(answer: Answer, asked: AskedJson | undefined): Uselessness | undefined {
	const { finish_reason: reason, refusal, tool_calls: calls = [] } = answer;
	if (refusal || DECLINED.has(reason?.toLowerCase())) return 'refused';
	// A response that is incomplete does not always say why.
	if (isCutOff(reason) || reason === 'incomplete') return 'cut_off';
	// A model that calls a tool has not answered yet.
	if (!asked || calls.length > 0) return undefined;
	return isAsAsked(answer, asked) ? undefined : 'invalid_json';
}

function isAsAsked({ content }: Answer, { schema }: AskedJson): boolean {
	// Images and parts of an unknown kind are no text that could be JSON.
	if (typeof content !== 'string' && content !== null) return true;
	const isAccepted = (value: JsonValue) => !schema || schemaFault(schema, value) === undefined;
	const parsed = parseJsonContent(content, {}, isAccepted);
	return parsed.ok && isAccepted(parsed.value);
}

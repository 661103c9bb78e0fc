import { invalidType, invalidValue, isAbsent } from '../jsonl/fieldChecks';
import type { Issue } from '../jsonl/fieldChecks';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

/**
 * The types of the parameters that people set most, as the types of OpenAI's SDK (7.57) and its
 * reference have them. Expressions easily make a text of a number, which the service refuses line by
 * line, hours later.
 */

/** Checks a parameter that is there. @param param its place, such as `body.temperature` */
type ParameterCheck = (value: JsonValue, param: string) => Issue[];

type Parameters = Readonly<Record<string, ParameterCheck>>;

const nameIn = (param: string) => param.slice('body.'.length);

const ofType =
	(expected: string, isRight: (value: JsonValue) => boolean): ParameterCheck =>
	(value, param) =>
		isRight(value) ? [] : [invalidType(param, expected, value)];

function number(least: number, most = Infinity, isWhole = false): ParameterCheck {
	const kind = isWhole ? 'an integer' : 'a number';
	return (value, param) => {
		if (typeof value !== 'number') return [invalidType(param, kind, value)];
		if (value >= least && value <= most && (!isWhole || Number.isInteger(value))) return [];
		const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
		return [invalidValue(param, `'${nameIn(param)}' is ${value}. It has to be ${kind} ${range}.`)];
	};
}

const integer = (least: number, most = Infinity) => number(least, most, true);

const boolean = ofType('a boolean', (value) => typeof value === 'boolean');
const object = ofType('an object', isObject);
const array = ofType('an array', Array.isArray);

const MOST_STOPS = 4;

const stop: ParameterCheck = (value, param) => {
	if (typeof value === 'string') return [];
	if (!Array.isArray(value)) return [invalidType(param, 'a string or an array', value)];
	if (value.length <= MOST_STOPS) return [];
	const message = `'${nameIn(param)}' has ${value.length} texts, more than the ${MOST_STOPS} that are possible.`;
	return [invalidValue(param, message)];
};

const metadata: ParameterCheck = (value, param) => {
	if (!isObject(value)) return [invalidType(param, 'an object', value)];
	const wrong = Object.keys(value).find((key) => typeof value[key] !== 'string');
	return wrong === undefined
		? []
		: [invalidType(`${param}.${wrong.slice(0, 64)}`, 'a string', value[wrong])];
};

const SHARED: Parameters = {
	metadata,
	parallel_tool_calls: boolean,
	store: boolean,
	temperature: number(0, 2),
	tools: array,
	top_logprobs: integer(0, 20),
	top_p: number(0, 1),
};

const CHAT: Parameters = {
	...SHARED,
	frequency_penalty: number(-2, 2),
	logit_bias: object,
	logprobs: boolean,
	max_completion_tokens: integer(1),
	max_tokens: integer(1),
	n: integer(1),
	presence_penalty: number(-2, 2),
	response_format: object,
	stop,
};

const RESPONSES: Parameters = {
	...SHARED,
	include: array,
	max_output_tokens: integer(1),
	max_tool_calls: integer(1),
	reasoning: object,
	text: object,
};

function checkTypes(body: JsonObject, parameters: Parameters): Issue[] {
	const issues: Issue[] = [];
	// A loop over the few parameters that are there, since there are 50,000 requests.
	for (const name in body) {
		const value = body[name];
		if (isAbsent(value) || !Object.hasOwn(parameters, name)) continue;
		issues.push(...parameters[name](value, `body.${name}`));
	}
	return issues;
}

/** Checks the parameters of a chat completion. */
export function checkChatTypes(body: JsonObject): Issue[] {
	const issues = checkTypes(body, CHAT);
	const { response_format: format, messages, top_logprobs: top, logprobs } = body;
	if (typeof top === 'number' && top > 0 && logprobs !== true) {
		const message = "'top_logprobs' needs 'logprobs' to be true.";
		issues.push(invalidValue('body.top_logprobs', message));
	}
	return [...issues, ...checkJsonWord(format, [messages], 'body.response_format', 'messages')];
}

/** What can hold texts that the body itself does not have. */
const ELSEWHERE = ['prompt', 'conversation', 'previous_response_id'];

/** Checks the parameters of the Responses API. */
export function checkResponsesTypes(body: JsonObject): Issue[] {
	const issues = checkTypes(body, RESPONSES);
	const { text, input, instructions } = body;
	if (!isObject(text) || ELSEWHERE.some((name) => !isAbsent(body[name]))) return issues;
	const said = [input, instructions];
	return [...issues, ...checkJsonWord(text.format, said, 'body.text.format', 'input')];
}

/** The service refuses the format `json_object` when nothing that it gets has the word JSON in it. */
function checkJsonWord(
	format: JsonValue | undefined,
	said: Array<JsonValue | undefined>,
	param: string,
	place: string,
): Issue[] {
	if (!isObject(format) || format.type !== 'json_object') return [];
	if (/json/i.test(JSON.stringify(said))) return [];
	const message = `The format 'json_object' needs the word JSON in the ${place}. Ask for JSON there, or use a JSON schema.`;
	return [invalidValue(param, message)];
}

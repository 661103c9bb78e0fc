import { strictSchemaIssues } from './body';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';
import {
	checkObject,
	checkString,
	checkText,
	invalidType,
	invalidValue,
	isAbsent,
	isObject,
} from '../jsonl/json';

/**
 * The types of the parameters that people set most, as the types of OpenAI's SDK (7.57) and its
 * reference have them, and the parameters of one API that people send to the other. Expressions easily make a text of a number, which the service refuses line by
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

/** Parameters that only another API has, each with those that take its place. */
const notIn = (api: string, code: string, names: Record<string, readonly string[]>): Parameters =>
	Object.fromEntries(
		Object.entries(names).map(([name, instead]) => {
			const quoted = instead.map((one) => `'${one}'`).join(' and ');
			const advice = quoted === '' ? 'Leave it out.' : `Use ${quoted} instead.`;
			const message = `${api} no '${name}'. ${advice}`;
			return [name, (_value, param) => [{ code, param, message }]];
		}),
	);

/** The line would succeed with an answer that is still queued, and again when it runs again. */
const background: ParameterCheck = (value, param) => {
	if (value !== true) return boolean(value, param);
	const message =
		"A batch returns the answer of a background response before it exists. Remove 'background'.";
	return [{ code: 'unsupported_parameter', param, message }];
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
	...notIn('Chat Completions has', 'unknown_parameter', {
		background: [],
		conversation: [],
		include: [],
		input: ['messages'],
		instructions: ['messages'],
		max_output_tokens: ['max_completion_tokens'],
		max_tool_calls: [],
		previous_response_id: [],
		prompt: ['messages'],
		reasoning: ['reasoning_effort'],
		text: ['response_format', 'verbosity'],
		truncation: [],
	}),
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
	...notIn('The Responses API has', 'unsupported_parameter', {
		frequency_penalty: [],
		functions: ['tools'],
		logit_bias: [],
		logprobs: [],
		max_completion_tokens: ['max_output_tokens'],
		max_tokens: ['max_output_tokens'],
		messages: ['input'],
		n: [],
		presence_penalty: [],
		reasoning_effort: ['reasoning.effort'],
		response_format: ['text.format'],
		seed: [],
		stop: [],
		verbosity: ['text.verbosity'],
	}),
	background,
	include: array,
	max_output_tokens: integer(1),
	max_tool_calls: integer(1),
	reasoning: object,
	text: object,
};

const COMPLETIONS: Parameters = {
	max_tokens: integer(0),
	n: integer(1),
	stop,
	temperature: number(0, 2),
	top_p: number(0, 1),
};

const EMBEDDINGS: Parameters = { dimensions: integer(1) };

const IMAGES: Parameters = { n: integer(1, 10) };

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

/** Checks the parameters of the older completions. */
export const checkCompletionsTypes = (body: JsonObject) => checkTypes(body, COMPLETIONS);

/** Checks the parameters of embeddings. */
export const checkEmbeddingsTypes = (body: JsonObject) => checkTypes(body, EMBEDDINGS);

/** Checks the parameters of images, for a generation and for an edit. */
export const checkImageTypes = (body: JsonObject) => checkTypes(body, IMAGES);

/** Checks the parameters of a chat completion. */
export function checkChatTypes(body: JsonObject): Issue[] {
	const issues = checkTypes(body, CHAT);
	const { top_logprobs: top, logprobs } = body;
	if (typeof top === 'number' && top > 0 && logprobs !== true) {
		const message = "'top_logprobs' needs 'logprobs' to be true.";
		issues.push(invalidValue('body.top_logprobs', message));
	}
	return issues;
}

/** Checks that a chat completion asks for the JSON that it is to be. */
export const checkChatJsonWord = ({ response_format: format, messages }: JsonObject) =>
	checkJsonWord(format, [messages], 'body.response_format', 'messages');

/** Checks the parameters of the Responses API. */
export const checkResponsesTypes = (body: JsonObject) => checkTypes(body, RESPONSES);

/** What can hold texts that the body itself does not have. */
const ELSEWHERE = ['prompt', 'conversation', 'previous_response_id'];

/** Checks that a body asks for the JSON that the response is to be. */
export function checkResponsesJsonWord(body: JsonObject): Issue[] {
	const { text, input, instructions } = body;
	if (!isObject(text) || ELSEWHERE.some((name) => !isAbsent(body[name]))) return [];
	return checkJsonWord(text.format, [input, instructions], 'body.text.format', 'input');
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

/**
 * The shapes of tools, and of the calls of tools in messages, as the types of OpenAI's SDK (7.57)
 * have them. The two APIs write the same tool differently, and each refuses the other's form.
 */

/** What the API allows as the name of a function. */
const FUNCTION_NAME = /^[\w-]+$/;

/** Checks the functions among the tools of a chat completion. */
export function checkChatToolShapes({ tools }: JsonObject): Issue[] {
	return checkFunctions(tools, (tool, at) => {
		const hint =
			typeof tool.name === 'string'
				? "In chat completions, 'name', 'description', 'parameters' and 'strict' stand inside of 'function'."
				: '';
		const issues = checkObject(tool, `${at}.function`, hint);
		if (issues.length > 0) return issues;
		return checkFunction(tool.function as JsonObject, `${at}.function`);
	});
}

/** Checks the functions among the tools of the Responses API. */
export function checkResponsesToolShapes({ tools }: JsonObject): Issue[] {
	return checkFunctions(tools, (tool, at) => {
		if (!isObject(tool.function)) return checkFunction(tool, at);
		const message =
			"In the Responses API, 'name', 'description', 'parameters' and 'strict' stand in the tool itself, without 'function' around them.";
		return [invalidValue(`${at}.function`, message)];
	});
}

function checkFunctions(
	tools: JsonValue | undefined,
	check: (tool: JsonObject, at: string) => Issue[],
): Issue[] {
	if (!Array.isArray(tools)) return [];
	return tools.flatMap((tool, index) =>
		isObject(tool) && tool.type === 'function' ? check(tool, `body.tools[${index}]`) : [],
	);
}

function checkFunction(definition: JsonObject, at: string): Issue[] {
	const { name, parameters, strict } = definition;
	const issues = checkText(definition, `${at}.name`, 'Give the function a name.');
	if (issues.length === 0 && !FUNCTION_NAME.test(String(name))) {
		const message = `The name of the function '${String(name).slice(0, 80)}' can have only letters, digits, underscores and dashes.`;
		issues.push(invalidValue(`${at}.name`, message));
	}
	if (strict !== true || !isObject(parameters)) return issues;
	const what = { title: `The schema of the function '${String(name)}' is`, off: "'strict' off" };
	return [...issues, ...strictSchemaIssues(parameters, `${at}.parameters`, what)];
}

const ARGUMENTS_HINT = 'They are JSON as text: write them with JSON.stringify().';

/** Checks the calls that a message of the assistant has, by its place. */
export function checkToolCalls({ tool_calls: calls }: JsonObject, at: string): Issue[] {
	if (calls === undefined || calls === null) return [];
	const param = `${at}.tool_calls`;
	if (!Array.isArray(calls)) return [invalidType(param, 'an array of objects', calls)];
	return calls.flatMap((call, index) => {
		const place = `${param}[${index}]`;
		if (!isObject(call)) return [invalidType(place, 'an object', call)];
		const issues = checkString(call, `${place}.id`);
		if (call.type !== 'function') return issues;
		if (!isObject(call.function)) return [...issues, ...checkObject(call, `${place}.function`)];
		return [
			...issues,
			...checkString(call.function, `${place}.function.name`),
			...checkArguments(call.function, `${place}.function.arguments`),
		];
	});
}

/** Checks the arguments of a call, which are text. */
export function checkArguments(call: JsonObject, param: string): Issue[] {
	const { arguments: given } = call;
	return isObject(given)
		? [invalidType(param, 'a string', given, ARGUMENTS_HINT)]
		: checkString(call, param);
}

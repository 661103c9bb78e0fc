import {
	checkObject,
	checkString,
	checkText,
	invalidType,
	invalidValue,
} from '../jsonl/fieldChecks';
import type { Issue } from '../jsonl/fieldChecks';
import { isObject } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { strictSchemaIssues } from './body';

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

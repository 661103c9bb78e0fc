import { isObject } from '../jsonl/json';
import type { JsonObject } from '../jsonl/json';
import type { Issue } from '../jsonl/fieldChecks';

/**
 * Parameters that models of OpenAI refuse for certain, by its SDK, model pages and deployment guide
 * of November 2026. The batch is accepted, and every request with such a parameter fails hours
 * later. They hold for OpenAI's own servers: elsewhere a model of the same name may be another.
 */

/** The effort values of models that list them. */
const EFFORTS: ReadonlyArray<readonly [models: RegExp, efforts: readonly string[]]> = [
	[/^gpt-6-astra|^gpt-6\.1-sol|^gpt-6\.2-/, ['low', 'medium', 'high', 'xhigh', 'max']],
	[
		/^gpt-6-sol|^gpt-6-luna|^gpt-6\.1-terra|^gpt-5\.6-/,
		['none', 'low', 'medium', 'high', 'xhigh', 'max'],
	],
	[/^gpt-5\.1/, ['none', 'low', 'medium', 'high']],
	[/^gpt-5-pro/, ['high']],
];

/** Parameters of the sampling, which GPT-6 refuses unless it does not reason. */
const SAMPLING = ['temperature', 'top_p', 'logprobs', 'top_logprobs'];
const REASONS_UNLESS_NONE = /^gpt-6/;

/** Reasoning models of the first generation: they have no `max_tokens` in chat completions. */
const O_SERIES = /^o\d/;

/** Models without `stop`. */
const WITHOUT_STOP = /^o3|^o4-mini/;

/** What the Responses API does not have. */
const NOT_IN_RESPONSES = [
	'n',
	'stop',
	'seed',
	'logit_bias',
	'presence_penalty',
	'frequency_penalty',
];

/** The effort that a body asks for, in either endpoint's spelling. */
function effortOf({ reasoning, reasoning_effort }: JsonObject): unknown {
	return reasoning_effort ?? (isObject(reasoning) ? reasoning.effort : undefined);
}

function refused(param: string, message: string): Issue {
	return { code: 'unsupported_parameter', param: `body.${param}`, message };
}

const isSet = (value: unknown) => value !== undefined && value !== null;

/** What holds for a model on both endpoints that generate text. */
export function checkModelParameters(model: string, body: JsonObject): Issue[] {
	const effort = effortOf(body);
	const efforts = EFFORTS.find(([models]) => models.test(model))?.[1];
	const issues: Issue[] = [];
	if (typeof effort === 'string' && efforts && !efforts.includes(effort)) {
		issues.push({
			code: 'unsupported_value',
			param: isSet(body.reasoning_effort) ? 'body.reasoning_effort' : 'body.reasoning.effort',
			message: `${model} does not have the reasoning effort '${effort}'. Use one of: ${efforts.join(', ')}.`,
		});
	}
	if (REASONS_UNLESS_NONE.test(model) && effort !== 'none') {
		// A temperature of 1 is what the model uses anyway.
		const given = SAMPLING.filter((name) => isSet(body[name]) && body[name] !== 1);
		issues.push(
			...given.map((name) =>
				refused(
					name,
					`${model} refuses '${name}' unless the reasoning effort is 'none'. Leave it out, or set the effort.`,
				),
			),
		);
	}
	return issues;
}

/** What holds for a model in chat completions only. */
export function checkChatParameters(model: string, body: JsonObject): Issue[] {
	const issues: Issue[] = [];
	if (O_SERIES.test(model) && isSet(body.max_tokens)) {
		issues.push(
			refused('max_tokens', `${model} refuses 'max_tokens'. Use 'max_completion_tokens' instead.`),
		);
	}
	if (WITHOUT_STOP.test(model) && isSet(body.stop)) {
		issues.push(refused('stop', `${model} refuses 'stop'. Leave it out.`));
	}
	return issues;
}

/** Parameters of chat completions that the Responses API does not have. */
export function checkResponsesParameters(body: JsonObject): Issue[] {
	return NOT_IN_RESPONSES.filter((name) => isSet(body[name])).map((name) =>
		refused(name, `The Responses API has no '${name}'. Leave it out.`),
	);
}

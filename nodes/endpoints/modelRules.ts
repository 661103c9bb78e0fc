import { asHint, isAbsent, isObject } from '../jsonl/json';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';

/**
 * Parameters that models of OpenAI refuse, by its SDK, model pages and deployment guide of November
 * 2026. The batch is accepted, and every request with such a parameter fails, hours later. What is
 * only likely, from client libraries and reports, becomes a hint, as do later models and new values.
 * The rules are for OpenAI's own servers: elsewhere a model of the same name may be another.
 */

/** Exactly these models, or their versions of a day. */
const named = (...names: string[]) =>
	new RegExp(`^(?:${names.join('|').replaceAll('.', '\\.')})(?:-\\d{4}-\\d\\d-\\d\\d)?$`);

/** GPT-6 models that generate text. They reason unless the effort is none, also by default. */
const GPT_6 = /^gpt-6(?:\.\d+)?-(?!.*(?:audio|chat|image|realtime|search))/;

const KNOWN_GPT_6 = named('gpt-6-(?:astra|sol|luna)', 'gpt-6.1-(?:sol|terra)');

/** Whether a model belongs to GPT-6, and came after these rules. */
const isLater = (model: string) => GPT_6.test(model) && !KNOWN_GPT_6.test(model);

/** GPT-6 models that always reason. */
const ALWAYS_REASONS = /^gpt-6-astra|^gpt-6\.1-sol|^gpt-6\.2-/;

/** Models that take tools in the Responses API only. */
const NO_CHAT_TOOLS = /^gpt-6-astra|^gpt-6\.1-|^gpt-6\.2-/;

const GPT_5_6 = /^gpt-5\.6-(?!.*chat)/;
const O_SERIES = /^o\d/;
const KNOWN_O_SERIES = named('o1', 'o1-pro', 'o3', 'o3-mini', 'o3-pro', 'o4-mini');
const NO_STOP = named('o3', 'o4-mini');
/** The first GPT-5 models, which always reason. */
const FIRST_GPT_5 = named('gpt-5', 'gpt-5-mini', 'gpt-5-nano');
/** The other GPT-5 models that generate text, the ones for chats aside. */
const GPT_5 = /^gpt-5-(?!.*(?:audio|chat|image|search))/;
const GPT_5_4 = named('gpt-5.4', 'gpt-5.5');

/** Reasoning models of any kind. */
const REASONS = /^o\d|^gpt-[5-9](?!.*chat)/;

interface Efforts {
	models: RegExp;
	efforts: readonly string[];
	isLikely?: true;
}

const TO_MAX = ['low', 'medium', 'high', 'xhigh', 'max'];

/** The efforts of each model. The first entry that fits holds. */
const EFFORTS: readonly Efforts[] = [
	{ models: /^gpt-6\.1-sol|^gpt-6\.2-/, efforts: TO_MAX },
	// Astra's page does not list none, but it was seen to take it.
	{ models: KNOWN_GPT_6, efforts: ['none', ...TO_MAX] },
	{ models: GPT_5_6, efforts: ['none', ...TO_MAX] },
	{ models: named('gpt-5.1'), efforts: ['none', 'low', 'medium', 'high'] },
	{ models: named('gpt-5-pro'), efforts: ['high'] },
	{
		models: named('gpt-5.5', 'gpt-5.4', 'gpt-5.2'),
		efforts: ['none', 'low', 'medium', 'high', 'xhigh'],
		isLikely: true,
	},
	{ models: FIRST_GPT_5, efforts: ['minimal', 'low', 'medium', 'high'], isLikely: true },
	{
		models: named('o1', 'o3', 'o3-mini', 'o4-mini'),
		efforts: ['low', 'medium', 'high'],
		isLikely: true,
	},
];

const KNOWN_EFFORTS = ['none', 'minimal', ...TO_MAX];

/** Models that do not reason; the API was seen to refuse an effort for them. */
const DOES_NOT_REASON = /^(?:chatgpt-4|gpt-3\.5|gpt-4)/;

/** Models that were seen to accept the verbosity medium only. */
const ONLY_MEDIUM = /^(?:chatgpt-4|gpt-3\.5|gpt-4|gpt-5-chat|gpt-5\.1-codex-max|o\d)/;

/** The values of the verbosity and of the reasoning summary, by OpenAI's SDK (7.57). */
const VERBOSITIES = ['low', 'medium', 'high'];
const SUMMARIES = ['auto', 'concise', 'detailed'];

type IsNeutral = (value: JsonValue | undefined) => boolean;

/** Parameters of the sampling, and which of their values ask for nothing. */
const SAMPLING: Readonly<Record<string, IsNeutral>> = {
	temperature: (value) => value === 1,
	top_p: (value) => value === 1,
	logprobs: (value) => value === false,
	top_logprobs: (value) => value === 0,
};

/** The same of chat completions only, which reasoning models probably refuse. */
const PENALTIES: Readonly<Record<string, IsNeutral>> = {
	presence_penalty: (value) => value === 0,
	frequency_penalty: (value) => value === 0,
	logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
};

/** The parameters of a body that ask for something. */
function asked(body: JsonObject, parameters: Readonly<Record<string, IsNeutral>>): string[] {
	const names: string[] = [];
	// A loop without lists of entries, since there are 50,000 requests.
	for (const name in parameters) {
		const value = body[name];
		if (!isAbsent(value) && !parameters[name](value)) names.push(name);
	}
	return names;
}

function refused(param: string, message: string, isLikely = false): Issue {
	const issue: Issue = { code: 'unsupported_parameter', param: `body.${param}`, message };
	return isLikely ? asHint(issue) : issue;
}

const refuses = (isLikely: boolean) => (isLikely ? 'probably refuses' : 'refuses');

/** What a body of chat completions has that its model refuses. */
export function checkChatParameters(body: JsonObject): Issue[] {
	const { model, reasoning_effort: effort, verbosity } = body;
	if (typeof model !== 'string') return [];
	return [
		...checkEffort(model, effort, 'reasoning_effort'),
		...checkVerbosity(model, verbosity, 'verbosity'),
		...checkSampling(model, effort, body),
		...checkMaxTokens(model, body),
		...checkStop(model, body),
		...checkPenalties(model, body),
		...checkChatTools(model, effort, body),
		...checkAudioModel(model),
	];
}

/** What a body of the Responses API has that its model refuses. */
export function checkResponsesParameters(body: JsonObject): Issue[] {
	const { model, reasoning, text } = body;
	if (typeof model !== 'string') return [];
	const { effort, summary } = isObject(reasoning) ? reasoning : {};
	const verbosity = isObject(text) ? text.verbosity : undefined;
	return [
		...checkEffort(model, effort, 'reasoning.effort'),
		...checkSummary(summary),
		...checkVerbosity(model, verbosity, 'text.verbosity'),
		...checkSampling(model, effort, { ...body, logprobs: undefined }),
		...checkIncluded(model, effort, body),
		...checkLowLimit(model, body),
	];
}

/**
 * The fewest tokens that the Responses API takes as the limit of an answer. Users have seen it
 * refuse fewer for gpt-5, gpt-5-nano, gpt-5.4 and gpt-5.5, also at Azure.
 */
const LEAST_OUTPUT_TOKENS = 16;

function checkLowLimit(model: string, { max_output_tokens: limit }: JsonObject): Issue[] {
	// What is not a whole number of at least 1 has an issue of its own.
	if (typeof limit !== 'number' || !Number.isInteger(limit)) return [];
	if (limit < 1 || limit >= LEAST_OUTPUT_TOKENS) return [];
	const isLikely = !/^o\d|^gpt-[5-9]/.test(model);
	const message = `'max_output_tokens' is ${limit}, and ${model} ${refuses(isLikely)} fewer than ${LEAST_OUTPUT_TOKENS} tokens. Set it to ${LEAST_OUTPUT_TOKENS} or more.`;
	const issue = refused('max_output_tokens', message, isLikely);
	return [{ ...issue, code: 'integer_below_min_value' }];
}

function checkEffort(model: string, effort: unknown, param: string): Issue[] {
	if (typeof effort !== 'string') return [];
	if (DOES_NOT_REASON.test(model)) {
		const message = `${model} does not reason, and probably refuses '${param}'. Leave it out.`;
		return [refused(param, message, true)];
	}
	const entry = EFFORTS.find(({ models }) => models.test(model));
	if (!entry || entry.efforts.includes(effort)) return [];
	const isCertain = !entry.isLikely && !isLater(model) && KNOWN_EFFORTS.includes(effort);
	const message = `${model} ${isCertain ? '' : 'probably '}does not have the reasoning effort '${effort.slice(0, 60)}'. Use ${entry.efforts.join(', ')}.`;
	return [unsupported(param, message, !isCertain)];
}

const unsupported = (param: string, message: string, isLikely = false): Issue => ({
	...refused(param, message, isLikely),
	code: 'unsupported_value',
});

function checkVerbosity(model: string, verbosity: unknown, param: string): Issue[] {
	if (typeof verbosity !== 'string') return [];
	if (!VERBOSITIES.includes(verbosity)) {
		const message = `'${verbosity.slice(0, 60)}' is not a known verbosity. Known are ${VERBOSITIES.join(', ')}.`;
		return [unsupported(param, message, true)];
	}
	if (verbosity === 'medium' || !ONLY_MEDIUM.test(model)) return [];
	const message = `${model} probably has only the verbosity 'medium'. Leave '${param}' out.`;
	return [unsupported(param, message, true)];
}

function checkSummary(summary: unknown): Issue[] {
	if (typeof summary !== 'string' || SUMMARIES.includes(summary)) return [];
	const message = `'${summary.slice(0, 60)}' is not a known reasoning summary. Known are ${SUMMARIES.join(', ')}.`;
	return [unsupported('reasoning.summary', message, true)];
}

/** `seen to be refused` is certain of what people have seen, and likely of the rest. */
type Sampling = 'taken' | 'refused' | 'seen to be refused' | 'probably refused';

/**
 * What users have seen the first models that reason refuse, in both APIs. Of o3 and o3-mini:
 * https://github.com/BeehiveInnovations/pal-mcp-server/issues/78, of gpt-5:
 * https://github.com/lfnovo/open-notebook/issues/107.
 */
const SEEN_REFUSED = ['temperature', 'top_p'];

/** Whether a model that reasons with this effort takes parameters of the sampling. */
function samplingOf(model: string, effort: unknown): Sampling {
	if (KNOWN_GPT_6.test(model)) return effort === 'none' ? 'taken' : 'refused';
	if (GPT_6.test(model) || GPT_5_6.test(model)) {
		return effort === 'none' ? 'taken' : 'probably refused';
	}
	if (/^gpt-5\.\d/.test(model)) {
		return isAbsent(effort) || effort === 'none' ? 'taken' : 'probably refused';
	}
	if (KNOWN_O_SERIES.test(model) || FIRST_GPT_5.test(model)) return 'seen to be refused';
	return O_SERIES.test(model) || GPT_5.test(model) ? 'probably refused' : 'taken';
}

/** What to do about a parameter that a model refuses while it reasons. */
const withoutReasoning = (model: string) =>
	ALWAYS_REASONS.test(model) || !/^gpt-(?:6|5\.\d)/.test(model)
		? 'Leave it out.'
		: "Leave it out, or set the reasoning effort to 'none'.";

function checkSampling(model: string, effort: unknown, body: JsonObject): Issue[] {
	const names = asked(body, SAMPLING);
	const sampling = names.length > 0 ? samplingOf(model, effort) : 'taken';
	if (sampling === 'taken') return [];
	return names.map((name) => samplingIssue(model, name, name, sampling));
}

function samplingIssue(model: string, name: string, param: string, sampling: Sampling): Issue {
	const isSeen = sampling === 'seen to be refused' && SEEN_REFUSED.includes(name);
	const isLikely = sampling !== 'refused' && !isSeen;
	const message = `${model} ${refuses(isLikely)} '${name}' while it reasons. ${withoutReasoning(model)}`;
	return refused(param, message, isLikely);
}

const LOGPROBS = 'message.output_text.logprobs';

function checkIncluded(model: string, effort: unknown, { include }: JsonObject): Issue[] {
	if (!Array.isArray(include) || !include.includes(LOGPROBS)) return [];
	const sampling = samplingOf(model, effort);
	return sampling === 'taken' ? [] : [samplingIssue(model, LOGPROBS, 'include', sampling)];
}

function checkMaxTokens(model: string, { max_tokens }: JsonObject): Issue[] {
	if (isAbsent(max_tokens) || !REASONS.test(model)) return [];
	const isLikely = !O_SERIES.test(model);
	const message = `${model} ${refuses(isLikely)} 'max_tokens'. Use 'max_completion_tokens' instead.`;
	return [refused('max_tokens', message, isLikely)];
}

function checkStop(model: string, { stop }: JsonObject): Issue[] {
	if (isAbsent(stop) || !NO_STOP.test(model)) return [];
	return [refused('stop', `${model} refuses 'stop'. Leave it out.`)];
}

function checkPenalties(model: string, body: JsonObject): Issue[] {
	const names = asked(body, PENALTIES);
	if (names.length === 0 || !REASONS.test(model)) return [];
	const message = (name: string) => `${model} probably refuses '${name}'. Leave it out.`;
	return names.map((name) => refused(name, message(name), true));
}

/** From 5.4 on, models do not reason and call tools in one chat completion. */
function checkChatTools(model: string, effort: unknown, { tools }: JsonObject): Issue[] {
	if (!Array.isArray(tools) || tools.length === 0 || effort === 'none') return [];
	const isNewest = GPT_6.test(model) || GPT_5_6.test(model);
	// The default effort of these two is not known.
	const isOlder = GPT_5_4.test(model) && !isAbsent(effort);
	if (!isNewest && !isOlder) return [];
	const instead = NO_CHAT_TOOLS.test(model)
		? 'Use the endpoint /v1/responses.'
		: "Set 'reasoning_effort' to 'none', or use the endpoint /v1/responses.";
	const isLikely = isLater(model);
	const message = `${model} ${refuses(isLikely)} tools in chat completions while it reasons. ${instead}`;
	return [refused('tools', message, isLikely)];
}

/** Models that listen and speak. By their pages, none of them is offered in batches. */
const AUDIO_MODEL = /^gpt-(?:4o-)?audio/;

const isSound = (part: JsonValue) => isObject(part) && part.type === 'input_audio';
const hasSound = (message: JsonValue) =>
	isObject(message) && Array.isArray(message.content) && message.content.some(isSound);

function checkAudioModel(model: string): Issue[] {
	if (!AUDIO_MODEL.test(model)) return [];
	return [unsupported('model', `OpenAI does not offer ${model} in the Batch API.`)];
}

/** Checks that no message of a chat completion has sound for a model that does not listen. */
export function checkAudio({ model, messages }: JsonObject): Issue[] {
	if (typeof model !== 'string' || !Array.isArray(messages)) return [];
	const at = messages.findIndex(hasSound);
	const isDeaf = at !== -1 && (GPT_6.test(model) || GPT_5_6.test(model));
	if (!isDeaf) return [];
	const message = `${model} ${isLater(model) ? 'probably ' : ''}does not take audio, and OpenAI offers none of its audio models in the Batch API. Turn the audio into text first.`;
	return [unsupported(`messages[${at}].content`, message, isLater(model))];
}

import type { Endpoint } from '../batches/requestLine';
import { refusal, type Refusal } from './phrases';

/** What a family of reasoning models refuses. */
interface Family {
	name: RegExp;
	/** The efforts that it knows, where that is certain. */
	efforts?: readonly string[];
	/** When it takes `temperature` and the like: while it does not reason, or not at all. */
	sampling: 'never' | 'with effort none' | 'unless an effort is asked for';
	/** Whether it refuses `stop`. */
	refusesStop?: boolean;
}

const UP_TO_MAX = ['low', 'medium', 'high', 'xhigh', 'max'];

/**
 * The first family whose name fits holds. Efforts are from the model pages and published types
 * only; of `max`, which others saw refused by one model of 5.6, the pages say that it exists. From
 * 5.1 to 5.5 the effort is none, or not known, unless it is asked for.
 */
const FAMILIES: readonly Family[] = [
	{ name: /^gpt-5-chat/, sampling: 'unless an effort is asked for' },
	{ name: /^gpt-(6-astra|6\.1-sol|6\.2-)/, efforts: UP_TO_MAX, sampling: 'never' },
	{
		name: /^gpt-5\.6-/,
		efforts: ['none', ...UP_TO_MAX],
		sampling: 'with effort none',
		refusesStop: true,
	},
	{
		name: /^gpt-(6-sol|6-luna|6\.1-terra)/,
		efforts: ['none', ...UP_TO_MAX],
		sampling: 'with effort none',
	},
	{ name: /^gpt-[6-9]/, sampling: 'with effort none' },
	{
		name: /^gpt-5\.1/,
		efforts: ['none', 'low', 'medium', 'high'],
		sampling: 'unless an effort is asked for',
	},
	{ name: /^gpt-5\.\d/, sampling: 'unless an effort is asked for' },
	{ name: /^gpt-5-pro/, efforts: ['high'], sampling: 'never' },
	{ name: /^gpt-5/, sampling: 'never' },
	{ name: /^(o3|o4-mini)/, sampling: 'never', refusesStop: true },
	{ name: /^o\d/, sampling: 'never' },
];

type Body = Record<string, unknown>;

const isSet = (value: unknown) => value !== undefined && value !== null;

const unsupportedParameter = (name: string, instead = '') =>
	refusal(
		`Unsupported parameter: '${name}' is not supported with this model.${instead}`,
		name,
		'unsupported_parameter',
	);

const unsupportedValue = (name: string, value: unknown, supported: string) =>
	refusal(
		`Unsupported value: '${name}' does not support ${value} with this model. ${supported}`,
		name,
		'unsupported_value',
	);

function effortOf(endpoint: Endpoint, body: Body): { param: string; effort: unknown } {
	return endpoint === '/v1/responses'
		? {
				param: 'reasoning.effort',
				effort: (body.reasoning as { effort?: unknown } | null | undefined)?.effort,
			}
		: { param: 'reasoning_effort', effort: body.reasoning_effort };
}

function wrongEffort({ efforts }: Family, endpoint: Endpoint, body: Body): Refusal | undefined {
	const { param, effort } = effortOf(endpoint, body);
	if (!isSet(effort) || efforts === undefined || efforts.includes(effort as string)) {
		return undefined;
	}
	const quoted = efforts.map((value) => `'${value}'`);
	const list =
		quoted.length === 1 ? quoted[0] : `${quoted.slice(0, -1).join(', ')}, and ${quoted.at(-1)}`;
	return unsupportedValue(param, `'${effort}'`, `Supported values are: ${list}.`);
}

/** Parameters of sampling, and which of their values ask for nothing. */
const SAMPLING: Record<string, (value: unknown) => boolean> = {
	temperature: (value) => value === 1,
	top_p: (value) => value === 1,
	logprobs: (value) => value === false,
	top_logprobs: (value) => value === 0,
	presence_penalty: (value) => value === 0,
	frequency_penalty: (value) => value === 0,
};

function wrongSampling({ sampling }: Family, endpoint: Endpoint, body: Body): Refusal | undefined {
	const { effort } = effortOf(endpoint, body);
	const takesIt: Record<Family['sampling'], boolean> = {
		never: false,
		'with effort none': effort === 'none',
		'unless an effort is asked for': !isSet(effort) || effort === 'none',
	};
	if (takesIt[sampling]) return undefined;
	const name = Object.keys(SAMPLING).find((key) => isSet(body[key]) && !SAMPLING[key](body[key]));
	if (name === undefined) return undefined;
	return name === 'temperature' && endpoint === '/v1/chat/completions'
		? unsupportedValue(name, body[name], 'Only the default (1) value is supported.')
		: unsupportedParameter(name);
}

/** Models that do not reason. */
const NO_REASONING = /^(chatgpt-4|gpt-3\.5|gpt-4)/;

/** What others recorded of gpt-4o and gpt-4.1 in 2025: no effort, and no verbosity but medium. */
function withoutReasoning(endpoint: Endpoint, body: Body): Refusal | undefined {
	const { param, effort } = effortOf(endpoint, body);
	if (isSet(effort)) return unsupportedParameter(param);
	const isResponse = endpoint === '/v1/responses';
	const text = isResponse ? (body.text as Body | null | undefined) : body;
	const verbosity = text?.verbosity;
	if (!isSet(verbosity) || verbosity === 'medium') return undefined;
	const name = isResponse ? 'text.verbosity' : 'verbosity';
	return unsupportedValue(name, `'${String(verbosity)}'`, "Supported values are: 'medium'.");
}

/**
 * Why a model refuses a body that the endpoint's schema allows. Words and codes as others recorded
 * them at the service in 2025 and 2026; which model refuses what is from the facts about inputs,
 * and only what is certain or was seen there.
 */
export function modelRefusal(endpoint: Endpoint, body: Body): Refusal | undefined {
	if (endpoint !== '/v1/chat/completions' && endpoint !== '/v1/responses') return undefined;
	if (NO_REASONING.test(String(body.model))) return withoutReasoning(endpoint, body);
	const family = FAMILIES.find(({ name }) => name.test(String(body.model)));
	if (family === undefined) return undefined;
	if (isSet(body.max_tokens) && !/^gpt-5-chat/.test(String(body.model))) {
		return unsupportedParameter('max_tokens', " Use 'max_completion_tokens' instead.");
	}
	if (family.refusesStop && isSet(body.stop)) return unsupportedParameter('stop');
	return wrongEffort(family, endpoint, body) ?? wrongSampling(family, endpoint, body);
}

import { unversionedPath } from '../../../endpoints/endpoint';
import type { Issue, JsonObject, JsonValue } from '../../../jsonl/json';
import { isObject, merged, replaceIn, textOrNull, tryParseJson } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { MAX_BYTES } from '../../../jsonl/lines';
import type { Provider } from '../../../openai/client';
import type { InputRequest } from '../results/batchFiles';

/** Checks requests by the rules of the service, as those of a submission are. */
export interface LineChecker {
	/** Everything that is wrong with a request; empty when the service will accept it. */
	check: (request: unknown, line: number) => Issue[];
	/** What the service may accept in the requests so far, in whole sentences. */
	hints: (total: number) => string[];
}

export interface ChangedLine {
	/** The line as it is sent. */
	text: string;
	model: string | undefined;
	/** Whether its answer may end later than that of the line as it was. */
	mayEndLater: boolean;
	issues: Issue[];
}

/** Two names of chat completions for one limit; OpenAI refuses both together. */
const CHAT_LIMITS = ['max_completion_tokens', 'max_tokens'];

/** What limits the tokens of an answer. Only the Responses API has the last one. */
const TOKEN_LIMITS = [...CHAT_LIMITS, 'max_output_tokens'];

/**
 * Where OpenAI and Azure cut off nothing but at the end of the model's context, as long as a body
 * sets no limit. Completions end after 16 tokens by default.
 */
const WITHOUT_DEFAULT: ReadonlySet<unknown> = new Set(['/chat/completions', '/responses']);

/** Changes the lines of a batch by fields that are merged deeply into each body. */
export class LineChange {
	/** Lines that have grown may need a second file. */
	readonly maxBytes = MAX_BYTES;
	/** Lines are made again while they are sent, and checked only the first time. */
	private readonly checked = new Set<number>();

	/** @param provider whose server runs the requests; others than OpenAI and Azure may have low limits */
	constructor(
		private readonly fields: JsonObject,
		private readonly checker: LineChecker,
		private readonly provider: Provider,
	) {}

	of({ line, text }: Line, { body, url }: InputRequest): ChangedLine {
		const request = this.changed(JSON.parse(text) as JsonObject);
		const [before, after] = [body, request.body].map((one) => (isObject(one) ? one : {}));
		const issues = this.checked.has(line) ? [] : this.checker.check(request, line);
		this.checked.add(line);
		return {
			text: this.textOf(text, request),
			model: textOrNull(after.model) ?? undefined,
			mayEndLater: mayEndLater(before, after, this.defaultLimit(url)),
			issues,
		};
	}

	/** The most tokens of an answer where a body sets no limit; undefined where nobody knows. */
	private defaultLimit(url: string | null): number | undefined {
		const isKnown = this.provider !== 'other' && WITHOUT_DEFAULT.has(unversionedPath(url));
		return isKnown ? Infinity : undefined;
	}

	private changed(request: JsonObject): JsonObject {
		const { body } = request;
		// A body that is none is left to the check.
		return isObject(body) ? { ...request, body: changedBody(body, this.fields) } : request;
	}

	/** The line as text, in which numbers keep all their digits, also those that JavaScript lacks. */
	private textOf(text: string, request: JsonObject): string {
		if (!LONG_NUMBER.test(text)) return JSON.stringify(request);
		const mark = markFor(text + JSON.stringify(this.fields));
		const marked = replaceIn(text, LONG_NUMBER, (digits, inString) =>
			inString ? digits : `"${mark}${digits}"`,
		);
		const parsed = tryParseJson(marked);
		const whole = parsed.ok && isObject(parsed.value) ? this.changed(parsed.value) : request;
		return JSON.stringify(whole).replace(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
	}
}

/** A number with more digits than JavaScript keeps for certain. */
const LONG_NUMBER = /-?\d[\d.]{15,}(?:[eE][+-]?\d+)?/;

/** A text that is not part of another one. */
function markFor(text: string): string {
	let mark = 'number:';
	while (text.includes(mark)) mark = `#${mark}`;
	return mark;
}

/** A limit on the tokens of a chat completion replaces the one that was there, by either name. */
function changedBody(body: JsonObject, fields: JsonObject): JsonObject {
	const limits = CHAT_LIMITS.filter((name) => typeof fields[name] === 'number');
	return merged(limits.length > 0 ? without(body, CHAT_LIMITS) : body, fields);
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
	return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Whether an answer that was cut off may be whole now: it has more tokens, or is another one. */
function mayEndLater(
	before: JsonObject,
	after: JsonObject,
	defaultLimit: number | undefined,
): boolean {
	const [was, is] = [before, after].map((body) => tokenLimitOf(body) ?? defaultLimit);
	// A default that is not known may be lower than any limit, or higher.
	const isHigher = was === undefined || is === undefined ? was !== is : is > was;
	if (isHigher) return true;
	const others = [before, after].map((body) => JSON.stringify(without(body, TOKEN_LIMITS)));
	return others[0] !== others[1];
}

function tokenLimitOf(body: JsonObject): number | undefined {
	const limits: Array<JsonValue | undefined> = TOKEN_LIMITS.map((name) => body[name]);
	return limits.find((limit) => typeof limit === 'number');
}

import type { Issue, JsonObject, JsonValue } from '../../../jsonl/json';
import { isObject, merged, replaceIn, textOrNull, tryParseJson } from '../../../jsonl/json';
import type { Line } from '../../../jsonl/lines';
import { MAX_BYTES } from '../../../jsonl/split';
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

/** What limits the tokens of an answer. A body needs one of them, and OpenAI refuses two. */
const TOKEN_LIMITS = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'];

/** Changes the lines of a batch by fields that are merged deeply into each body. */
export class LineChange {
	/** Lines that have grown may need a second file. */
	readonly maxBytes = MAX_BYTES;
	/** Lines are made again while they are sent, and checked only the first time. */
	private readonly checked = new Set<number>();

	constructor(
		private readonly fields: JsonObject,
		private readonly checker: LineChecker,
	) {}

	of({ line, text }: Line, { body }: InputRequest): ChangedLine {
		const request = this.changed(JSON.parse(text) as JsonObject);
		const [before, after] = [body, request.body].map((one) => (isObject(one) ? one : {}));
		const issues = this.checked.has(line) ? [] : this.checker.check(request, line);
		this.checked.add(line);
		return {
			text: this.textOf(text, request),
			model: textOrNull(after.model) ?? undefined,
			mayEndLater: mayEndLater(before, after),
			issues,
		};
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

/** A limit on the tokens replaces the one that was there, whatever its name. */
function changedBody(body: JsonObject, fields: JsonObject): JsonObject {
	const limits = TOKEN_LIMITS.filter((name) => typeof fields[name] === 'number');
	return merged(limits.length > 0 ? without(body, TOKEN_LIMITS) : body, fields);
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
	return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** Whether an answer that was cut off may be whole now: it has more tokens, or is another one. */
function mayEndLater(before: JsonObject, after: JsonObject): boolean {
	if (tokenLimitOf(after) > tokenLimitOf(before)) return true;
	const others = [before, after].map((body) => JSON.stringify(without(body, TOKEN_LIMITS)));
	return others[0] !== others[1];
}

function tokenLimitOf(body: JsonObject): number {
	const limits: Array<JsonValue | undefined> = TOKEN_LIMITS.map((name) => body[name]);
	return (limits.find((limit) => typeof limit === 'number') as number | undefined) ?? Infinity;
}

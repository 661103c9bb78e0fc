import { endpointOf, urlFault } from '../../endpoints';
import { checkBody, RightParameters } from '../../endpoints/body';
import type { Endpoint, Server } from '../../endpoints/endpoint';
import { isSameEndpoint } from '../../endpoints/endpoint';
import type { Issue, JsonObject, JsonValue } from '../../jsonl/json';
import {
	checkText,
	invalidType,
	invalidValue,
	isAbsent,
	isObject,
	joined,
	missing,
	textOrNull,
	tryParseJson,
} from '../../jsonl/json';

export interface RequestCheckerOptions {
	/** The endpoint of the batch. Without it, each request is checked by its own url. */
	endpoint?: string;
	/** Whose rules hold; OpenAI's by default. */
	server?: Server;
	/** What messages call a position. */
	unit?: 'line' | 'item';
	/**
	 * Notes that a request has an id. Returns where an earlier one has it, if that is known. By
	 * default all ids are remembered as they are.
	 */
	firstUse?: (id: string, position: Position) => Position | undefined;
}

/** Where a request is: the number of its item or line, or the line and its file's item. */
export type Position = number | string;

/** The parts of a request. */
const PARTS = ['custom_id', 'method', 'url', 'body'];

/** How many different hints are remembered. */
const MAX_HINTS = 20;

/**
 * Checks requests by the rules that the API applies only after the upload, when one bad line fails
 * the whole batch. To find duplicates it remembers every custom_id, and nothing else of the
 * requests: one checker is for one set of requests that must have different ids.
 *
 * The url may differ from the endpoint only in a leading `/v1`. The body for an endpoint that is
 * not known here has to be an object that does not stream; nothing else of it is checked.
 */
export class RequestChecker {
	private readonly endpoint: string | undefined;
	private readonly server: Server;
	private readonly unit: string;
	private readonly firstUse: NonNullable<RequestCheckerOptions['firstUse']>;
	private readonly rightParameters = new RightParameters();
	/** What a server may accept, with the number of requests that have it, and the first of them. */
	private readonly found = new Map<string, { requests: number; first: Position }>();
	/** The url that was looked at last, since most requests have the same. */
	private lastUrl:
		{ url: string; fault: string | undefined; endpoint: Endpoint | undefined } | undefined;

	constructor(options: RequestCheckerOptions = {}) {
		this.endpoint = options.endpoint;
		this.server = options.server ?? 'openai';
		this.unit = options.unit ?? 'line';
		this.firstUse = options.firstUse ?? rememberingIds();
	}

	/**
	 * What the server may accept in the requests so far, in whole sentences.
	 *
	 * @param total how many requests there are, for the sentences
	 */
	hints(total: number): string[] {
		return [...this.found].map(([message, { requests, first }]) => {
			const which = `${requests} of ${total} requests, the first in ${this.unit} ${first}`;
			return this.server === 'openai'
				? `OpenAI may refuse ${which}: ${message}`
				: `OpenAI would refuse ${which}: ${message} Another server may accept them.`;
		});
	}

	/**
	 * Everything that is wrong with a request; empty when the API will accept it.
	 *
	 * @param position where the request is, for the message when a later one has the same custom_id
	 */
	check(request: unknown, position: Position): Issue[] {
		if (!isObject(request)) return [notARequest(request, this.unit)];
		const foreign = foreignObject(request, this.unit);
		if (foreign) return [foreign];
		const frame = joined(
			joined(this.checkId(request, position), checkMethod(request)),
			this.checkUrl(request),
		);
		const issues = joined(frame, this.checkBody(request, position));
		const custom_id = textOrNull(request.custom_id);
		if (issues.length === 0 || custom_id === null) return issues;
		return issues.map((issue) => ({ ...issue, custom_id }));
	}

	private checkId(request: JsonObject, position: Position): Issue[] {
		const issues = checkText(request, 'custom_id', 'Give each request an id of its own.');
		if (issues.length > 0) return issues;
		const id = String(request.custom_id);
		const first = this.firstUse(id, position);
		return first === undefined ? [] : [repeatedId(id, `${this.unit} ${first}`)];
	}

	private checkUrl(request: JsonObject): Issue[] {
		const { endpoint } = this;
		const hint = endpoint === undefined ? '' : `Use '${endpoint}'.`;
		const issues = checkText(request, 'url', hint);
		if (issues.length > 0) return issues;
		const message = this.known(String(request.url)).fault;
		return message === undefined ? [] : [{ code: 'invalid_url', message, param: 'url' }];
	}

	/** What is wrong with a url, and the endpoint that its body is for. */
	private known(url: string) {
		const { endpoint } = this;
		if (this.lastUrl?.url !== url) {
			const fault = endpoint === undefined ? urlFault(url) : mismatch(url, endpoint);
			this.lastUrl = { url, fault, endpoint: endpointOf(endpoint ?? url) };
		}
		return this.lastUrl;
	}

	private checkBody(request: JsonObject, position: Position): Issue[] {
		const { body, url } = request;
		if (isAbsent(body)) return [missing('body', bodyHint(request))];
		if (!isObject(body)) return [invalidType('body', 'an object', body, textHint(body))];
		const { endpoint } = this.known(textOrNull(url) ?? '');
		const found = checkBody(endpoint, body, this.server, this.rightParameters);
		if (found.length === 0) return found;
		const hints = found.filter(({ isHint }) => isHint);
		if (hints.length === 0) return found;
		for (const { message } of hints) this.remember(message, position);
		return found.filter(({ isHint }) => !isHint);
	}

	/** Notes that a server may accept what a request has. */
	remember(message: string, position: Position): void {
		const hint = this.found.get(message);
		if (hint) hint.requests++;
		else if (this.found.size < MAX_HINTS) {
			this.found.set(message, { requests: 1, first: position });
		}
	}
}

/** The model that a body names. Requests for different models cannot share a batch. */
export function modelOf(body: unknown): string | undefined {
	return isObject(body) ? (textOrNull(body.model) ?? undefined) : undefined;
}

function mismatch(url: string, endpoint: string): string | undefined {
	if (isSameEndpoint(url, endpoint)) return undefined;
	return `The url '${url}' does not match the batch's endpoint '${endpoint}'. Use the endpoint as the url, or submit these requests as a batch of their own.`;
}

/** Remembers every id, and the position of its first use. */
function rememberingIds(): NonNullable<RequestCheckerOptions['firstUse']> {
	const firstUse = new Map<string, Position>();
	return (id, position) => {
		const first = firstUse.get(id);
		if (first === undefined) firstUse.set(id, position);
		return first;
	};
}

/** The issue of an id that is used twice. @param first where it is used first, as 'line 3' */
export function repeatedId(id: string, first: string): Issue {
	const message = `The custom_id '${id}' is already used by ${first}. Each request needs an id of its own, such as the key of its row.`;
	return { code: 'duplicate_custom_id', message, param: 'custom_id' };
}

function checkMethod(request: JsonObject): Issue[] {
	const issues = checkText(request, 'method', "Use 'POST'.");
	if (issues.length > 0 || request.method === 'POST') return issues;
	const message = `The method '${String(request.method)}' is not supported in a batch. Use 'POST'.`;
	return [invalidValue('method', message)];
}

/** The issue of a value that is no object. Both n8n and people write such files and items. */
function notARequest(value: unknown, unit: string): Issue {
	const hints: Array<[applies: boolean, hint: string]> = [
		[
			Array.isArray(value),
			`A ${unit} is one request. The file may be one JSON list, as Convert to JSON of n8n's Convert to File node makes it: give the items to Submit or Build with Requests From set to Ready-Made Lines, or write each request on a line of its own.`,
		],
		[
			typeof value === 'string' && isJsonObject(value),
			'The request was turned into JSON twice. Write the object itself, without quotes around it.',
		],
	];
	const hint = hints.find(([applies]) => applies)?.[1];
	const { code, message } = invalidType('request', 'an object', value, hint);
	return { code, message };
}

/** Objects that are no request of this API although they may have an id: what each is by its keys. */
const FOREIGN_FORMS: ReadonlyArray<readonly [keys: readonly string[], what: string]> = [
	[
		['custom_id', 'response'],
		'it is a result of a batch. Use the file of the requests, which is the input file of the batch; Retry Unfinished sends again what did not succeed.',
	],
	[
		['custom_id', 'params'],
		"it is a request in the form of Anthropic. Here, 'method' is 'POST', 'url' is the endpoint, and what 'params' holds is 'body', in the form of OpenAI.",
	],
	[
		['request', 'key'],
		"it is a request in the form of Gemini. Here, 'key' is called 'custom_id', 'method' is 'POST', 'url' is the endpoint, and 'body' holds the request in the form of OpenAI.",
	],
	[
		['recordId', 'modelInput'],
		"it is a request in the form of Amazon Bedrock. Here, 'recordId' is called 'custom_id', 'method' is 'POST', 'url' is the endpoint, and 'body' holds the request in the form of OpenAI.",
	],
	[['customId'], "'customId' has to be called 'custom_id'."],
];

/** The issue of an object that has nothing of a request, such as a row or a file's content. */
function foreignObject(request: JsonObject, unit: string): Issue | undefined {
	// Most have these, and there are 50,000 requests.
	if (Object.hasOwn(request, 'body') && Object.hasOwn(request, 'custom_id')) return undefined;
	const keys = Object.keys(request);
	const form = FOREIGN_FORMS.find(([names]) => names.every((key) => Object.hasOwn(request, key)));
	if (form) {
		const message = `This ${unit} is not a request: ${form[1]}`;
		return { code: 'missing_required_parameter', message, param: 'custom_id' };
	}
	if (keys.length === 0 || PARTS.some((part) => Object.hasOwn(request, part))) return undefined;
	const names = keys.slice(0, 5).map((key) => `'${key.slice(0, 60)}'`);
	if (keys.length > 5) names.push('…');
	const lines = keys.find((key) => looksLikeLines(request[key]));
	const advice =
		lines === undefined
			? bodyHint(request)
			: `'${lines.slice(0, 60)}' holds whole requests${isBase64Json(request[lines]) ? ' as base64' : ''}: make an item of each, or upload them as a file and create the batch from it.`;
	const message = `This ${unit} is not a request: it has ${names.join(', ')}, but not custom_id, method, url and body. ${advice}`;
	return { code: 'missing_required_parameter', message: message.trim(), param: 'custom_id' };
}

/** Whether a value holds requests: as text in JSONL, as base64 of that, as a list, or as an object. */
function looksLikeLines(value: JsonValue | undefined): boolean {
	const first = Array.isArray(value) ? value[0] : value;
	if (typeof first !== 'string') return isObject(first) && Object.hasOwn(first, 'custom_id');
	const [line] = (isBase64Json(first) ? decoded(first) : first).trimStart().split('\n', 1);
	const parsed = tryParseJson(line);
	return parsed.ok && isObject(parsed.value) && Object.hasOwn(parsed.value, 'custom_id');
}

/** JSON begins with `{"`, whose base64 is this. */
const isBase64Json = (text: unknown): text is string =>
	typeof text === 'string' && /^eyJ[\w+/=-]+$/.test(text);

const decoded = (base64: string) => Buffer.from(base64, 'base64').toString();

const isJsonObject = (text: string): boolean => {
	const parsed = tryParseJson(text);
	return parsed.ok && isObject(parsed.value);
};

/** Fields of bodies that people put beside `custom_id`. */
const BODY_FIELDS = ['model', 'messages', 'input', 'prompt'];

function bodyHint(request: JsonObject): string {
	const outside = BODY_FIELDS.filter((name) => request[name] !== undefined);
	if (outside.length === 0) return '';
	const names = outside.map((name) => `'${name}'`).join(' and ');
	return `${names} ${outside.length === 1 ? 'belongs' : 'belong'} into 'body'.`;
}

function textHint(body: JsonValue): string {
	return typeof body === 'string' && isJsonObject(body)
		? 'The body is JSON inside of a text. Write the object itself, without quotes around it.'
		: '';
}

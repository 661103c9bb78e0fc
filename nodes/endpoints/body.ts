import type { Endpoint, RequestFields, Server } from './endpoint';
import { RequestProblem } from './endpoint';
import { strictSchemaFaults } from './strictSchema';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';
import {
	asHint,
	checkObject,
	checkText,
	INVALID_BASE64,
	invalidValue,
	isAbsent,
	isObject,
	joined,
	merged,
} from '../jsonl/json';

/**
 * The body of one request. The additional fields are merged into it, and override the others.
 *
 * @throws {RequestProblem} for fields that do not go together
 */
export function makeBody(endpoint: Endpoint, fields: RequestFields): JsonObject {
	const { additionalFields, attachments = [] } = fields.options;
	if (Array.isArray(fields.prompt) && attachments.length > 0 && !endpoint.takesMessages) {
		throw new RequestProblem(
			'Attachments need a prompt that is text. Put them into the list instead.',
			'prompt',
		);
	}
	const body = endpoint.makeBody(fields);
	return additionalFields ? merged(body, additionalFields) : body;
}

/**
 * Everything wrong with a body. Without an endpoint, when it is a compatible server's own, only
 * what every endpoint refuses in a batch.
 *
 * @param server a compatible one may accept what only OpenAI refuses, so that becomes a hint
 * @param right of the bodies before, for the same server
 */
export function checkBody(
	endpoint: Endpoint | undefined,
	body: JsonObject,
	server: Server = 'openai',
	right = new RightParameters(),
): Issue[] {
	const isOpenAi = server === 'openai';
	const stream = isOpenAi ? checkStream(body) : checkStream(body).map(asHint);
	if (!endpoint) return stream;
	const areRight = right.have(endpoint, body);
	const model = areRight ? [] : checkModel(endpoint, body, isOpenAi);
	const parameters = areRight ? [] : (endpoint.checkParameters?.(body) ?? []);
	if (!areRight && stream.length + model.length + parameters.length === 0) {
		right.note(endpoint, body);
	}
	const shapes = endpoint.checkShapes?.(body) ?? [];
	const prompts = endpoint.checkPrompts?.(body) ?? [];
	const needed = joined(joined(stream, model), endpoint.checkBody(body));
	const refused = joined(parameters, prompts);
	if (isOpenAi) return joined(joined(needed, shapes), refused);
	// No server can read a file from what is not base64.
	const unreadable = shapes.filter(({ code }) => code === INVALID_BASE64);
	return joined(joined(needed, unreadable), refused.map(asHint));
}

/** A parameter, with its JSON where it is an object or a list that is not too large. */
interface Parameter {
	value: JsonValue;
	json: string | undefined;
}

/** Longer JSON is not compared, such as that of images. */
const MOST_COMPARED = 65_536;

/**
 * The parameters of the last body in which nothing was wrong with them. Most requests of a batch have
 * the same, and a schema takes longer to check than to compare.
 */
export class RightParameters {
	private endpoint: Endpoint | undefined;
	private parameters = new Map<string, Parameter>();
	/** The names of objects that were too large to be compared. */
	private readonly large = new Set<string>();

	/** Whether a body has these, whatever its prompts are. */
	have(endpoint: Endpoint, body: JsonObject): boolean {
		if (this.endpoint !== endpoint) return false;
		let known = 0;
		for (const name in body) {
			const value = body[name];
			if (value === undefined || endpoint.tokens.prompts.includes(name)) continue;
			const parameter = this.parameters.get(name);
			if (!parameter || !isSame(parameter, value)) return false;
			known++;
		}
		return known === this.parameters.size;
	}

	note(endpoint: Endpoint, body: JsonObject): void {
		this.endpoint = endpoint;
		this.parameters = new Map();
		for (const name in body) {
			const value = body[name];
			if (value === undefined || endpoint.tokens.prompts.includes(name)) continue;
			this.parameters.set(name, { value, json: this.jsonOf(name, value) });
		}
	}

	private jsonOf(name: string, value: JsonValue): string | undefined {
		if (typeof value !== 'object' || value === null || this.large.has(name)) return undefined;
		const json = asJson(value);
		if (json !== undefined && json.length <= MOST_COMPARED) return json;
		this.large.add(name);
		return undefined;
	}
}

function isSame({ value, json }: Parameter, other: JsonValue): boolean {
	if (value === other) return true;
	return json !== undefined && typeof other === 'object' && json === asJson(other);
}

/** Undefined for what cannot be written, which is refused later. */
function asJson(value: JsonValue): string | undefined {
	try {
		return JSON.stringify(value);
	} catch {
		return undefined;
	}
}

function checkStream(body: JsonObject): Issue[] {
	if (body.stream !== true) return [];
	const message = "Streaming is not supported in the Batch API. Remove 'stream' from the body.";
	return [{ code: 'streaming_unsupported', message, param: 'body.stream' }];
}

function checkModel(
	{ model: { example, isRequired } }: Endpoint,
	body: JsonObject,
	isOpenAi: boolean,
): Issue[] {
	const { model } = body;
	if (isAbsent(model) && !isRequired) return [];
	const issues = checkText(body, 'body.model', `Name the model, for example '${example}'.`);
	if (typeof model !== 'string' || model.trim() === model) return issues;
	// The service looks for a model of exactly this name, and finds none.
	const message = `The model '${model.slice(0, 80)}' has white space around its name. Remove it.`;
	const issue = invalidValue('body.model', message);
	return [isOpenAi ? issue : asHint(issue)];
}

/** A copy without what is not set, so that the server's own defaults apply. */
export function withoutUnset(body: Record<string, JsonValue | undefined>): JsonObject {
	const set: JsonObject = {};
	// A loop, because Object.entries is several times slower, and there are 50,000 requests.
	for (const name in body) {
		const value = body[name];
		if (value !== undefined && value !== '') set[name] = value;
	}
	return set;
}

/**
 * The turns of a request: its messages, or its prompt as the only one. Other parts, such as images,
 * go into the last message of the user.
 *
 * @param textType what the endpoint calls a part that is text
 * @throws {RequestProblem} for parts without a message of the user
 */
export function turnsOf(
	prompt: string | JsonValue[],
	parts: readonly JsonObject[],
	textType: 'text' | 'input_text',
): JsonValue[] {
	const turns: JsonValue[] = Array.isArray(prompt) ? prompt : [{ role: 'user', content: prompt }];
	if (parts.length === 0) return turns;
	const last = turns.findLastIndex((turn) => isObject(turn) && turn.role === 'user');
	if (last === -1) {
		throw new RequestProblem('There is no user message for the attachments. Add one.', 'prompt');
	}
	const turn = turns[last] as JsonObject;
	const content = turn.content ?? '';
	const own: JsonValue[] = Array.isArray(content) ? content : [{ type: textType, text: content }];
	return turns.with(last, { ...turn, content: [...own, ...parts] });
}

/** A model that both chat completions and responses take. */
export const TEXT_MODEL = 'gpt-6-luna';

/** The options that chat completions and responses share. */
export const TEXT_OPTIONS = [
	'answerColumns',
	'attachments',
	'jsonSchema',
	'jsonSchemaName',
	'jsonSchemaStrict',
	'maxTokens',
	'promptCacheKey',
	'reasoningEffort',
	'systemMessage',
	'temperature',
	'topP',
	'verbosity',
] as const;

export type TextFields = RequestFields<(typeof TEXT_OPTIONS)[number]>;

/**
 * The schema of the answer, in the names that both endpoints use; undefined without a schema.
 *
 * @throws {RequestProblem} for two schemas
 */
export function namedSchema(options: TextFields['options']): JsonObject | undefined {
	const { answerColumns, jsonSchema, jsonSchemaName, jsonSchemaStrict } = options;
	if (answerColumns && jsonSchema) {
		throw new RequestProblem(
			'Answer Columns and JSON Schema both say what the answer is. Remove one of these options.',
		);
	}
	const schema = answerColumns ?? jsonSchema;
	return schema && { name: jsonSchemaName || 'answer', schema, strict: jsonSchemaStrict ?? true };
}

/** What the API allows as the name of a schema. */
export const SCHEMA_NAME = /^[\w-]{1,64}$/;

/** How many faults of a schema a message lists. */
const LISTED = 5;

/**
 * Checks the format of the answer that a body asks for, where it is a JSON schema.
 *
 * @param format the object whose type is `json_schema`
 * @param param its place, such as `body.text.format`
 * @param key the field that holds name and schema; without it, they stand in the format itself
 */
export function checkFormat(format: JsonValue | undefined, param: string, key?: string): Issue[] {
	if (!isObject(format) || format.type !== 'json_schema') return [];
	if (key === undefined) return checkNamedSchema(format, param);
	const issues = checkObject(format, `${param}.${key}`, 'It holds the name and the schema.');
	return issues.length > 0
		? issues
		: checkNamedSchema(format[key] as JsonObject, `${param}.${key}`);
}

function checkNamedSchema(named: JsonObject, param: string): Issue[] {
	const { name, schema, strict } = named;
	const issues = checkText(named, `${param}.name`, 'Give the schema a name, such as "answer".');
	if (issues.length === 0 && !SCHEMA_NAME.test(String(name))) {
		const message = `The name of the schema '${String(name).slice(0, 80)}' can have only letters, digits, underscores and dashes, and at most 64 of them.`;
		issues.push(invalidValue(`${param}.name`, message));
	}
	if (isAbsent(schema)) return issues;
	issues.push(...checkObject(named, `${param}.schema`));
	if (!isObject(schema) || strict !== true) return issues;
	const title = `${typeof name === 'string' ? `The schema '${name}'` : 'The schema'} is`;
	const off = 'strict off (the option JSON Schema Strict)';
	return [...issues, ...strictSchemaIssues(schema, `${param}.schema`, { title, off })];
}

/**
 * The issue of a schema that OpenAI refuses with strict; none for one that it accepts.
 *
 * @param title what has the schema, as the beginning of a sentence
 * @param off what to turn off instead
 */
export function strictSchemaIssues(
	schema: JsonObject,
	param: string,
	{ title, off }: { title: string; off: string },
): Issue[] {
	const faults = strictSchemaFaults(schema);
	if (faults.length === 0) return [];
	const lines = faults
		.slice(0, LISTED)
		.map(({ path, message }) => (path === '' ? message : `At ${path}: ${message}`));
	if (faults.length > LISTED) lines.push(`There are ${faults.length - LISTED} more.`);
	const message = `${title} not one that OpenAI accepts with strict. ${lines.join(' ')} Correct the schema, or turn ${off}.`;
	return [{ code: 'invalid_json_schema', message, param }];
}

import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { AttachedFiles } from './attachedFiles';
import { messagesOf } from './fieldValues';
import { fieldLabel } from './request.properties';
import type { ChosenOptions } from './requestOptions';
import { optionsReader } from './requestOptions';
import { DEFAULT_MODEL, endpointOf, urlFault } from '../../endpoints';
import { makeBody } from '../../endpoints/body';
import { isSameEndpoint, RequestProblem } from '../../endpoints/endpoint';
import type { Endpoint, RequestOptions, Server } from '../../endpoints/endpoint';
import { isAbsent, isObject, tryParseJson } from '../../jsonl/json';
import type { JsonObject, JsonValue, ParsedJson } from '../../jsonl/json';
import type { RequestLine } from '../../jsonl/split';
import type { ItemParameter, ItemParameters } from '../parameters/itemParameters';
import { OBJECT_TEXT } from '../parameters/itemParameters';

/** Makes the requests of the items. Whether the API accepts them is checked later. */
export interface RequestSource {
	/** An item's custom id, which names the item also when its request cannot be made. */
	customId: (itemIndex: number) => string;
	/**
	 * Reads the files that belong to an item's request, before the request is made for the first
	 * time; undefined when there is nothing to read. Never rejects.
	 *
	 * @returns hints about what only OpenAI refuses
	 */
	prepare?: (itemIndex: number) => Promise<string[]> | undefined;
	/** What stands for the files in the requests; undefined when there are none. */
	files?: AttachedFiles;
	/** The whole request. @throws {RequestProblem} */
	request: (itemIndex: number, customId: string) => RequestLine;
	/**
	 * The code in an item's prompt, messages or body that inserts nothing, after its request was made;
	 * undefined without any.
	 */
	emptyInsertion?: (itemIndex: number) => string | undefined;
	/** Whether that code is in a body. */
	isBody?: true;
}

export interface SourceContext {
	context: IExecuteFunctions;
	parameters: Pick<ItemParameters, 'read' | 'emptyInsertion'> &
		Partial<Pick<ItemParameters, 'absentField'>>;
	endpoint: string;
	server: Server;
}

/** A custom id; ids from databases are often numbers. */
function customIdOf(value: unknown): string {
	return (typeof value === 'number' ? String(value) : value) as string;
}

/** A model from its name, or from the panel's locator; '' where there is none. */
function modelOf(value: unknown): string {
	const name = isObject(value) ? value.value : value;
	if (name === undefined || name === null) return '';
	if (typeof name !== 'object') return String(name).trim();
	throw new RequestProblem('The model has to be text.', 'model');
}

/**
 * Makes a check that refuses the model that the panel starts with where it is not made for the
 * endpoint: it stays in the field when another endpoint is chosen.
 *
 * @returns a function that returns the model, and throws {RequestProblem}
 */
function modelCheck(endpoint: string, { model: { example } }: Endpoint): (model: string) => string {
	if (example === DEFAULT_MODEL) return (model) => model;
	return (model) => {
		if (model !== DEFAULT_MODEL) return model;
		throw new RequestProblem(
			`${DEFAULT_MODEL} is not a model for ${endpoint}. Choose one under Model, for example ${example}.`,
			'model',
		);
	};
}

/** A prompt is text. A number or a boolean is written out, and a list stays as it is. */
function promptOf(value: unknown): string | JsonValue[] {
	if (value === undefined || value === null || value === '') {
		throw new RequestProblem('The prompt is empty.', 'prompt', true);
	}
	if (Array.isArray(value)) return value as JsonValue[];
	if (typeof value === 'object') {
		throw new RequestProblem('The prompt is an object. Turn it into text first.', 'prompt');
	}
	return String(value);
}

/** As `promptOf`, for endpoints to which attachments are enough; '' without a text. */
const promptOrNothing = (value: unknown) =>
	value === undefined || value === null || value === '' ? '' : promptOf(value);

/** What the prompt is made from: the field, and how its value is read. */
const PROMPT_TYPES = {
	text: { field: 'prompt', read: promptOf },
	messages: { field: 'messages', read: messagesOf },
};

function isPromptType(value: unknown): value is keyof typeof PROMPT_TYPES {
	return typeof value === 'string' && Object.hasOwn(PROMPT_TYPES, value);
}

/** @throws {NodeOperationError} for a type that is not known, or not possible for the endpoint */
function promptType(context: IExecuteFunctions, endpoint: string, { takesMessages }: Endpoint) {
	const type: unknown = context.getNodeParameter('promptType', 0, 'text');
	if (isPromptType(type) && (takesMessages || type === 'text')) return PROMPT_TYPES[type];
	const message = isPromptType(type)
		? `Requests for ${endpoint} cannot be made from messages`
		: 'Prompt As has a value that is not known';
	const description = isPromptType(type)
		? 'Set Prompt As to Text, and enter the prompt there.'
		: `Use ${Object.keys(PROMPT_TYPES).join(' or ')}.`;
	throw new NodeOperationError(context.getNode(), message, { description });
}

/** Makes requests from the fields of the panel. */
export function fieldsSource({
	context,
	parameters,
	endpoint,
	server,
}: SourceContext): RequestSource {
	const known = endpointOf(endpoint);
	if (!known) {
		throw new NodeOperationError(
			context.getNode(),
			`Requests for ${endpoint} cannot be made from fields`,
			{
				description: [
					urlFault(endpoint, 'endpoint'),
					'Set Requests From to JSON Body, and enter the whole body there.',
				]
					.filter(Boolean)
					.join(' '),
			},
		);
	}
	const customId = parameters.read('customId');
	// No mode of the locator extracts anything, so its value can be read directly, which is fast.
	const model = parameters.read('model');
	const checked = modelCheck(endpoint, known);
	const { field, read } = promptType(context, endpoint, known);
	const prompt = remembered<string | JsonValue[]>(
		parameters.read(field),
		known.takesAttachmentsAlone ? promptOrNothing : read,
	);
	const { options, ...attached } = itemOptions({ context, parameters, endpoint: known, server });
	return {
		...attached,
		customId: (itemIndex) => customIdOf(customId(itemIndex)),
		emptyInsertion: (itemIndex) => parameters.emptyInsertion(field, itemIndex),
		request: (itemIndex, custom_id) => {
			const fields = {
				model: checked(modelOf(model(itemIndex))),
				prompt: prompt(itemIndex),
				options: options(itemIndex),
			};
			if (fields.prompt === '' && !fields.options.attachments?.length) {
				throw new RequestProblem('The prompt is empty, and nothing is attached.', 'prompt');
			}
			return { custom_id, method: 'POST', url: endpoint, body: makeBody(known, fields) };
		},
	};
}

function bodyOf(raw: unknown): JsonObject {
	if (isObject(raw)) return raw;
	if (isAbsent(raw) || raw === '') {
		throw new RequestProblem('The body is empty. Check its expression.', 'body', true);
	}
	const parsed = Array.isArray(raw) ? undefined : tryParseJson(String(raw));
	if (parsed?.ok && isObject(parsed.value)) return parsed.value;
	throw new RequestProblem(bodyProblem(raw, parsed), 'body');
}

function bodyProblem(raw: unknown, parsed: ParsedJson | undefined): string {
	const needed = 'The body has to be a JSON object';
	if (!parsed || (parsed.ok && Array.isArray(parsed.value))) {
		return `${needed}, and this is a list. Return one object for each item, or split the list into items first.`;
	}
	if (parsed.ok) return `${needed}.`;
	if (String(raw).trim() === OBJECT_TEXT) {
		return `${needed}, and this is the text '${OBJECT_TEXT}': the expression has text or spaces around it. Remove everything outside of {{ }}.`;
	}
	return `The body is not valid JSON: ${parsed.message}. Put text from an item into it with JSON.stringify().`;
}

function jsonSource({ parameters, endpoint }: SourceContext): RequestSource {
	const customId = parameters.read('customId');
	const body = remembered(parameters.read('body'), bodyOf);
	/** The item whose body was made last, if a message in it has no content. */
	let speechless: number | undefined;
	return {
		isBody: true,
		customId: (itemIndex) => customIdOf(customId(itemIndex)),
		emptyInsertion: (itemIndex) => {
			const empty = parameters.emptyInsertion('body', itemIndex);
			if (empty !== undefined || speechless !== itemIndex) return empty;
			return parameters.absentField?.(itemIndex, 'body');
		},
		request: (itemIndex, custom_id) => {
			const made = body(itemIndex);
			speechless = lacksContent(made) ? itemIndex : undefined;
			return { custom_id, method: 'POST', url: endpoint, body: made };
		},
	};
}

/** Whether a message of a body has no content. JSON leaves out a field that has no value. */
function lacksContent({ messages, input }: JsonObject): boolean {
	const isSpeechless = (message: JsonValue) =>
		isObject(message) && message.role === 'user' && message.content === undefined;
	return [messages, input].some((list) => Array.isArray(list) && list.some(isSpeechless));
}

/**
 * Lines that spell the endpoint in another way, with or without `/v1`, get the batch's spelling. An
 * item without a body is checked with everything it has, so that the error can say what that is.
 */
function linesSource({ context, endpoint }: SourceContext): RequestSource {
	const items = context.getInputData();
	return {
		customId: (itemIndex) => customIdOf(items[itemIndex].json.custom_id),
		request: (itemIndex, custom_id) => {
			const { json } = items[itemIndex];
			const { method, url, body } = json;
			if (isAbsent(body)) return { ...json, ...(custom_id && { custom_id }) } as RequestLine;
			const own = isSameEndpoint(url, endpoint) ? endpoint : url;
			return { custom_id, method, url: own, body } as RequestLine;
		},
	};
}

const SOURCES: Record<string, (source: SourceContext) => RequestSource> = {
	fields: fieldsSource,
	json: jsonSource,
	lines: linesSource,
};

/** A JSON schema may well describe what expressions are. */
const MAY_HAVE_EXPRESSIONS = ['requestOptions.jsonSchema'];

/** @throws {NodeOperationError} for a constant with an expression in it, which would be sent as it is */
function refuseUnevaluated(context: IExecuteFunctions, { unevaluated }: ItemParameters): void {
	const found = unevaluated.find(({ parameter }) => !MAY_HAVE_EXPRESSIONS.includes(parameter));
	if (!found) return;
	const name = fieldLabel(found.parameter);
	throw new NodeOperationError(
		context.getNode(),
		`${name} contains {{ ${found.code} }}, but the field is set to Fixed, so that this text would be sent as it stands`,
		{
			description: `Switch the field ${name} to Expression. If the text is meant as it stands, put it into a field of the items and insert that field.`,
		},
	);
}

/** Prepares how items become requests, as the `requestSource` parameter says. */
export function requestSource(
	context: IExecuteFunctions,
	parameters: ItemParameters,
	{ endpoint, server }: { endpoint: string; server: Server },
): RequestSource {
	const name: unknown = context.getNodeParameter('requestSource', 0);
	const isKnown = typeof name === 'string' && Object.hasOwn(SOURCES, name);
	if (isKnown) {
		const source = SOURCES[name]({ context, parameters, endpoint, server });
		refuseUnevaluated(context, parameters);
		return source;
	}
	const given = typeof name === 'string' ? `'${name.slice(0, 60)}'` : 'This value';
	throw new NodeOperationError(context.getNode(), `${given} is not a request source`, {
		description: 'Use fields, json, lines, requestsFile or rowsFile.',
	});
}

/** Reads a value for each item, and converts it only when the raw value has changed. */
export function remembered<T>(
	read: ItemParameter,
	convert: (raw: unknown) => T,
): (index: number) => T {
	let last: { raw: unknown; value: T } | undefined;
	return (itemIndex) => {
		const raw = read(itemIndex);
		if (!last || last.raw !== raw) last = { raw, value: convert(raw) };
		return last.value;
	};
}

/** Both the files and the request of an item need its options, which n8n may have to evaluate. */
function oncePerItem<T>(read: (itemIndex: number) => T): (itemIndex: number) => T {
	let last: { itemIndex: number; value: T } | undefined;
	return (itemIndex) => {
		if (last?.itemIndex !== itemIndex) last = { itemIndex, value: read(itemIndex) };
		return last.value;
	};
}

/** The request options of the items, and the files that belong to them; as in `RequestSource`. */
interface ItemOptions {
	/** @throws {RequestProblem} */
	options: (itemIndex: number) => RequestOptions;
	prepare?: (itemIndex: number) => Promise<string[]> | undefined;
	files?: AttachedFiles;
}

/** Prepares the request options of all items. Without attachments, nothing has to be read. */
function itemOptions({
	context,
	parameters,
	endpoint,
	server,
}: {
	context: IExecuteFunctions;
	parameters: SourceContext['parameters'];
	endpoint: Endpoint;
	server: Server;
}): ItemOptions {
	const readOptions = optionsReader(server);
	const chosen = oncePerItem(
		remembered<ChosenOptions>(parameters.read('requestOptions', { fallback: {} }), (raw) =>
			readOptions(raw as Record<string, unknown>),
		),
	);
	const raw: unknown = context.getNodeParameter('requestOptions', 0, {}, { rawExpressions: true });
	if (isObject(raw) && isAbsent(raw.attachments)) {
		return { options: chosen as (itemIndex: number) => RequestOptions };
	}
	const files = new AttachedFiles(context, endpoint, server);
	return {
		files,
		prepare(itemIndex) {
			try {
				return files.read(itemIndex, chosen(itemIndex).attachments ?? []);
			} catch {
				// The same error comes again where the request is made.
				return undefined;
			}
		},
		options(itemIndex) {
			const { attachments, ...others } = chosen(itemIndex);
			if (!attachments) return others;
			return { ...others, attachments: files.attachments(itemIndex, attachments) };
		},
	};
}

import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { DEFAULT_ENDPOINT, ENDPOINTS, urlFault } from '../../endpoints';
import { SCHEMA_NAME } from '../../endpoints/body';
import type { Endpoint } from '../../endpoints/endpoint';
import { RequestProblem, versionedPath } from '../../endpoints/endpoint';
import type { JsonObject, JsonValue } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';
import { isUnset } from '../shared/fields';

/** The value of the list for an endpoint whose path the user types. */
const OTHER = 'other';

const choices = [
	...ENDPOINTS.map(({ label, path }) => ({ name: label, value: versionedPath(path) })),
	{
		name: 'Other',
		value: OTHER,
		description: 'An endpoint of a compatible server, or one that is newer than this node',
	},
	// To compare by a language would load its rules, which takes 8 ms of n8n's start.
].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The endpoint of a batch: one of the list, in OpenAI's spelling, or any other path. */
export const endpointFields: INodeProperties[] = [
	{
		displayName: 'Endpoint',
		name: 'endpoint',
		type: 'options',
		options: choices,
		default: versionedPath(DEFAULT_ENDPOINT.path),
		description: 'The API endpoint that every request of the batch goes to',
	},
	{
		displayName: 'Endpoint Path',
		name: 'otherEndpoint',
		type: 'string',
		displayOptions: { show: { endpoint: [OTHER] } },
		default: '',
		required: true,
		placeholder: 'e.g. /chat/completions',
		description: 'The path in the form that the server expects, often with a version in front',
	},
];

/**
 * The values of the Endpoint field for some endpoints, to show or hide other fields by. A path that
 * is typed may be any of them, so it is always among the values.
 */
export function endpointValues(isMeant: (endpoint: Endpoint) => boolean): string[] {
	return [...ENDPOINTS.filter(isMeant).map(({ path }) => versionedPath(path)), OTHER];
}

/** The endpoint that was chosen or typed. @throws {NodeOperationError} when it is not a path */
export function endpointParameter(context: IExecuteFunctions, itemIndex: number): string {
	const chosen = context.getNodeParameter('endpoint', itemIndex) as string;
	const endpoint =
		chosen === OTHER ? (context.getNodeParameter('otherEndpoint', itemIndex) as string) : chosen;
	const path = typeof endpoint === 'string' ? endpoint.trim() : '';
	// A path that is nearly a known one may be one of a compatible server's own.
	if (path.startsWith('/') && !path.startsWith('//')) return path;
	const fault = path === '' ? 'It is empty.' : urlFault(path, 'endpoint');
	throw new NodeOperationError(context.getNode(), 'The endpoint has to be a path', {
		itemIndex,
		description: `${fault} A path begins with a slash, for example /v1/chat/completions.`,
	});
}

/** Reads a JSON field of the panel: text, or an object that an expression returned. */
export function jsonObject(value: unknown, displayName: string): JsonObject | undefined {
	if (isUnset(value)) return undefined;
	if (isObject(value)) return value;
	const parsed = Array.isArray(value) ? undefined : tryParseJson(String(value));
	if (parsed && !parsed.ok) {
		throw new RequestProblem(`${displayName} is not valid JSON: ${parsed.message}.`);
	}
	if (isObject(parsed?.value)) return parsed.value;
	throw new RequestProblem(`${displayName} has to be a JSON object.`);
}

interface Range {
	min: number;
	max?: number;
	isWhole?: boolean;
}

function describe({ min, max, isWhole }: Range): string {
	const bounds = max === undefined ? `of at least ${min}` : `between ${min} and ${max}`;
	return `a ${isWhole ? 'whole number' : 'number'} ${bounds}`;
}

/** Makes a reader of numbers within the bounds of the panel, which does not check expressions. */
export function amount(range: Range) {
	return (value: unknown, displayName: string): number | undefined => {
		if (isUnset(value)) return undefined;
		const number = typeof value === 'string' ? Number(value) : value;
		const isRight =
			typeof number === 'number' &&
			(range.isWhole ? Number.isInteger(number) : Number.isFinite(number)) &&
			number >= range.min &&
			number <= (range.max ?? Infinity);
		if (isRight) return number;
		throw new RequestProblem(`${displayName} has to be ${describe(range)}.`);
	};
}

/** Reads a text; numbers and booleans are written out. */
export function text(value: unknown, displayName: string): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'object') return String(value);
	throw new RequestProblem(`${displayName} has to be text.`);
}

/** Reads the name of a schema. The API refuses other names, but only when the requests run. */
export function schemaName(value: unknown, displayName: string): string | undefined {
	const name = text(value, displayName);
	if (!name || SCHEMA_NAME.test(name)) return name;
	throw new RequestProblem(
		`${displayName} can have only letters, digits, underscores and dashes, and at most 64 of them.`,
	);
}

const problem = (message: string, isEmpty?: boolean) =>
	new RequestProblem(message, 'messages', isEmpty);

/**
 * Reads the messages of a request from the rows of the panel, in the form that both endpoints take.
 *
 * @throws {RequestProblem} for messages that leave the model nothing to answer, by their number
 */
export function messagesOf(value: unknown): JsonValue[] {
	const rows = isObject(value) ? value.values : undefined;
	if (!Array.isArray(rows) || rows.length === 0) {
		throw problem('There are no messages. Add one with the role User.');
	}
	const messages = rows.map(messageOf);
	if (!messages.some(({ role }) => role === 'user')) {
		throw problem('There is no user message. Add one with the role User.');
	}
	if (messages.at(-1)!.role === 'assistant') {
		throw problem(
			`Message ${messages.length}, the last one, is an assistant message, so that there is nothing to answer. Put a user message at the end.`,
		);
	}
	return messages;
}

function messageOf(row: unknown, index: number): JsonObject & { role: string } {
	const { role = 'user', content } = isObject(row) ? row : {};
	if (typeof role !== 'string' || role === '') {
		throw problem(`Message ${index + 1} has no role. Use system, developer, user or assistant.`);
	}
	return { role, content: contentOf(content, index + 1) };
}

/** A content is text. A number or a boolean is written out, and a list of parts stays as it is. */
function contentOf(content: JsonValue | undefined, place: number): JsonValue {
	if (isEmpty(content)) {
		throw problem(`Message ${place} is empty. Check its expression, or remove the message.`, true);
	}
	if (isObject(content)) {
		throw problem(`The content of message ${place} is an object. Turn it into text first.`);
	}
	return Array.isArray(content) ? content : String(content);
}

const isEmpty = (content: JsonValue | undefined) =>
	content === undefined ||
	content === null ||
	(typeof content === 'string' && content.trim() === '') ||
	(Array.isArray(content) && content.length === 0);

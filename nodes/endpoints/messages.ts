import { checkArguments, checkToolCalls } from './parameters';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';
import {
	asHint,
	checkAddress,
	checkDataUrl,
	checkObject,
	checkString,
	checkText,
	invalidType,
	invalidValue,
	isAbsent,
	isObject,
	missing,
} from '../jsonl/json';

/**
 * The shapes of messages and of the parts of their content, as the types of OpenAI's SDK (7.57)
 * have them. Compatible servers know more roles and parts, so these checks are for OpenAI only. A
 * kind of part that is not known here becomes a hint, because the service gets new kinds.
 */

/** Checks the fields of a part. @param at the part's place, such as `body.messages[0].content[1]` */
type PartCheck = (part: JsonObject, at: string) => Issue[];
type Parts = Readonly<Record<string, PartCheck>>;
type Roles = Readonly<Record<string, Parts>>;

const textPart: PartCheck = (part, at) => checkString(part, `${at}.text`);
const refusalPart: PartCheck = (part, at) => checkString(part, `${at}.refusal`);

/** Checks a field that may be left out and holds an address, a data URL or another text. */
function checkOptionalText(object: JsonObject, param: string): Issue[] {
	const value = object[param.slice(param.lastIndexOf('.') + 1)];
	if (isAbsent(value)) return [];
	return typeof value === 'string'
		? checkDataUrl(value, param)
		: [invalidType(param, 'a string', value)];
}

/** Checks a field that may be left out and holds an address or a data URL. */
function checkOptionalAddress(object: JsonObject, param: string): Issue[] {
	const issues = checkOptionalText(object, param);
	const value = object[param.slice(param.lastIndexOf('.') + 1)];
	return issues.length > 0 || typeof value !== 'string' ? issues : checkAddress(value, param);
}

/** The image of chat completions and moderations: an object around its address. */
const imageUrlPart: PartCheck = (part, at) => {
	const param = `${at}.image_url`;
	const image = part.image_url;
	if (!isObject(image)) {
		return checkObject(part, param, 'Write {"url": "https://…"}, an object around the address.');
	}
	const issues = checkString(image, `${param}.url`);
	return issues.length > 0 ? issues : checkAddress(String(image.url), `${param}.url`);
};

const inputImagePart: PartCheck = (part, at) => {
	const param = `${at}.image_url`;
	if (isObject(part.image_url)) {
		const hint = 'In the Responses API, the address of the image stands there itself.';
		return [invalidType(param, 'a string', part.image_url, hint)];
	}
	return [...checkOptionalAddress(part, param), ...checkOptionalText(part, `${at}.file_id`)];
};

const SOUNDS: readonly unknown[] = ['wav', 'mp3'];

const inputAudioPart: PartCheck = (part, at) => {
	const param = `${at}.input_audio`;
	const issues = checkObject(part, param);
	if (issues.length > 0) return issues;
	const audio = part.input_audio as JsonObject;
	issues.push(...checkString(audio, `${param}.data`), ...checkString(audio, `${param}.format`));
	if (issues.length > 0) return issues;
	if (!SOUNDS.includes(audio.format)) {
		issues.push(invalidValue(`${param}.format`, `The format of audio is 'wav' or 'mp3'.`));
	}
	if (String(audio.data).startsWith('data:')) {
		const message = 'Audio is given as base64 alone. Leave out what stands before the comma.';
		issues.push(invalidValue(`${param}.data`, message));
	}
	return issues;
};

const filePart: PartCheck = (part, at) => {
	const param = `${at}.file`;
	const issues = checkObject(part, param);
	if (issues.length > 0) return issues;
	const file = part.file as JsonObject;
	if (!isAbsent(file.file_url)) {
		const message =
			"Chat completions do not fetch files. Use 'file_data' with a data URL, or the endpoint /v1/responses.";
		issues.push(invalidValue(`${param}.file_url`, message));
	}
	const type = /^data:([^;,]+)[;,]/i.exec(String(file.file_data))?.[1].toLowerCase();
	if (type !== undefined && type !== 'application/pdf') {
		const message = `Chat Completions takes only PDF files, not ${type}. Use the endpoint /v1/responses for other files.`;
		issues.push(invalidValue(`${param}.file_data`, message));
	}
	const texts = ['file_data', 'file_id', 'filename'];
	return [...issues, ...texts.flatMap((name) => checkOptionalText(file, `${param}.${name}`))];
};

const inputFilePart: PartCheck = (part, at) => [
	...['file_data', 'file_id', 'filename'].flatMap((name) =>
		checkOptionalText(part, `${at}.${name}`),
	),
	...checkOptionalAddress(part, `${at}.file_url`),
];

const RESPONSES_PARTS: Parts = {
	input_text: textPart,
	input_image: inputImagePart,
	input_file: inputFilePart,
	output_text: textPart,
	refusal: refusalPart,
};

const ONLY_TEXT: Parts = { text: textPart };

/** What the content of a chat message may be made of, by the role of the message. */
const CHAT_ROLES: Roles = {
	assistant: { ...ONLY_TEXT, refusal: refusalPart },
	developer: ONLY_TEXT,
	function: ONLY_TEXT,
	system: ONLY_TEXT,
	tool: ONLY_TEXT,
	user: {
		...ONLY_TEXT,
		image_url: imageUrlPart,
		input_audio: inputAudioPart,
		file: filePart,
	},
};

const RESPONSES_ROLES: Roles = {
	assistant: RESPONSES_PARTS,
	developer: RESPONSES_PARTS,
	system: RESPONSES_PARTS,
	user: RESPONSES_PARTS,
};

/** What the parts of one API, and of other services, are called here. */
const TWINS: Readonly<Record<string, readonly string[]>> = {
	file: ['input_file'],
	image: ['image_url', 'input_image'],
	image_url: ['input_image'],
	input_file: ['file'],
	input_image: ['image_url'],
	input_text: ['text'],
	output_text: ['text'],
	text: ['input_text'],
};

/** Checks that all messages of a chat completion have a role, which every server needs. */
export function checkRoles({ messages }: JsonObject): Issue[] {
	return eachObject(
		messages,
		'body.messages',
		({ role }) => typeof role === 'string' && role !== '',
		(message, at) =>
			checkText(message, `${at}.role`, 'It says whose message it is, such as "user".'),
	);
}

/** Checks the messages of a chat completion. */
export function checkMessages({ messages }: JsonObject): Issue[] {
	return eachObject(
		messages,
		'body.messages',
		(message) => isPlainMessage(message, CHAT_ROLES) && !hasCalls(message),
		(message, at) => {
			const { role, content } = message;
			// `checkRoles` has refused any other value.
			if (typeof role !== 'string' || role === '') return [];
			const issues = checkRole(role, at, CHAT_ROLES);
			if (issues.length > 0) return issues;
			if (role === 'assistant') issues.push(...checkToolCalls(message, at));
			if (role === 'tool')
				issues.push(...checkString(message, `${at}.tool_call_id`, ANSWERED_CALL));
			if (issues.length > 0) return issues;
			if (!isAbsent(content)) return checkContent(content, `${at}.content`, CHAT_ROLES[role]);
			return mayLackContent(message) ? [] : [missing(`${at}.content`)];
		},
	);
}

const isPlainMessage = ({ role, content }: JsonObject, roles: Roles) =>
	typeof content === 'string' && typeof role === 'string' && Object.hasOwn(roles, role);

/** Whether a message makes calls or answers one, which needs more than a role and a content. */
const hasCalls = ({ role, tool_calls: calls }: JsonObject) => role === 'tool' || !isAbsent(calls);

const ANSWERED_CALL = 'It is the id of the call that this message answers.';

/** What an assistant may have said in place of a text. */
const INSTEAD_OF_CONTENT = ['audio', 'function_call', 'refusal', 'tool_calls'];

function mayLackContent(message: JsonObject): boolean {
	if (message.role === 'function') return true;
	return (
		message.role === 'assistant' && INSTEAD_OF_CONTENT.some((name) => !isAbsent(message[name]))
	);
}

/** Checks the items of a response's input that are messages; the API has many other kinds. */
export function checkInputItems({ input }: JsonObject): Issue[] {
	if (!Array.isArray(input)) return [];
	const at = input.findIndex((item) => !isObject(item));
	if (at !== -1) {
		const hint = 'Write {"role": "user", "content": "…"}.';
		return [invalidType(`body.input[${at}]`, 'an object', input[at], hint)];
	}
	return eachObject(
		input,
		'body.input',
		(item) => isPlainMessage(item, RESPONSES_ROLES),
		checkInputItem,
	);
}

function checkInputItem(item: JsonObject, at: string): Issue[] {
	const { type, role, content, id } = item;
	if (type === 'function_call') {
		return [...checkString(item, `${at}.call_id`), ...checkArguments(item, `${at}.arguments`)];
	}
	if (!isAbsent(type) && type !== 'message') return [];
	// An item that has only an id refers to an earlier one.
	if (isAbsent(type) && isAbsent(role) && isAbsent(content) && typeof id === 'string') return [];
	if (isAbsent(role)) return [missing(`${at}.role`, roleHint(RESPONSES_ROLES))];
	const issues = checkRole(role, at, RESPONSES_ROLES);
	if (issues.length > 0) return issues;
	if (isAbsent(content)) return [missing(`${at}.content`)];
	return checkContent(content, `${at}.content`, RESPONSES_PARTS);
}

/** Checks the list of what to moderate. */
export function checkModerationInput({ input }: JsonObject): Issue[] {
	if (!Array.isArray(input)) return [];
	const parts: Parts = { ...ONLY_TEXT, image_url: imageUrlPart };
	return input.flatMap((part, index) =>
		typeof part === 'string' ? [] : checkPart(part, `body.input[${index}]`, parts),
	);
}

/** Checks the objects of a list. Nothing is written for what is right, as nearly all objects are. */
function eachObject(
	list: JsonValue | undefined,
	param: string,
	isRight: (item: JsonObject) => boolean,
	check: (item: JsonObject, at: string) => Issue[],
): Issue[] {
	if (!Array.isArray(list)) return [];
	const issues: Issue[] = [];
	for (const [index, item] of list.entries()) {
		if (isObject(item) && !isRight(item)) issues.push(...check(item, `${param}[${index}]`));
	}
	return issues;
}

const listOf = (names: Readonly<Record<string, unknown>>) => Object.keys(names).join(', ');

const roleHint = (roles: Roles) => `It is one of: ${listOf(roles)}.`;

function checkRole(role: JsonValue, at: string, roles: Roles): Issue[] {
	if (typeof role !== 'string') return [invalidType(`${at}.role`, 'a string', role)];
	if (Object.hasOwn(roles, role)) return [];
	const message = `'${role.slice(0, 60)}' is not the role of a message. ${roleHint(roles)}`;
	return [invalidValue(`${at}.role`, message)];
}

function checkContent(content: JsonValue, param: string, parts: Parts): Issue[] {
	if (typeof content === 'string') return [];
	if (!Array.isArray(content)) return [invalidType(param, 'a string or an array', content)];
	return content.flatMap((part, index) => checkPart(part, `${param}[${index}]`, parts));
}

function checkPart(part: JsonValue, at: string, parts: Parts): Issue[] {
	if (!isObject(part)) return [invalidType(at, 'an object', part)];
	const { type } = part;
	if (isAbsent(type)) return [missing(`${at}.type`, `It is one of: ${listOf(parts)}.`)];
	if (typeof type !== 'string') return [invalidType(`${at}.type`, 'a string', type)];
	if (Object.hasOwn(parts, type)) return parts[type](part, at);
	const twins = Object.hasOwn(TWINS, type) ? TWINS[type] : [];
	const twin = twins.find((name) => Object.hasOwn(parts, name));
	const advice = twin === undefined ? `Use one of: ${listOf(parts)}.` : `Use '${twin}'.`;
	const message = `'${type.slice(0, 60)}' is not a type of content that is possible here. ${advice}`;
	const issue = invalidValue(`${at}.type`, message);
	const isForeign = twin !== undefined || Object.hasOwn(CHAT_ROLES.user, type);
	return [isForeign ? issue : asHint(issue)];
}

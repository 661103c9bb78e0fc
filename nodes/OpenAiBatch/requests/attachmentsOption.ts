import type { IBinaryData } from 'n8n-workflow';
import type { AttachmentType, ImageDetail, Server } from '../../endpoints/endpoint';
import { RequestProblem } from '../../endpoints/endpoint';
import { checkDataUrl, isObject } from '../../jsonl/json';
import { isBinary } from '../shared/binary';

/** Binary fields by name, all of them as `*`, or a binary itself, which an expression returned. */
export type BinaryProperty = string | IBinaryData;

/** One entry of the option, as the user chose it for an item. */
export type ChosenAttachment = { type: AttachmentType; detail?: ImageDetail } & (
	| { source: 'binary'; properties: readonly BinaryProperty[] }
	| { source: 'url'; urls: readonly string[] }
	| { source: 'fileId'; fileIds: readonly string[] }
);

/** The name that stands for all binary fields of an item. */
export const ALL_FIELDS = '*';

const isUnset = (value: unknown) => value === undefined || value === null || value === '';

/** Reads what the panel stores for one field from a list of what it may be. */
function oneOf<Value extends string>(
	value: unknown,
	values: readonly Value[],
	field: string,
): Value {
	const given = isUnset(value) ? values[0] : value;
	const found = values.find((one) => one === given);
	if (found !== undefined) return found;
	const shown = typeof given === 'object' ? 'an object' : `'${String(given).slice(0, 60)}'`;
	throw new RequestProblem(
		`${field} of an attachment is ${shown}. It has to be one of: ${values.join(', ')}.`,
		PARAM,
	);
}

const PARAM = 'requestOptions.attachments';

/** An entry without a value is more often a mistake than meant, and its answer would be paid for. */
function unsetProblem(what: string): RequestProblem {
	return new RequestProblem(
		`An attachment has no ${what}. For items without an attachment, use an expression that returns an empty list.`,
		PARAM,
	);
}

/** Values separated by commas, or a list that an expression returned. */
function listOf(value: unknown, what: string, between: RegExp = /,/): unknown[] {
	if (isUnset(value)) throw unsetProblem(what);
	if (Array.isArray(value)) {
		const unset = value.findIndex(isUnset);
		if (unset !== -1) throw unsetProblem(`${what} in entry ${unset + 1} of its list`);
		return value;
	}
	if (typeof value === 'object') return [value];
	const list = String(value)
		.split(between)
		.map((one) => one.trim())
		.filter((one) => one !== '');
	if (list.length === 0) throw unsetProblem(what);
	return list;
}

function binaryProperties(value: unknown): BinaryProperty[] {
	return listOf(value, 'binary field').map((property) => {
		if (isBinary(property)) return property;
		if (typeof property === 'string' && property.trim() !== '') return property.trim();
		throw new RequestProblem(
			'Input Binary Field of an attachment has to be the name of a binary field.',
			PARAM,
		);
	});
}

/** What the id of a file may be. Other servers have paths and addresses as ids, such as `files/abc`. */
const FILE_ID: Record<Server, RegExp> = { openai: /^[^\s/:]+$/, compatible: /^\S+$/ };

function fileIds(value: unknown, server: Server): string[] {
	return listOf(value, 'file ID').map((id) => {
		if (typeof id === 'string' && FILE_ID[server].test(id.trim())) return id.trim();
		const shown = typeof id === 'string' ? `'${id.slice(0, 60)}'` : 'this value';
		throw new RequestProblem(
			`File ID of an attachment has to be the id of an uploaded file, such as file-abc123, and ${shown} is not one.`,
			PARAM,
		);
	});
}

/** What separates two addresses. Addresses may contain commas, and data URLs always do. */
const BETWEEN_ADDRESSES: Record<Server, RegExp> = {
	openai: /\r?\n|,\s*(?=(?:https?|data):)/i,
	compatible: /\r?\n|,\s*(?=[a-z][\w+.-]*:\/\/|https?:|data:)/i,
};

const WEB_ADDRESS = /^https?:/i;
const DATA_URL = /^data:/i;
/** What every address begins with, and the name of a file does not. */
const SCHEME = /^[a-z][\w+.-]+:/i;

function notAnAddress(shown: string, isImage: boolean): string {
	const needed = isImage ? 'a web address or a data URL' : 'a web address';
	return `URL of an attachment has to be ${needed}, but '${shown}' is ${isImage ? 'neither' : 'none'}.`;
}

/**
 * Why an address cannot be fetched; undefined when it can. OpenAI fetches from the web, and other
 * servers also from their own storage, such as `gs://bucket/a.png` or `file:///data/a.png`.
 */
function addressFault(address: string, isImage: boolean, server: Server): string | undefined {
	const shown = address.slice(0, 60);
	const isOpenAi = server === 'openai';
	if (DATA_URL.test(address) && (isImage || !isOpenAi)) {
		return checkDataUrl(address, 'Attachments')[0]?.message;
	}
	const isWeb = WEB_ADDRESS.test(address);
	if (!isWeb && (isOpenAi || !SCHEME.test(address))) return notAnAddress(shown, isImage);
	if (/\s/.test(address)) {
		return `URL of an attachment has white space in the address '${shown}'. Write %20 for a space. Begin each of several addresses with https://.`;
	}
	if (!isWeb || (/^https?:\/\/./i.test(address) && URL.canParse(address))) return undefined;
	return `URL of an attachment has to be a complete web address, but '${shown}' is not.`;
}

function urls(value: unknown, type: AttachmentType, server: Server): string[] {
	const isTyped = !Array.isArray(value);
	const isImage = type === 'image';
	return listOf(value, 'URL', BETWEEN_ADDRESSES[server]).map((one) => {
		if (typeof one === 'object')
			throw new RequestProblem(notAnAddress('an object', isImage), PARAM);
		let address = String(one).trim();
		// A list may have addresses that end with a comma.
		if (isTyped && !DATA_URL.test(address)) address = address.replace(/[\s,]+$/, '');
		const fault = addressFault(address, isImage, server);
		if (fault) throw new RequestProblem(fault, PARAM);
		return address;
	});
}

const TYPES: readonly AttachmentType[] = ['image', 'audio', 'file'];
const DETAILS = ['auto', 'high', 'low', 'original'] as const;

/** Reads the field of each source. */
const SOURCES = {
	binary: (entry: Entry) => ({
		source: 'binary' as const,
		properties: binaryProperties(entry.binaryPropertyName ?? 'data'),
	}),
	fileId: (entry: Entry, _type: AttachmentType, server: Server) => ({
		source: 'fileId' as const,
		fileIds: fileIds(entry.fileId, server),
	}),
	url: (entry: Entry, type: AttachmentType, server: Server) => ({
		source: 'url' as const,
		urls: urls(entry.url, type, server),
	}),
};

type Entry = Readonly<Record<string, unknown>>;
type SourceName = keyof typeof SOURCES;

function chosenAttachment(entry: Entry, server: Server): ChosenAttachment {
	const type = oneOf(entry.type, TYPES, 'Type');
	const source = oneOf(entry.source, Object.keys(SOURCES) as SourceName[], 'Source');
	const detail = oneOf(entry.detail, DETAILS, 'Detail');
	return {
		type,
		...(type === 'image' && detail !== 'auto' && { detail }),
		...SOURCES[source](entry, type, server),
	};
}

/**
 * Reads the option as the panel stores it.
 *
 * @param server whose addresses and ids of files they are
 * @throws {RequestProblem} for what cannot be meant
 */
export function chosenAttachments(
	value: unknown,
	displayName: string,
	server: Server,
): ChosenAttachment[] | undefined {
	if (isUnset(value)) return undefined;
	const entries = isObject(value) ? (value.values ?? []) : undefined;
	if (!Array.isArray(entries) || !entries.every(isObject)) {
		throw new RequestProblem(`${displayName} has to be a list of attachments.`, PARAM);
	}
	return entries.length > 0 ? entries.map((entry) => chosenAttachment(entry, server)) : undefined;
}

import type { FileType } from './fileTypes';
import { IMAGE_TYPES } from './fileTypes';
import type { Issue, JsonObject, JsonValue } from '../jsonl/json';

/**
 * The endpoints that are known here, without the version. What makes their requests and what reads
 * their answers has an entry for each.
 */
export type EndpointPath =
	| '/chat/completions'
	| '/responses'
	| '/completions'
	| '/embeddings'
	| '/moderations'
	| '/images/generations'
	| '/images/edits';

/** Whose server gets the requests. What OpenAI refuses, a compatible server may accept. */
export type Server = 'openai' | 'compatible';

/** What the user chose for a request besides model and prompt. Unset options are undefined or ''. */
export interface RequestOptions {
	/** Fields that the body gets as they are; every endpoint takes them. */
	additionalFields?: JsonObject;
	/** The schema of an answer with columns; see `schemaOfColumns`. */
	answerColumns?: JsonObject;
	/** What belongs to the prompt besides text. */
	attachments?: readonly Attachment[];
	/** The length of each vector. */
	dimensions?: number;
	imageCount?: number;
	imageQuality?: string;
	imageSize?: string;
	jsonSchema?: JsonObject;
	jsonSchemaName?: string;
	/** Strict unless it is false. */
	jsonSchemaStrict?: boolean;
	/** The most tokens to generate. */
	maxTokens?: number;
	/** Requests with the same key and the same beginning share a cache of it. */
	promptCacheKey?: string;
	reasoningEffort?: string;
	reasoningSummary?: string;
	systemMessage?: string;
	temperature?: number;
	topP?: number;
	verbosity?: string;
}

/** An option that only some endpoints take. */
export type RequestOption = Exclude<keyof RequestOptions, 'additionalFields'>;

/** What the body of one request is made from. */
export interface RequestFields<Option extends RequestOption = RequestOption> {
	/** '' leaves the model out. */
	model: string;
	/** Text, or a list where the endpoint takes one: of messages, or of several inputs. */
	prompt: string | JsonValue[];
	options: Pick<RequestOptions, Option | 'additionalFields'>;
}

/** What a model can look at besides text. */
export type AttachmentType = 'image' | 'file' | 'audio';

/** How much of an image a model sees. Without it, the model decides. */
export type ImageDetail = 'low' | 'high' | 'original';

/** A file that stands in the request itself. */
export interface InlineFile {
	/** Its content, or what stands for it until the request is sent. */
	base64: string;
	type: FileType;
	/** With an extension. */
	fileName: string;
}

/** Where the content of an attachment is. */
export interface AttachmentSources {
	inline: InlineFile;
	/** A web address, or a data URL. */
	url: string;
	/** The id of a file that the service stores. */
	fileId: string;
}

/** Something attached to a request, with one of the sources. */
export type Attachment = { type: AttachmentType; detail?: ImageDetail } & {
	[Source in keyof AttachmentSources]: Pick<AttachmentSources, Source> & {
		[Other in Exclude<keyof AttachmentSources, Source>]?: undefined;
	};
}[keyof AttachmentSources];

/** How a body writes one type of attachment. */
export interface AttachmentShape {
	/** The types that OpenAI takes inline. */
	takes: readonly FileType[];
	/** What people call them: 'PDF files'. */
	takesLabel: string;
	/** The most characters of a data URL, where OpenAI's specification has a limit. */
	maxDataUrl?: number;
	/** Whether the detail of an image can be chosen. */
	hasDetail?: true;
	/** The entry of a list for each source that the endpoint takes. */
	write: {
		[Source in keyof AttachmentSources]?: (
			source: AttachmentSources[Source],
			attachment: Attachment,
		) => JsonObject;
	};
}

/** What an endpoint takes besides text; null for what it does not take. */
export type AttachmentShapes = Readonly<Record<AttachmentType, AttachmentShape | null>>;

/** Which fields of a body tokens are counted from. */
export interface TokenFields {
	/** What the model reads: only the texts in it count, not their keys. */
	prompts: readonly string[];
	/** Descriptions of tools and formats, which the model reads together with their keys. */
	definitions: readonly string[];
	/** Limits on what is generated. The first that is set holds. */
	outputLimits: readonly string[];
}

/**
 * Everything that the package knows about the requests of an endpoint. The list in the panel, the
 * options shown there, bodies, checks and token estimates all follow from it. How its answers are
 * read stands in `answers`.
 */
export interface Endpoint<
	Option extends RequestOption = RequestOption,
	Path extends EndpointPath = EndpointPath,
> {
	/** Without the version, which some servers leave out. */
	path: Path;
	/** Its name in the panel. */
	label: string;
	model: {
		/** Named in hints. The panel's default model suits the endpoints that have it here. */
		example: string;
		isRequired: boolean;
	};
	/** How its bodies write what is attached; `NO_ATTACHMENTS` without the option. */
	attachments: AttachmentShapes;
	/** The options that its bodies have a place for; the panel shows only these. */
	options: readonly Option[];
	/** Whether a list as the prompt is taken as messages, `{role, content}`. */
	takesMessages?: true;
	/** Whether attachments are enough, without a text. */
	takesAttachmentsAlone?: true;
	/**
	 * Makes a body, without the additional fields. Of the options it can read only those that the
	 * endpoint lists.
	 *
	 * @throws {RequestProblem} for fields that do not go together
	 */
	makeBody: (fields: RequestFields<NoInfer<Option>>) => JsonObject;
	/** What every server requires of a body besides the model. */
	checkBody: (body: JsonObject) => Issue[];
	/** Shapes inside of the body that OpenAI refuses. Compatible servers may have others. */
	checkShapes?: (body: JsonObject) => Issue[];
	/**
	 * Parameters and schemas that OpenAI or its models refuse; a hint for compatible servers. It reads
	 * none of the prompts: a body with the same parameters is not checked again.
	 */
	checkParameters?: (body: JsonObject) => Issue[];
	/** What OpenAI or its models refuse of the prompts; a hint for compatible servers. */
	checkPrompts?: (body: JsonObject) => Issue[];
	/** How many inputs of a body count against the API's limit on embedding inputs of a batch. */
	embeddingInputs: (body: JsonObject) => number;
	/** Whether it generates something; an endpoint that does not has no output tokens. */
	generates: boolean;
	tokens: TokenFields;
}

/** Declares an endpoint, so that its `makeBody` is held to the options that it lists. */
export function defineEndpoint<const Option extends RequestOption, Path extends EndpointPath>(
	endpoint: Endpoint<Option, Path>,
): Endpoint<Option, Path> {
	return endpoint;
}

/** Why an item cannot become a request. The message is for the user, in whole sentences. */
export class RequestProblem extends Error {
	constructor(
		message: string,
		/** The API's name of the place, where there is one. */
		readonly param?: string,
		/** Whether there is nothing at that place. */
		readonly isEmpty = false,
	) {
		super(message);
		this.name = 'RequestProblem';
	}
}

/** For endpoints that take only text. */
export const NO_ATTACHMENTS: AttachmentShapes = { image: null, file: null, audio: null };

/** OpenAI's limits for the images and the files of one request together. */
export const MAX_IMAGES = 1_500;
export const MAX_FILES_BYTES = 50 * 1024 * 1024;

/** The content of a file as a data URL. */
export const dataUrl = ({ type, base64 }: Pick<InlineFile, 'type' | 'base64'>) =>
	`data:${type.mimeType};base64,${base64}`;

/** The most characters of the data URL of a file, by OpenAI's specification. */
export const MAX_FILE_DATA = 73_400_320;

/** Images by their address, or inline as a data URL in its place. */
export const imagesByUrl = (
	write: (url: string, attachment: Attachment) => JsonObject,
	more: Pick<AttachmentShape, 'maxDataUrl' | 'hasDetail'> = {},
): AttachmentShape => ({
	...more,
	takes: Object.values(IMAGE_TYPES),
	takesLabel: 'PNG, JPEG, WebP and GIF images',
	write: { inline: (file, attachment) => write(dataUrl(file), attachment), url: write },
});

/** The most characters of the data URL of an image, where OpenAI's specification has a limit. */
export const MAX_IMAGE_URL = 20_971_520;

/** What OpenAI writes in front of the path of each endpoint. */
const VERSION = '/v1';

/** The path of an endpoint as OpenAI writes it, with the version in front. */
export function versionedPath(path: string): string {
	return `${VERSION}${path}`;
}

/** Any version, as servers have them: `/v4`, `/v1beta`. */
const ANY_VERSION = /^\/v\d+[a-z]*\d*(?=\/)/i;

/**
 * The path without its version, by which an endpoint is known: Zhipu has `/v4/chat/completions`.
 * Undefined for what is not a path, such as null.
 */
export function unversionedPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.replace(ANY_VERSION, '');
}

/**
 * Whether two spellings name the same endpoint: Azure writes `/chat/completions` where OpenAI has
 * `/v1/chat/completions`. A path with another version is another endpoint. An endpoint that is
 * absent, as some servers leave it out of their batches, is not the same as any other.
 */
export function isSameEndpoint(a: unknown, b: unknown): boolean {
	const path = openAiPath(a);
	return path !== undefined && path === openAiPath(b);
}

/** A path as OpenAI writes it; undefined for what is not a path. */
function openAiPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.startsWith(`${VERSION}/`) ? endpoint : versionedPath(endpoint);
}

/** The path behind `https://host`, `//host.name` or `host.name`. */
const ADDRESS =
	/^(?:[a-z][\w+.-]*:\/\/[^/?#]*|(?:\/\/)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?=\/))([^?#]*)/i;

/** How many letters a misspelt path may differ in. */
const MOST_TYPOS = 2;

/**
 * Why a url cannot be meant, with the right one, in whole sentences; undefined for what may be a
 * path. A path that is not known may be an endpoint of a compatible server, unless it is nearly
 * one of the known paths.
 *
 * @param known paths without a version
 * @param what it is called: 'url' or 'endpoint'
 */
export function pathFault(url: string, known: readonly string[], what = 'url'): string | undefined {
	const text = url.trim();
	const address = ADDRESS.exec(text);
	if (address) {
		const path = pathInAddress(address[1], known);
		return `The ${what} '${url}' is a whole address. Use only the path${path ? `: '${path}'` : ''}.`;
	}
	if (!text.startsWith('/')) {
		const path = /^[A-Z]+ +(\/.*)$/.exec(text)?.[1] ?? `/${text}`;
		return `The ${what} '${url}' does not begin with a slash. Use '${meantPath(path, known) ?? path}'.`;
	}
	if (known.some((path) => path === unversionedPath(url))) return undefined;
	const meant = meantPath(text, known) ?? text;
	return meant === url
		? undefined
		: `The ${what} '${url}' is not one of the API. Did you mean '${meant}'?`;
}

/** The path to use of a whole address: from the version on where it leads to a known endpoint. */
function pathInAddress(path: string, known: readonly string[]): string {
	const trimmed = path.replace(/\/+$/, '');
	const ends = known.filter((one) => trimmed.endsWith(one)).sort((a, b) => b.length - a.length);
	if (ends.length === 0) return meantPath(path, known) ?? trimmed;
	const before = trimmed.slice(0, -ends[0].length);
	const version = /\/v\d+[a-z]*\d*$/i.exec(before)?.[0];
	return version === undefined ? versionedPath(ends[0]) : `${version}${ends[0]}`;
}

/**
 * The known endpoint that a path nearly is, with the path's own version or else OpenAI's: one in
 * capitals, with a query, with a version twice, with up to two typos. Undefined when it is none.
 */
function meantPath(path: string, known: readonly string[]): string | undefined {
	const [plain] = path.toLowerCase().split(/[?#]/);
	let rest = plain.replace(/\/+$/, '');
	const version = ANY_VERSION.exec(rest)?.[0];
	while (ANY_VERSION.test(rest)) rest = rest.replace(ANY_VERSION, '');
	const near = known.find((one) => isNear(rest, one));
	if (near === undefined) return undefined;
	return version === undefined ? versionedPath(near) : `${version}${near}`;
}

/** Whether one text becomes the other by at most `MOST_TYPOS` letters added, left out or changed. */
function isNear(a: string, b: string): boolean {
	if (Math.abs(a.length - b.length) > MOST_TYPOS) return false;
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const changed = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
			next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
		}
		row = next;
	}
	return row[b.length] <= MOST_TYPOS;
}

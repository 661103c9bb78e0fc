import type { FileType } from './fileTypes';
import { IMAGE_TYPES } from './fileTypes';
import type { EndpointPath } from './paths';
import type { Issue } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';

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
	/** Parameters and schemas that OpenAI or its models refuse; a hint for compatible servers. */
	checkParameters?: (body: JsonObject) => Issue[];
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

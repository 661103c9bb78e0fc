import type { JsonObject } from '../jsonl/json';
import type { FileType } from './fileTypes';
import { IMAGE_TYPES } from './fileTypes';

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

import type {
	Attachment,
	AttachmentShape,
	AttachmentSources,
	AttachmentType,
	Endpoint,
} from './endpoint';
import { MAX_FILES_BYTES, MAX_IMAGES, RequestProblem } from './endpoint';
import type { FileNames, FileType } from './fileTypes';
import {
	fileType,
	isAnimatedGif,
	isTextType,
	nameWithExtension,
	promisedType,
	typeToSend,
} from './fileTypes';
import type { JsonObject } from '../jsonl/json';

/** What messages call each type. */
const TYPES: Readonly<Record<AttachmentType, string>> = {
	image: 'images',
	file: 'files',
	audio: 'audio',
};

/** What messages call each source. */
const SOURCES: Readonly<Record<keyof AttachmentSources, string>> = {
	inline: 'a binary field',
	url: 'a URL',
	fileId: 'a file ID',
};

type Source = keyof AttachmentSources;
const ALL_SOURCES = Object.keys(SOURCES) as Source[];
const ALL_TYPES = Object.keys(TYPES) as AttachmentType[];

const PARAM = 'requestOptions.attachments';

type Taker = Pick<Endpoint, 'label' | 'attachments'>;

/**
 * How an endpoint writes a type of attachment from a source.
 *
 * @throws {RequestProblem} for what it has no shape for, on any server
 */
export function shapeFor(
	{ label, attachments }: Taker,
	type: AttachmentType,
	source: Source,
): AttachmentShape {
	const shape = attachments[type];
	if (!shape) {
		const taken = ALL_TYPES.filter((one) => attachments[one]).map((one) => TYPES[one]);
		const advice =
			taken.length === 0
				? 'Remove the option Attachments.'
				: `Attach ${taken.join(' or ')}, or choose another endpoint.`;
		throw new RequestProblem(
			`The endpoint ${label} does not take ${TYPES[type]}. ${advice}`,
			PARAM,
		);
	}
	if (shape.write[source]) return shape;
	const possible = ALL_SOURCES.filter((one) => shape.write[one]).map((one) => SOURCES[one]);
	throw new RequestProblem(
		`The endpoint ${label} does not take ${TYPES[type]} from ${SOURCES[source]}. Use ${possible.join(' or ')}.`,
		PARAM,
	);
}

/**
 * The attachments as an endpoint writes them, in the order in which they were given.
 *
 * @throws {RequestProblem} for a type or a source that the endpoint has no shape for
 */
export function attachmentParts(
	endpoint: Taker,
	attachments: readonly Attachment[] = [],
): JsonObject[] {
	return attachments.map((attachment) => {
		const source = ALL_SOURCES.find((one) => attachment[one] !== undefined)!;
		const { write } = shapeFor(endpoint, attachment.type, source);
		return write[source]!(attachment[source] as never, attachment);
	});
}

/** A file that was read, to be judged. */
export interface ReadFile extends FileNames {
	bytes: number;
	/** Its first bytes, 1,024 at least where it has them. */
	head: Buffer;
}

/** Why a file cannot be attached. */
export interface FileFault {
	/** The end of a sentence that begins with the file: `is empty. Check …` */
	message: string;
	/** Where only OpenAI refuses it: its rule, for the hint on other servers. */
	rule?: string;
	/** OpenAI may accept it too: the user gets the rule as a hint, and the request is sent. */
	isHint?: true;
}

/** What a file is sent as, and what is wrong with it. */
export interface JudgedFile {
	type: FileType;
	/** With an extension of its type. */
	fileName: string;
	fault?: FileFault;
}

/**
 * Decides what a file is sent as, which its bytes say and not its name, and what is wrong with it.
 *
 * @param endpoint one that takes the type
 */
export function judgeFile(file: ReadFile, type: AttachmentType, endpoint: Taker): JudgedFile {
	const found = fileType(file.head, file);
	const sent = typeToSend(found, file);
	const judged: JudgedFile = { type: sent, fileName: nameWithExtension(file.fileName, sent) };
	const fault =
		emptyFault(file) ??
		nameFault(file, found, endpoint.attachments[type]) ??
		typeFault(found, type, endpoint) ??
		animationFault(file, type) ??
		audioFault(type) ??
		sizeFault(file, type, endpoint, sent);
	return fault ? { ...judged, fault } : judged;
}

function emptyFault({ bytes }: ReadFile): FileFault | undefined {
	if (bytes > 0) return undefined;
	return { message: 'is empty. Check the node that loads it, or leave the item out.' };
}

const isAmong = (types: readonly FileType[], { mimeType }: FileType) =>
	types.some((type) => type.mimeType === mimeType);

/** A file that is called what the endpoint takes, and is something else: a page with an error. */
function nameFault(
	file: ReadFile,
	found: FileType | undefined,
	shape: AttachmentShape | null,
): FileFault | undefined {
	const promised = promisedType(file);
	if (!shape || !promised || !isAmong(shape.takes, promised)) return undefined;
	if (found && isAmong(shape.takes, found) && (isTextType(promised) || !isTextType(found))) {
		return undefined;
	}
	const content = found ? contents(found) : beginning(file.head);
	return {
		message: `has the name of ${promised.label}, but ${content}. Check the node that loads it.`,
	};
}

/** What a file has in it, as the end of a sentence. */
function contents(type: FileType): string {
	const { label } = type;
	return `contains ${isTextType(type) ? label.replace(/^an? (.*) file$/, '$1') : label}`;
}

function beginning(head: Buffer): string {
	return `its content begins with the bytes ${head.toString('hex', 0, 8).replace(/(..)(?=.)/g, '$1 ')}`;
}

function typeFault(
	found: FileType | undefined,
	type: AttachmentType,
	{ label, attachments }: Taker,
): FileFault | undefined {
	const { takes, takesLabel } = attachments[type]!;
	if (found && isAmong(takes, found)) return undefined;
	const what = found?.label ?? 'a file of an unknown type';
	const other = found && ALL_TYPES.find((one) => isAmong(attachments[one]?.takes ?? [], found));
	const advice = other
		? `Attach it with the Type ${other === 'image' ? 'Image' : other === 'file' ? 'File' : 'Audio'}.`
		: 'Convert it first.';
	const taken = `${label} takes only ${takesLabel}`;
	return {
		message: `cannot be attached: ${taken}; this is ${what}. ${advice}`,
		rule: `${taken}, not ${what}.`,
	};
}

function animationFault({ head }: ReadFile, type: AttachmentType): FileFault | undefined {
	const isAnimated = type === 'image' && isAnimatedGif(head);
	if (!isAnimated) return undefined;
	if (isAnimated === 'maybe') {
		const rule = 'GIF images must not be animated, and a GIF image that is repeated may be.';
		return { message: `may be an animated GIF image. ${rule}`, rule, isHint: true };
	}
	const rule = 'GIF images must not be animated.';
	return { message: `is an animated GIF image. ${rule} Send one of its frames.`, rule };
}

/** By the pages of OpenAI's models. */
function audioFault(type: AttachmentType): FileFault | undefined {
	if (type !== 'audio') return undefined;
	const rule = 'OpenAI offers none of its models for audio in the Batch API.';
	return { message: `cannot be sent: ${rule} Turn the audio into text first.`, rule };
}

/** The characters of base64 for so many bytes. */
export const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3);

function sizeFault(
	{ bytes }: ReadFile,
	type: AttachmentType,
	{ label, attachments }: Taker,
	{ mimeType }: FileType,
): FileFault | undefined {
	const { maxDataUrl = Infinity } = attachments[type]!;
	const start = `data:${mimeType};base64,`.length;
	if (start + base64Length(bytes) <= maxDataUrl) return undefined;
	const most = atMost(3 * Math.floor((maxDataUrl - start) / 4));
	const rule = `${label} takes ${type === 'image' ? 'images' : 'files'} of at most ${most}.`;
	return { message: `has ${megabytes(bytes)}. ${rule}`, rule };
}

const HUNDREDTH = (1024 * 1024) / 100;

/** A size for messages, rounded up, so that it differs from the limit that it exceeds. */
const megabytes = (bytes: number) => `${Math.ceil(bytes / HUNDREDTH) / 100} MB`;

const atMost = (bytes: number) => `${Math.floor(bytes / HUNDREDTH) / 100} MB`;

/**
 * What is wrong with the inline files of one request together: OpenAI's own limits.
 *
 * @param files their types and lengths
 */
export function togetherFault(
	files: ReadonlyArray<{ attached: AttachmentType; bytes: number }>,
): FileFault | undefined {
	const documents = files.filter(({ attached }) => attached === 'file');
	const bytes = documents.reduce((sum, file) => sum + file.bytes, 0);
	const images = files.filter(({ attached }) => attached === 'image').length;
	if (bytes > MAX_FILES_BYTES) {
		const rule = `The files of one request may have at most ${atMost(MAX_FILES_BYTES)} together.`;
		return { message: `The attached files have ${megabytes(bytes)}. ${rule} Attach fewer.`, rule };
	}
	if (images <= MAX_IMAGES) return undefined;
	const rule = `One request may have ${MAX_IMAGES} images.`;
	return { message: `${images} images are attached. ${rule} Attach fewer.`, rule };
}

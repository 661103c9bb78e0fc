import { createHash } from 'node:crypto';

/** An image, a file or a piece of audio that stands in a request. */
export interface Attachment {
	kind: 'image' | 'file' | 'audio';
	/** Where it stands, as errors name it: `messages[0].content[1].image_url.url`. */
	param: string;
	/** What the request says: a data URL, bare base64, an address, or the id of a stored file. */
	source: 'data URL' | 'base64' | 'address' | 'file id';
	value: string;
	/** What the request calls it: a file's name, the format of audio. */
	name?: string;
	/** The media type of a data URL, as it says itself. */
	declared?: string;
	/** Decoded, when it came inline and is base64. */
	bytes?: Buffer;
}

/** What files begin with, by media type. */
const MAGIC: Array<[string, (bytes: Buffer) => boolean]> = [
	['image/png', (bytes) => starts(bytes, '\x89PNG\r\n\x1a\n')],
	['image/jpeg', (bytes) => starts(bytes, '\xff\xd8\xff')],
	['image/gif', (bytes) => starts(bytes, 'GIF87a') || starts(bytes, 'GIF89a')],
	['image/webp', (bytes) => starts(bytes, 'RIFF') && starts(bytes.subarray(8), 'WEBP')],
	['application/pdf', (bytes) => starts(bytes, '%PDF-')],
	['audio/wav', (bytes) => starts(bytes, 'RIFF') && starts(bytes.subarray(8), 'WAVE')],
	['audio/mpeg', (bytes) => starts(bytes, 'ID3') || (bytes[0] === 0xff && bytes[1] >= 0xe0)],
];

function starts(bytes: Buffer, text: string): boolean {
	return bytes.subarray(0, text.length).equals(Buffer.from(text, 'latin1'));
}

/** The media type that the first bytes tell; undefined when they tell none. */
export function typeOf(bytes: Buffer): string | undefined {
	return MAGIC.find(([, matches]) => matches(bytes))?.[0];
}

const BASE64 = /^[A-Za-z0-9+/\r\n]*={0,2}$/;

function decoded(text: string): Buffer | undefined {
	return text !== '' && BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

/** One attachment from the value that stands in the request. */
function attachment(
	kind: Attachment['kind'],
	param: string,
	value: unknown,
	name?: unknown,
): Attachment[] {
	if (typeof value !== 'string') return [];
	const given = { kind, param, value, ...(typeof name === 'string' && { name }) };
	const data = /^data:([^;,]*)(?:;[^,]*)?,/.exec(value);
	if (data !== null) {
		const bytes = decoded(value.slice(data[0].length));
		return [{ ...given, source: 'data URL', declared: data[1], bytes }];
	}
	if (/^https?:\/\//.test(value)) return [{ ...given, source: 'address' }];
	return [{ ...given, source: 'base64', bytes: decoded(value) }];
}

function stored(kind: Attachment['kind'], param: string, id: unknown): Attachment[] {
	return typeof id === 'string' ? [{ kind, param, value: id, source: 'file id' }] : [];
}

type Part = Record<string, unknown> & { type?: string };

/** Where attachments stand in a content part, by its type. */
const PARTS: Record<string, (part: Part, path: string) => Attachment[]> = {
	image_url: (part, path) =>
		attachment('image', `${path}.image_url.url`, (part.image_url as { url?: string })?.url),
	input_image: (part, path) => [
		...attachment('image', `${path}.image_url`, part.image_url),
		...stored('image', `${path}.file_id`, part.file_id),
	],
	file: (part, path) => {
		const file = (part.file ?? {}) as Part;
		return [
			...attachment('file', `${path}.file.file_data`, file.file_data, file.filename),
			...stored('file', `${path}.file.file_id`, file.file_id),
		];
	},
	input_file: (part, path) => [
		...attachment('file', `${path}.file_data`, part.file_data, part.filename),
		...attachment('file', `${path}.file_url`, part.file_url, part.filename),
		...stored('file', `${path}.file_id`, part.file_id),
	],
	input_audio: (part, path) => {
		const audio = (part.input_audio ?? {}) as Part;
		return attachment('audio', `${path}.input_audio.data`, audio.data, audio.format);
	},
};

/** The attachments of content parts, or of messages that hold such parts. */
function ofParts(value: unknown, path: string): Attachment[] {
	if (!Array.isArray(value)) return [];
	return value.flatMap((part: Part, index) => {
		const own = `${path}[${index}]`;
		if (typeof part !== 'object' || part === null) return [];
		return PARTS[part.type ?? '']?.(part, own) ?? ofParts(part.content, `${own}.content`);
	});
}

/** Everything attached to a request body of any endpoint, in its order. */
export function attachmentsOf(body: Record<string, unknown>): Attachment[] {
	const pictures = [
		...(Array.isArray(body.images) ? body.images.map((one, at) => [one, `images[${at}]`]) : []),
		...(body.mask ? [[body.mask, 'mask']] : []),
	] as Array<[Part, string]>;
	return [
		...ofParts(body.messages, 'messages'),
		...ofParts(body.input, 'input'),
		...pictures.flatMap(([picture, path]) => PARTS.input_image(picture, path)),
	];
}

/** Tokens for each kilobyte, made up: the service counts pixels, pages and seconds. */
const TOKENS_PER_KILOBYTE = { image: 8, file: 64, audio: 4 };

/** A plausible number of tokens, which grows with the size. */
export function attachmentTokens(attachments: readonly Attachment[]): number {
	return attachments.reduce((sum, { kind, bytes }) => {
		const kilobytes = Math.ceil((bytes?.length ?? 0) / 1024);
		return sum + 85 + kilobytes * TOKENS_PER_KILOBYTE[kind];
	}, 0);
}

/**
 * What arrived, so that a test sees in the answer that the right bytes did: name, type by the first
 * bytes, size, and the start of the SHA-256 of the bytes.
 */
export function described({ name, value, bytes, declared, source }: Attachment): string {
	if (bytes === undefined) return `${source} ${value.slice(0, 200)}`;
	const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
	const type = typeOf(bytes) ?? declared ?? 'unknown type';
	return [name, type, bytes.length, 'bytes', hash].filter((word) => word !== undefined).join(' ');
}

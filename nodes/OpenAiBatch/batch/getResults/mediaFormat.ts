/** What a file is called and how n8n shows it. */
export interface MediaFormat {
	extension: string;
	mimeType: string;
}

const format = (extension: string, mimeType: string): MediaFormat => ({ extension, mimeType });

const IMAGES = {
	png: format('png', 'image/png'),
	jpeg: format('jpg', 'image/jpeg'),
	webp: format('webp', 'image/webp'),
	gif: format('gif', 'image/gif'),
	svg: format('svg', 'image/svg+xml'),
} as const;

/** The formats of sound that a chat completion can be asked for. */
const SOUNDS = {
	wav: format('wav', 'audio/wav'),
	mp3: format('mp3', 'audio/mpeg'),
	flac: format('flac', 'audio/flac'),
	opus: format('opus', 'audio/ogg'),
	aac: format('aac', 'audio/aac'),
	pcm16: format('pcm', 'audio/pcm'),
} as const;

const UNKNOWN = format('bin', 'application/octet-stream');

/** The first of the patterns that matches the beginning of a file, one character for each byte. */
type Signatures<Name> = ReadonlyArray<readonly [RegExp, Name]>;

const IMAGE_SIGNATURES: Signatures<keyof typeof IMAGES> = [
	[/^\x89PNG/, 'png'],
	[/^\xff\xd8\xff/, 'jpeg'],
	[/^RIFF....WEBP/s, 'webp'],
	[/^GIF8/, 'gif'],
	// After a byte order mark, an XML declaration, a document type or comments.
	[/^(\xef\xbb\xbf)?\s*<(.*<)?svg[\s/>]/s, 'svg'],
];

const SOUND_SIGNATURES: Signatures<keyof typeof SOUNDS> = [
	[/^RIFF....WAVE/s, 'wav'],
	[/^fLaC/, 'flac'],
	[/^OggS/, 'opus'],
	// Both begin with a frame: eleven bits, then version and layer. AAC has 00 as its layer.
	[/^(ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb])/, 'mp3'],
	[/^\xff[\xf0\xf1\xf8\xf9]/, 'aac'],
];

/** The format of an image: by its bytes, else by what the answer calls it. */
export function imageFormat(bytes: Buffer, named?: unknown): MediaFormat {
	return read(bytes, IMAGES, IMAGE_SIGNATURES) ?? byName(IMAGES, named) ?? UNKNOWN;
}

/**
 * The format of a sound: by its bytes, else by what the answer calls it. Samples without a header
 * have no signature, so a sound without one is PCM.
 */
export function soundFormat(bytes: Buffer, named?: unknown): MediaFormat {
	return read(bytes, SOUNDS, SOUND_SIGNATURES) ?? byName(SOUNDS, named) ?? SOUNDS.pcm16;
}

/** Enough for what can stand in front of the root of an SVG. */
const HEAD_BYTES = 1_024;

function read<Name extends string>(
	bytes: Buffer,
	formats: Readonly<Record<Name, MediaFormat>>,
	signatures: Signatures<Name>,
): MediaFormat | undefined {
	const head = bytes.toString('latin1', 0, HEAD_BYTES);
	const found = signatures.find(([pattern]) => pattern.test(head));
	return found && formats[found[1]];
}

function byName(
	formats: Readonly<Record<string, MediaFormat>>,
	name: unknown,
): MediaFormat | undefined {
	const known = Object.entries(formats).find(
		([key, { extension }]) => key === name || extension === name,
	);
	return known?.[1];
}

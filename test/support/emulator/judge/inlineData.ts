import { attachmentsOf, typeOf, type Attachment } from '../attachments';
import type { Endpoint } from '../batches/requestLine';
import { refusal, type Refusal } from './phrases';

/** Longest data URL of an image, in characters (published specification). */
const IMAGE_CHARACTERS = 20_971_520;

/** Longest `file_data` of a file, in characters (published specification). */
const FILE_CHARACTERS = 73_400_320;

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
/** What edits start from, by OpenAI's SDK. */
const EDITABLE = PICTURES.filter((type) => type !== 'image/gif');
const SOUNDS: Record<string, string> = { wav: 'audio/wav', mp3: 'audio/mpeg' };

const invalidData = (param: string, example: string, problem: string) =>
	refusal(
		`Invalid '${param}'. Expected a base64-encoded data URL with ${example}, but got ${problem}.`,
		param,
		'invalid_value',
	);

const IMAGE_EXAMPLE = "an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=')";
const PDF_EXAMPLE =
	"an application/pdf MIME type (e.g. 'data:application/pdf;base64,cGRmIGJ5dGVzIGhlcmU=')";

const unsupportedImage = refusal(
	"You uploaded an unsupported image. Please make sure your image has of one the following formats: ['png', 'jpeg', 'gif', 'webp'].",
	null,
	'invalid_image_format',
);

/** The code was seen for a GIF image; the words were not. */
const uneditableImage = refusal(
	'Invalid image file or mode for image, please check your image file.',
	null,
	'invalid_image_file',
);

function tooLong({ param, value }: Attachment, limit: number): Refusal | undefined {
	if (value.length <= limit) return undefined;
	return refusal(
		`Invalid '${param}': string too long. Expected a string with maximum length ${limit}, but got a string with length ${value.length} instead.`,
		param,
		'string_above_max_length',
	);
}

type Check = (attachment: Attachment, endpoint: Endpoint) => Refusal | undefined;

/**
 * What is wrong with inline data, by kind. That images and PDF files are judged by their bytes is
 * the emulator's own strictness: it shows bytes that were lost on the way.
 */
const CHECKS: Record<Attachment['kind'], Check> = {
	image: (image, endpoint) => {
		if (image.source === 'base64') {
			return invalidData(image.param, IMAGE_EXAMPLE, "a value without the 'data:' prefix");
		}
		if (image.bytes === undefined) {
			return invalidData(image.param, IMAGE_EXAMPLE, 'an invalid base64-encoded value');
		}
		const type = typeOf(image.bytes) ?? '';
		if (!PICTURES.includes(type)) return unsupportedImage;
		if (endpoint === '/v1/images/edits' && !EDITABLE.includes(type)) return uneditableImage;
		return tooLong(image, IMAGE_CHARACTERS);
	},
	file: (file, endpoint) => {
		const isChat = endpoint === '/v1/chat/completions';
		if (file.source === 'base64' && isChat) {
			return invalidData(file.param, PDF_EXAMPLE, "a value without the 'data:' prefix");
		}
		if (file.bytes === undefined) {
			return invalidData(file.param, PDF_EXAMPLE, 'an invalid base64-encoded value');
		}
		if (isChat && file.declared !== 'application/pdf') {
			return invalidData(file.param, PDF_EXAMPLE, `unsupported MIME type '${file.declared}'`);
		}
		if (file.declared === 'application/pdf' && typeOf(file.bytes) !== 'application/pdf') {
			return invalidData(file.param, PDF_EXAMPLE, 'a value that is no PDF');
		}
		return tooLong(file, FILE_CHARACTERS);
	},
	// The words for audio have not been seen.
	audio: ({ source, bytes, name = '', param }) =>
		source === 'base64' && bytes !== undefined && typeOf(bytes) === SOUNDS[name]
			? undefined
			: refusal(
					`Invalid '${param}'. Expected base64-encoded ${name} data.`,
					param,
					'invalid_value',
				),
};

/** Why what is attached to a body is refused: the first fault. */
export function attachmentRefusal(
	endpoint: Endpoint,
	body: Record<string, unknown>,
): Refusal | undefined {
	const attachments = attachmentsOf(body);
	if (endpoint === '/v1/moderations' && attachments.length > 1) {
		return refusal('Only one image is supported per request.', 'input', 'too_many_images');
	}
	for (const attachment of attachments) {
		const isInline = attachment.source === 'data URL' || attachment.source === 'base64';
		const fault = isInline ? CHECKS[attachment.kind](attachment, endpoint) : undefined;
		if (fault !== undefined) return fault;
	}
	return endpoint === '/v1/images/edits' ? wrongPicture(body) : undefined;
}

/** Each picture of an edit is an address or a stored file, not both (published specification). */
function wrongPicture({ images }: Record<string, unknown>): Refusal | undefined {
	const at = (images as object[]).findIndex((image) => Object.keys(image).length !== 1);
	if (at < 0) return undefined;
	const param = `images[${at}]`;
	return refusal(`Invalid '${param}': expected 'image_url' or 'file_id'.`, param, 'invalid_value');
}

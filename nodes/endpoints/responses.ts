import { attachmentParts } from './attachmentParts';
import type { TextFields } from './body';
import { checkFormat, namedSchema, TEXT_MODEL, TEXT_OPTIONS, turnsOf, withoutUnset } from './body';
import type { AttachmentShapes } from './endpoint';
import { dataUrl, defineEndpoint, imagesByUrl, MAX_FILE_DATA, MAX_IMAGE_URL } from './endpoint';
import { DOCUMENT_TYPES } from './fileTypes';
import { checkDetail } from './imageTokens';
import { checkInputItems } from './messages';
import { checkResponsesParameters } from './modelRules';
import { checkResponsesToolShapes, checkResponsesTypes } from './parameters';
import { checkTextOrList, isAbsent } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';
import { isObject } from '../jsonl/json';

/** A text alone stays as it is; messages are items of the input. */
function inputOf({ prompt, options: { attachments } }: TextFields): JsonValue {
	const parts = attachmentParts(RESPONSES, attachments);
	return parts.length === 0 ? prompt : turnsOf(prompt, parts, 'input_text');
}

/** An object without what is not set, or undefined where nothing is. */
function objectOf(fields: Record<string, JsonValue | undefined>): JsonObject | undefined {
	const set = withoutUnset(fields);
	return Object.keys(set).length > 0 ? set : undefined;
}

/** What a response can start from without an input of its own. */
const INSTEAD_OF_INPUT = ['prompt', 'conversation', 'previous_response_id'];

const IMAGES = imagesByUrl(
	(image_url, { detail }) => withoutUnset({ type: 'input_image', image_url, detail }),
	{ maxDataUrl: MAX_IMAGE_URL, hasDetail: true },
);

/** What responses take besides text, by OpenAI's SDK and its guide to file inputs. */
const ATTACHMENTS: AttachmentShapes = {
	image: {
		...IMAGES,
		write: {
			...IMAGES.write,
			fileId: (file_id, { detail }) => withoutUnset({ type: 'input_image', file_id, detail }),
		},
	},
	file: {
		takes: DOCUMENT_TYPES,
		takesLabel: 'PDF, Word, PowerPoint, Excel, OpenDocument, RTF and text files',
		maxDataUrl: MAX_FILE_DATA,
		write: {
			inline: (file) => ({
				type: 'input_file',
				filename: file.fileName,
				file_data: dataUrl(file),
			}),
			url: (file_url) => ({ type: 'input_file', file_url }),
			fileId: (file_id) => ({ type: 'input_file', file_id }),
		},
	},
	audio: null,
};

const RESPONSES = { label: 'Responses', attachments: ATTACHMENTS };

export const responses = defineEndpoint({
	...RESPONSES,
	path: '/responses',
	model: { example: TEXT_MODEL, isRequired: true },
	options: [...TEXT_OPTIONS, 'reasoningSummary'],
	takesMessages: true,
	makeBody(fields) {
		const { model, options } = fields;
		const schema = namedSchema(options);
		return withoutUnset({
			model,
			instructions: options.systemMessage,
			input: inputOf(fields),
			text: objectOf({
				format: schema && { type: 'json_schema', ...schema },
				verbosity: options.verbosity,
			}),
			max_output_tokens: options.maxTokens,
			reasoning: objectOf({
				effort: options.reasoningEffort,
				summary: options.reasoningSummary,
			}),
			prompt_cache_key: options.promptCacheKey,
			temperature: options.temperature,
			top_p: options.topP,
		});
	},
	/** A stored prompt template or an earlier answer can take the place of the input. */
	checkBody: (body) =>
		INSTEAD_OF_INPUT.some((name) => !isAbsent(body[name]))
			? []
			: checkTextOrList(body, 'body.input'),
	checkShapes: (body) => [...checkInputItems(body), ...checkResponsesToolShapes(body)],
	checkParameters: (body) => [
		...checkFormat(isObject(body.text) ? body.text.format : undefined, 'body.text.format'),
		...checkResponsesTypes(body),
		...checkResponsesParameters(body),
		...checkDetail(body, 'input'),
	],
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['input', 'prompt', 'instructions'],
		definitions: ['tools', 'text'],
		outputLimits: ['max_output_tokens'],
	},
});

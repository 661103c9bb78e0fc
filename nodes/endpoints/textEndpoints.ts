import { attachmentParts } from './attachmentParts';
import type { TextFields } from './body';
import { checkFormat, namedSchema, TEXT_MODEL, TEXT_OPTIONS, turnsOf, withoutUnset } from './body';
import type { AttachmentShapes } from './endpoint';
import {
	dataUrl,
	defineEndpoint,
	imagesByUrl,
	MAX_FILE_DATA,
	MAX_IMAGE_URL,
	NO_ATTACHMENTS,
} from './endpoint';
import { DOCUMENT_TYPES, PDF, SOUND_TYPES } from './fileTypes';
import { checkDetail } from './imageTokens';
import { checkInputItems, checkMessages, checkRoles } from './messages';
import { checkAudio, checkChatParameters, checkResponsesParameters } from './modelRules';
import {
	checkChatJsonWord,
	checkChatToolShapes,
	checkChatTypes,
	checkCompletionsTypes,
	checkResponsesJsonWord,
	checkResponsesToolShapes,
	checkResponsesTypes,
} from './parameters';
import { checkObjects, checkTextOrList, isAbsent, isObject, joined } from '../jsonl/json';
import type { JsonObject, JsonValue } from '../jsonl/json';

/** What chat completions take besides text, by OpenAI's SDK and its guide to file inputs. */
const CHAT_ATTACHMENTS: AttachmentShapes = {
	image: imagesByUrl(
		(url, { detail }) => ({ type: 'image_url', image_url: withoutUnset({ url, detail }) }),
		{ hasDetail: true },
	),
	file: {
		takes: [PDF],
		takesLabel: 'PDF files',
		maxDataUrl: MAX_FILE_DATA,
		write: {
			inline: (file) => ({
				type: 'file',
				file: { filename: file.fileName, file_data: dataUrl(file) },
			}),
			fileId: (file_id) => ({ type: 'file', file: { file_id } }),
		},
	},
	audio: {
		takes: Object.values(SOUND_TYPES),
		takesLabel: 'WAV and MP3 files',
		write: {
			inline: ({ base64, type: { extensions } }) => ({
				type: 'input_audio',
				input_audio: { data: base64, format: extensions[0] },
			}),
		},
	},
};

const CHAT = { label: 'Chat Completions', attachments: CHAT_ATTACHMENTS };

export const chatCompletions = defineEndpoint({
	...CHAT,
	path: '/chat/completions',
	model: { example: TEXT_MODEL, isRequired: true },
	options: TEXT_OPTIONS,
	takesMessages: true,
	makeBody({ model, prompt, options }) {
		const { systemMessage } = options;
		const turns = turnsOf(prompt, attachmentParts(CHAT, options.attachments), 'text');
		const schema = namedSchema(options);
		return withoutUnset({
			model,
			messages: systemMessage ? [{ role: 'system', content: systemMessage }, ...turns] : turns,
			response_format: schema && { type: 'json_schema', json_schema: schema },
			max_completion_tokens: options.maxTokens,
			reasoning_effort: options.reasoningEffort,
			verbosity: options.verbosity,
			prompt_cache_key: options.promptCacheKey,
			temperature: options.temperature,
			top_p: options.topP,
		});
	},
	checkBody: (body) =>
		joined(
			checkObjects(
				body,
				'body.messages',
				'It is a list such as [{"role": "user", "content": "…"}].',
			),
			checkRoles(body),
		),
	checkShapes: (body) => joined(checkMessages(body), checkChatToolShapes(body)),
	checkParameters: (body) => [
		...checkFormat(body.response_format, 'body.response_format', 'json_schema'),
		...checkChatTypes(body),
		...checkChatParameters(body),
	],
	checkPrompts: (body) =>
		joined(joined(checkChatJsonWord(body), checkAudio(body)), checkDetail(body, 'messages')),
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['messages'],
		definitions: ['tools', 'functions', 'response_format'],
		outputLimits: ['max_completion_tokens', 'max_tokens'],
	},
});

/** The older form, which continues a text. */
export const completions = defineEndpoint({
	path: '/completions',
	label: 'Completions (Legacy)',
	model: { example: 'gpt-3.5-turbo-instruct', isRequired: true },
	attachments: NO_ATTACHMENTS,
	options: ['maxTokens', 'temperature', 'topP'],
	makeBody: ({ model, prompt, options }) =>
		withoutUnset({
			model,
			prompt,
			max_tokens: options.maxTokens,
			temperature: options.temperature,
			top_p: options.topP,
		}),
	/** Without a prompt, which is then null, the model begins a new text. */
	checkBody: (body) => (body.prompt === null ? [] : checkTextOrList(body, 'body.prompt')),
	checkParameters: checkCompletionsTypes,
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt', 'suffix'], definitions: [], outputLimits: ['max_tokens'] },
});

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
const RESPONSES_ATTACHMENTS: AttachmentShapes = {
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

const RESPONSES = { label: 'Responses', attachments: RESPONSES_ATTACHMENTS };

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
	checkShapes: (body) => joined(checkInputItems(body), checkResponsesToolShapes(body)),
	checkParameters: (body) => [
		...checkFormat(isObject(body.text) ? body.text.format : undefined, 'body.text.format'),
		...checkResponsesTypes(body),
		...checkResponsesParameters(body),
	],
	checkPrompts: (body) => joined(checkResponsesJsonWord(body), checkDetail(body, 'input')),
	embeddingInputs: () => 0,
	generates: true,
	tokens: {
		prompts: ['input', 'prompt', 'instructions'],
		definitions: ['tools', 'text'],
		outputLimits: ['max_output_tokens'],
	},
});

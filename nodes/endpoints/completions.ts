import { attachmentParts } from './attachmentParts';
import { checkFormat, namedSchema, TEXT_MODEL, TEXT_OPTIONS, turnsOf, withoutUnset } from './body';
import type { AttachmentShapes } from './endpoint';
import { dataUrl, defineEndpoint, imagesByUrl, MAX_FILE_DATA, NO_ATTACHMENTS } from './endpoint';
import { PDF, SOUND_TYPES } from './fileTypes';
import { checkDetail } from './imageTokens';
import { checkMessages, checkRoles } from './messages';
import { checkChatParameters } from './modelRules';
import { checkChatToolShapes, checkChatTypes } from './parameters';
import { checkObjects, checkTextOrList } from '../jsonl/fieldChecks';

/** What chat completions take besides text, by OpenAI's SDK and its guide to file inputs. */
const ATTACHMENTS: AttachmentShapes = {
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

const CHAT = { label: 'Chat Completions', attachments: ATTACHMENTS };

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
	checkBody: (body) => [
		...checkObjects(
			body,
			'body.messages',
			'It is a list such as [{"role": "user", "content": "…"}].',
		),
		...checkRoles(body),
	],
	checkShapes: (body) => [...checkMessages(body), ...checkChatToolShapes(body)],
	checkParameters: (body) => [
		...checkFormat(body.response_format, 'body.response_format', 'json_schema'),
		...checkChatTypes(body),
		...checkChatParameters(body),
		...checkDetail(body, 'messages'),
	],
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
	embeddingInputs: () => 0,
	generates: true,
	tokens: { prompts: ['prompt', 'suffix'], definitions: [], outputLimits: ['max_tokens'] },
});

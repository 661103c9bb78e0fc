import type { INodeProperties } from 'n8n-workflow';
import { endpointValues } from './fieldValues';

const takesMoreThanImages = endpointValues(
	({ attachments: { file, audio } }) => file !== null || audio !== null,
);
const hasDetail = endpointValues(({ attachments }) => attachments.image?.hasDetail === true);

const typeField: INodeProperties = {
	displayName: 'Type',
	name: 'type',
	type: 'options',
	displayOptions: { show: { '/endpoint': takesMoreThanImages } },
	options: [
		{
			name: 'Audio',
			value: 'audio',
			description:
				'WAV and MP3, only for Chat Completions of compatible servers. OpenAI does not offer its audio models in batches.',
		},
		{
			name: 'File',
			value: 'file',
			description: 'PDF files for Chat Completions; PDF, Office and text files for Responses',
		},
		{
			name: 'Image',
			value: 'image',
			description: 'PNG, JPEG, WebP, and (not for Image Edits) GIF without animation',
		},
	],
	default: 'image',
	description: 'What is attached',
};

const sourceField: INodeProperties = {
	displayName: 'Source',
	name: 'source',
	type: 'options',
	options: [
		{
			name: 'Binary Field',
			value: 'binary',
			description: 'The content is sent with the request',
		},
		{
			name: 'File ID',
			value: 'fileId',
			description:
				'A file that was uploaded to the service. Images: Responses and Image Edits. Files: Chat Completions and Responses.',
		},
		{
			name: 'URL',
			value: 'url',
			description:
				'The service fetches it from a public address. Images: all endpoints. Files: Responses.',
		},
	],
	default: 'binary',
	description: 'Where the content is',
};

const binaryField: INodeProperties = {
	displayName: 'Input Binary Field',
	name: 'binaryPropertyName',
	type: 'string',
	displayOptions: { show: { source: ['binary'] } },
	default: 'data',
	required: true,
	description:
		'The names of the input fields that contain the files, separated by commas. Enter * for all binary fields of the item. When an AI agent calls this node as a tool, there are no binary fields, because n8n passes only text to tools: use URLs, file IDs, or an expression that returns the files of another node.',
};

const fileIdField: INodeProperties = {
	displayName: 'File ID',
	name: 'fileId',
	type: 'string',
	displayOptions: { show: { source: ['fileId'] } },
	default: '',
	required: true,
	placeholder: 'e.g. file-abc123',
	description:
		'Several are separated by commas. Upload images with the purpose vision, and files with user_data.',
};

const urlField: INodeProperties = {
	displayName: 'URL',
	name: 'url',
	type: 'string',
	displayOptions: { show: { source: ['url'] } },
	default: '',
	required: true,
	placeholder: 'e.g. https://example.com/cat.png',
	description:
		'Several are separated by commas or line breaks, or an expression returns a list. Use a list for addresses that contain a comma followed by http. An image can also be a data: URL.',
};

const detailField: INodeProperties = {
	displayName: 'Detail',
	name: 'detail',
	type: 'options',
	displayOptions: { show: { type: ['image'], '/endpoint': hasDetail } },
	options: [
		{ name: 'Auto', value: 'auto', description: 'The model decides' },
		{ name: 'High', value: 'high', description: 'Larger images are made smaller first' },
		{ name: 'Low', value: 'low', description: 'The cheapest, without small details' },
		{
			name: 'Original',
			value: 'original',
			description:
				'The most tokens. Only newer models have it, and their mini and nano versions do not.',
		},
	],
	default: 'auto',
	description:
		'How much of the image the model sees. A higher detail costs more tokens: with current models, a photo takes about 300 tokens with Low, at most about 3,000 with High, and up to 36,000 with Original.',
};

/** What belongs to a prompt besides text. */
export const attachmentsField: INodeProperties & { name: 'attachments' } = {
	displayName: 'Attachments',
	name: 'attachments',
	type: 'fixedCollection',
	typeOptions: { multipleValues: true, sortable: true },
	placeholder: 'Add Attachment',
	default: {},
	description:
		'Images, files and audio that belong to the prompt. They are sent in the order of this list, after the text.',
	options: [
		{
			name: 'values',
			displayName: 'Attachment',
			values: [typeField, sourceField, binaryField, fileIdField, urlField, detailField],
		},
	],
};

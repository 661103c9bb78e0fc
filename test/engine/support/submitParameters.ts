import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { CHAT, EDITS, EMBEDDINGS, MODERATIONS } from '../../support/endpointUrls';

/** Submit: an embedding of the `text` of each item. */
export const EMBED_TEXT = {
	endpoint: EMBEDDINGS,
	requestSource: 'json',
	body: '={{ { model: "text-embedding-3-small", input: $json.text } }}',
};

/** Submit: the `text` of each item is a prompt, under the item's own `id`. */
export const ASK_TEXT = {
	endpoint: CHAT,
	requestSource: 'fields',
	model: 'gpt-6-luna',
	prompt: '={{ $json.text }}',
	customId: '={{ $json.id }}',
};

/** What an answer about a film has to be, as a strict schema. */
export const FILM_SCHEMA = {
	type: 'object',
	properties: { genre: { type: 'string' } },
	required: ['genre'],
	additionalProperties: false,
};

const MODELS: Record<string, string> = {
	[EDITS]: 'gpt-image-1.5',
	[MODERATIONS]: 'omni-moderation-latest',
	[EMBEDDINGS]: 'text-embedding-3-small',
};

/** A model that the endpoint takes. */
export const modelOf = (endpoint: string) => MODELS[endpoint] ?? 'gpt-6-luna';

/** Submit: each item attaches these entries of the option Attachments to the prompt "Look". */
export const attaching = (
	endpoint: string,
	values: IDataObject[],
	more: Record<string, NodeParameterValueType> = {},
) =>
	({
		endpoint,
		model: modelOf(endpoint),
		prompt: 'Look',
		requestOptions: { attachments: { values } },
		...more,
	}) as Record<string, NodeParameterValueType>;

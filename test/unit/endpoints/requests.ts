import type { JsonObject } from '../../../nodes/jsonl/json';
import { CHAT } from '../../support/endpointUrls';

/** A body that its endpoint accepts. */
export const BODIES: Record<string, JsonObject> = {
	'/v1/chat/completions': { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Hi' }] },
	'/v1/responses': { model: 'gpt-6-luna', input: 'Hi' },
	'/v1/completions': { model: 'davinci-002', prompt: 'Once' },
	'/v1/embeddings': { model: 'text-embedding-3-small', input: 'Hi' },
	'/v1/moderations': { input: 'Hi' },
	'/v1/images/generations': { model: 'gpt-image-1', prompt: 'A sea otter' },
	'/v1/images/edits': {
		model: 'gpt-image-1',
		prompt: 'Add a hat',
		images: [{ file_id: 'file-1' }, { image_url: 'https://example.com/otter.png' }],
	},
};

/** A chat request that the API accepts, except for what is given. */
export function request(custom_id: unknown, fields: Record<string, unknown> = {}): object {
	return { custom_id, method: 'POST', url: CHAT, body: BODIES[CHAT], ...fields };
}

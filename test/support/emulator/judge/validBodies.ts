import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import type { CompletionCreateParamsNonStreaming } from 'openai/resources/completions';
import type { EmbeddingCreateParams } from 'openai/resources/embeddings';
import type { ImageGenerateParamsNonStreaming } from 'openai/resources/images';
import type { ModerationCreateParams } from 'openai/resources/moderations';
import type { ResponseCreateParamsNonStreaming } from 'openai/resources/responses/responses';

import type { Endpoint } from '../batches/requestLine';
import { PICTURES } from '../pictures';

/** What the guides show without the members that the types require. */
type Loose<Body> = Body | Record<string, unknown>;

export const PNG = `data:image/png;base64,${PICTURES.png}`;
const PDF = `data:application/pdf;base64,${Buffer.from('%PDF-1.7 nothing').toString('base64')}`;
const WAV = Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1').toString('base64');

const hello = [{ role: 'user' as const, content: 'Hello!' }];

const film = {
	type: 'object',
	properties: {
		title: { type: 'string', description: 'As on the poster' },
		year: { type: ['integer', 'null'] },
		genre: { enum: ['comedy', 'drama'], type: 'string' },
		cast: {
			type: 'array',
			items: {
				type: 'object',
				properties: { name: { type: 'string' } },
				required: ['name'],
				additionalProperties: false,
			},
		},
	},
	required: ['title', 'year', 'genre', 'cast'],
	additionalProperties: false,
};

const classify = {
	name: 'classify',
	description: 'Says what it is',
	strict: true,
	parameters: film,
};

const CHAT: Array<Loose<ChatCompletionCreateParamsNonStreaming>> = [
	{ model: 'gpt-6-luna', messages: hello },
	{
		model: 'gpt-4.1-mini',
		messages: [
			{ role: 'developer', content: 'Be brief.', name: 'house' },
			{ role: 'system', content: [{ type: 'text', text: 'Be kind.' }] },
			...hello,
			{
				role: 'assistant',
				content: null,
				tool_calls: [
					{ id: 'call_1', type: 'function', function: { name: 'classify', arguments: '{}' } },
				],
			},
			{ role: 'tool', tool_call_id: 'call_1', content: 'comedy' },
			{ role: 'assistant', content: 'It is one.', refusal: null },
			{ role: 'user', content: [{ type: 'text', text: 'And this?' }] },
		],
		temperature: 0.2,
		top_p: 1,
		max_tokens: 300,
		n: 2,
		seed: 7,
		stop: ['END'],
		presence_penalty: 0.5,
		frequency_penalty: -0.5,
		logit_bias: { '50256': -100 },
		logprobs: true,
		top_logprobs: 2,
		user: 'u',
		metadata: { a: 'b' },
		store: false,
		service_tier: 'default',
	},
	{
		model: 'gpt-6-sol',
		messages: [
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'What is this?' },
					{ type: 'image_url', image_url: { url: PNG, detail: 'low' } },
					{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
					{ type: 'file', file: { filename: 'a.pdf', file_data: PDF } },
					{ type: 'file', file: { file_id: 'file-a' } },
					{ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } },
				],
			},
		],
		max_completion_tokens: 1000,
		reasoning_effort: 'none',
		temperature: 0,
		verbosity: 'low',
		modalities: ['text'],
		prompt_cache_key: 'k',
		safety_identifier: 's',
	},
	{
		model: 'gpt-6-luna',
		messages: hello,
		tools: [{ type: 'function', function: classify }],
		tool_choice: { type: 'function', function: { name: 'classify' } },
		parallel_tool_calls: false,
		response_format: {
			type: 'json_schema',
			json_schema: { name: 'film', description: 'A film', strict: true, schema: film },
		},
		temperature: 1,
	},
	{
		model: 'gpt-6-luna',
		messages: hello,
		response_format: { type: 'json_object' },
		tool_choice: 'auto',
	},
	{ model: 'gpt-4o', messages: hello, response_format: { type: 'text' }, stop: 'END', n: null },
	// A schema that is not strict may be of any form.
	{
		model: 'gpt-6-luna',
		messages: hello,
		response_format: {
			type: 'json_schema',
			json_schema: { name: 'any', schema: { type: 'object', oneOf: [] } },
		},
	},
	// What a guide for another server adds to a message, the service passes over.
	{
		model: 'gpt-4o',
		messages: [
			{
				role: 'system',
				content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
			},
			{ role: 'user', content: 'y', extra: 1 },
		],
	},
];

const RESPONSES: Array<Loose<ResponseCreateParamsNonStreaming>> = [
	{ model: 'gpt-6-luna', input: 'Hello' },
	{
		model: 'gpt-6-luna',
		instructions: 'Be brief.',
		input: [
			{ role: 'developer', content: 'Be kind.' },
			{ role: 'user', content: [{ type: 'input_text', text: 'Hello' }], type: 'message' },
			{ role: 'assistant', content: 'Hi', phase: 'final_answer' },
			{ role: 'assistant', content: [{ type: 'output_text', text: 'Hi' }] },
			{ type: 'function_call', call_id: 'c', name: 'classify', arguments: '{}' },
			{ type: 'function_call_output', call_id: 'c', output: 'comedy' },
			{ type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'So.' }] },
			{ type: 'item_reference', id: 'msg_1' },
			{ id: 'msg_2' },
		],
		max_output_tokens: 100,
		reasoning: { effort: 'max', summary: 'auto' },
		text: { verbosity: 'low', format: { type: 'text' } },
		metadata: { a: 'b' },
		store: false,
		include: ['reasoning.encrypted_content'],
		truncation: 'auto',
		service_tier: 'auto',
		user: 'u',
	},
	{
		model: 'gpt-6-sol',
		input: [
			{
				role: 'user',
				content: [
					{ type: 'input_text', text: 'What is this?' },
					{ type: 'input_image', image_url: PNG },
					{ type: 'input_image', image_url: 'https://example.com/a.png', detail: 'original' },
					{ type: 'input_image', file_id: 'file-a', detail: 'auto' },
					{ type: 'input_file', filename: 'a.pdf', file_data: PDF },
					{ type: 'input_file', file_url: 'https://example.com/a.pdf' },
					{ type: 'input_file', file_id: 'file-a' },
				],
			},
		],
		reasoning: { effort: 'none' },
		temperature: 0,
		top_p: 0.5,
	},
	{
		model: 'gpt-6-luna',
		input: 'Hello',
		text: { format: { type: 'json_schema', name: 'film', strict: true, schema: film } },
		tools: [
			{ type: 'function', ...classify },
			{ type: 'function', name: 'loose' },
			{ type: 'web_search' },
			{ type: 'file_search', vector_store_ids: ['vs_1'], max_num_results: 3 },
			{ type: 'code_interpreter', container: { type: 'auto' } },
			{ type: 'image_generation', output_format: 'webp' },
			{ type: 'mcp', server_label: 'films', server_url: 'https://example.com/mcp' },
			{ type: 'custom', name: 'note' },
		],
		tool_choice: { type: 'function', name: 'classify' },
		parallel_tool_calls: true,
		max_tool_calls: 3,
	},
	{ model: 'gpt-6-luna', prompt: { id: 'pmpt_1', version: '2', variables: { name: 'Ada' } } },
	{ model: 'gpt-6-luna', input: 'And then?', previous_response_id: 'resp_1', background: true },
	{ model: 'gpt-6-luna', input: 'And then?', conversation: { id: 'conv_1' } },
	{ model: 'o4-mini', input: 'Hello', reasoning: { effort: 'low' }, temperature: 1 },
	{ model: 'gpt-4.1', input: 'Hello', temperature: 0.3, tool_choice: 'none' },
];

const COMPLETIONS: Array<Loose<CompletionCreateParamsNonStreaming>> = [
	{ model: 'gpt-3.5-turbo-instruct', prompt: 'Once', max_tokens: 7, temperature: 0 },
	{ model: 'davinci-002', prompt: ['Once', 'Twice'], n: 2, echo: true, logprobs: 3, suffix: '.' },
	{ model: 'davinci-002', prompt: [1, 2, 3], best_of: 3, stop: ['\n'], seed: 3 },
	{ model: 'davinci-002', prompt: [[1, 2], [3]], user: 'u' },
];

const EMBEDDINGS: Array<Loose<EmbeddingCreateParams>> = [
	{ model: 'text-embedding-3-small', input: 'one', encoding_format: 'float' },
	{ model: 'text-embedding-3-large', input: ['one', 'two'], dimensions: 256, user: 'u' },
	{ model: 'text-embedding-3-small', input: [1, 2, 3], encoding_format: 'base64' },
	{ model: 'text-embedding-3-small', input: [[1, 2], [3]] },
];

const MODERATIONS: Array<Loose<ModerationCreateParams>> = [
	{ input: 'I want to kill them.' },
	{ model: 'omni-moderation-latest', input: ['one', 'two'] },
	{
		model: 'omni-moderation-latest',
		input: [
			{ type: 'text', text: 'Look' },
			{ type: 'image_url', image_url: { url: PNG } },
		],
	},
];

const GENERATIONS: Array<Loose<ImageGenerateParamsNonStreaming>> = [
	{ model: 'gpt-image-1.5', prompt: 'An otter', n: 1, size: '1024x1024' },
	{
		model: 'gpt-image-1.5',
		prompt: 'An otter',
		background: 'transparent',
		output_format: 'webp',
		output_compression: 80,
		quality: 'low',
		moderation: 'low',
		user: 'u',
	},
	{ prompt: 'An otter', response_format: 'b64_json', style: 'vivid' },
];

const EDITS: Array<Record<string, unknown>> = [
	{ model: 'gpt-image-1.5', prompt: 'A hat', images: [{ image_url: PNG }, { file_id: 'file-a' }] },
	{
		model: 'gpt-image-1.5',
		prompt: 'A hat',
		images: [{ image_url: 'https://example.com/a.png' }],
		mask: { file_id: 'file-b' },
		n: 2,
		input_fidelity: 'high',
		output_format: 'jpeg',
		size: 'auto',
		quality: 'medium',
	},
];

/** Bodies that the real API accepts: the SDK's types, and what guides and examples show. */
export const VALID_BODIES: Record<Endpoint, Array<Record<string, unknown>>> = {
	'/v1/chat/completions': CHAT as Array<Record<string, unknown>>,
	'/v1/responses': RESPONSES as Array<Record<string, unknown>>,
	'/v1/completions': COMPLETIONS as Array<Record<string, unknown>>,
	'/v1/embeddings': EMBEDDINGS as Array<Record<string, unknown>>,
	'/v1/moderations': MODERATIONS as Array<Record<string, unknown>>,
	'/v1/images/generations': GENERATIONS as Array<Record<string, unknown>>,
	'/v1/images/edits': EDITS,
};

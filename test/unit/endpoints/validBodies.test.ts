import fc from 'fast-check';

import { ENDPOINTS } from '../../../nodes/endpoints';
import { checkBody } from '../../../nodes/endpoints/body';
import { versionedPath } from '../../../nodes/endpoints/endpoint';
import type { JsonObject } from '../../../nodes/jsonl/json';
import type { Endpoint } from '../../support/emulator/batches/requestLine';
import { judge } from '../../support/emulator/judge';
import chat from '../../support/emulator/judge/schemas/chat.json';
import completions from '../../support/emulator/judge/schemas/completions.json';
import embeddings from '../../support/emulator/judge/schemas/embeddings.json';
import imageEdits from '../../support/emulator/judge/schemas/imageEdits.json';
import imageGenerations from '../../support/emulator/judge/schemas/imageGenerations.json';
import moderations from '../../support/emulator/judge/schemas/moderations.json';
import responses from '../../support/emulator/judge/schemas/responses.json';
import { bodiesOf } from './schemaBodies';

const SCHEMAS: Record<string, object> = {
	'/chat/completions': chat,
	'/completions': completions,
	'/embeddings': embeddings,
	'/images/edits': imageEdits,
	'/images/generations': imageGenerations,
	'/moderations': moderations,
	'/responses': responses,
};

/** Whether the word JSON is there where JSON is asked for without a schema. */
const asksForJson = (format: unknown, said: unknown) =>
	(format as JsonObject | undefined)?.type !== 'json_object' || /json/i.test(JSON.stringify(said));

/** Whether all functions have names of the characters that the reference allows. */
const areNamed = (tools: unknown) =>
	((tools ?? []) as JsonObject[]).every((tool) => {
		const { name } = (tool.function ?? tool) as JsonObject;
		return tool.type !== 'function' || /^[\w-]+$/.test(String(name));
	});

/** What is needed beyond the types: texts, images and inputs that are there, names, the word JSON. */
const NEEDED: Record<string, (body: JsonObject) => boolean> = {
	'/chat/completions': ({ response_format, messages, stop, tools, top_logprobs, logprobs }) =>
		areNamed(tools) &&
		asksForJson(response_format, messages) &&
		(!Array.isArray(stop) || stop.length <= 4) &&
		(!top_logprobs || logprobs === true),
	'/completions': ({ stop }) => !Array.isArray(stop) || stop.length <= 4,
	'/embeddings': ({ input }) =>
		!Array.isArray(input) || !input.some((one) => Array.isArray(one) && one.length === 0),
	'/images/edits': ({ prompt, images, mask }) =>
		prompt !== '' &&
		[...(images as JsonObject[]), ...(mask ? [mask as JsonObject] : [])].every(
			(image) => Object.values(image).filter((value) => value !== null).length === 1,
		),
	'/images/generations': ({ prompt }) => prompt !== '',
	'/responses': ({
		background,
		input,
		prompt,
		conversation,
		previous_response_id,
		text,
		instructions,
		tools,
	}) =>
		// A batch cannot wait for what runs in the background.
		background !== true &&
		areNamed(tools) &&
		asksForJson((text as JsonObject | undefined)?.format, [input, instructions]) &&
		[input, prompt, conversation, previous_response_id].some(
			(value) => value !== undefined && value !== null,
		),
};

describe.each(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint] as const))(
	'%s',
	(path, endpoint) => {
		const name = versionedPath(path) as Endpoint;

		it('accepts every body that the types of the SDK allow', () => {
			let accepted = 0;
			const model = fc.constantFrom('gpt-4.1', 'text-model');
			fc.assert(
				fc.property(bodiesOf(SCHEMAS[path]), model, (made, modelName) => {
					const { stream: _, ...rest } = made;
					const body = { ...rest, model: modelName } as JsonObject;
					if (judge(name, body) !== undefined || !(NEEDED[path]?.(body) ?? true)) return;
					accepted++;
					expect(checkBody(endpoint, body)).toEqual([]);
					expect(checkBody(endpoint, body, 'compatible')).toEqual([]);
				}),
				{ numRuns: 1_000 },
			);
			// Many bodies that are made from the schema are right, so the test is not empty.
			expect(accepted).toBeGreaterThan(25);
		});
	},
);

/** Requests of the kinds that the guides of the service show. */
const GUIDES: Array<[path: string, what: string, body: JsonObject]> = [
	[
		'/chat/completions',
		'a conversation with tools',
		{
			model: 'gpt-4.1',
			messages: [
				{ role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
				{ role: 'user', content: 'Weather in Rome?', name: 'ada' },
				{
					role: 'assistant',
					tool_calls: [
						{ id: 'c1', type: 'function', function: { name: 'weather', arguments: '{}' } },
					],
				},
				{ role: 'tool', tool_call_id: 'c1', content: '21' },
				{ role: 'assistant', content: null, refusal: 'No.' },
				{ role: 'assistant', audio: { id: 'audio_1' } },
				{ role: 'function', name: 'old', content: null },
			],
			tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
		},
	],
	[
		'/chat/completions',
		'images, audio and a file',
		{
			model: 'gpt-4.1',
			messages: [
				{
					role: 'user',
					content: [
						{ type: 'text', text: '' },
						{ type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
						{ type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } },
						{
							type: 'file',
							file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' },
						},
						{ type: 'file', file: { file_id: 'file-1' } },
						{ type: 'file', file: { file_data: 'DATA:Application/PDF;base64,JVBERi0=' } },
					],
				},
			],
		},
	],
	[
		'/responses',
		'items of several kinds',
		{
			model: 'gpt-5.6-sol',
			input: [
				{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
				{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Ho' }] },
				{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
				{ type: 'function_call_output', call_id: 'c', output: '1' },
				{ id: 'msg_1' },
				{ type: 'an_item_of_next_year', anything: 1 },
			],
		},
	],
	[
		'/responses',
		'what starts from an earlier answer',
		{ model: 'gpt-6-luna', previous_response_id: 'resp_1' },
	],
	[
		'/responses',
		'what starts from a conversation',
		{ model: 'gpt-6-luna', conversation: 'conv_1' },
	],
	[
		'/moderations',
		'texts and an image',
		{
			model: 'omni-moderation-latest',
			input: [
				'Hi',
				{ type: 'text', text: 'Ho' },
				{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
			],
		},
	],
	[
		'/completions',
		'no prompt, from which a new text begins',
		{ model: 'davinci-002', prompt: null },
	],
	['/completions', 'lists of tokens', { model: 'davinci-002', prompt: [[1, 2], [3]] }],
];

it.each(GUIDES)('%s accepts %s', (path, _what, body) => {
	const endpoint = ENDPOINTS.find((one) => one.path === path);
	expect(checkBody(endpoint, body)).toEqual([]);
});

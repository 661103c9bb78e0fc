import fc from 'fast-check';
import { ENDPOINTS } from '../../../nodes/endpoints';
import { checkBody, RightParameters } from '../../../nodes/endpoints/body';
import { versionedPath } from '../../../nodes/endpoints/endpoint';
import type { JsonObject } from '../../../nodes/jsonl/json';
import { BODIES } from './requests';

/** Values of parameters and prompts, right ones and wrong ones. */
const VALUES: Record<string, unknown[]> = {
	model: ['gpt-6-luna', 'gpt-5', 'o3', 'gpt-4o-audio-preview', ' gpt-5', 5, undefined],
	messages: [
		[{ role: 'user', content: 'JSON, please' }],
		[{ role: 'user', content: 'Hello' }],
		[
			{
				role: 'user',
				content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }],
			},
		],
		[
			{
				role: 'user',
				content: [
					{
						type: 'image_url',
						image_url: { url: 'https://example.com/a.png', detail: 'original' },
					},
				],
			},
		],
		[],
		undefined,
	],
	input: ['JSON', 'Hello', '', [{ role: 'user', content: 'Hello' }], ['a', ''], [1], 7, undefined],
	prompt: ['A cat', '', null, { id: 'pmpt_1' }, undefined],
	instructions: ['Write JSON.', 'Write.', undefined],
	images: [[{ file_id: 'file-1' }], [{}], undefined],
	response_format: [{ type: 'json_object' }, { type: 'text' }, 'json', undefined],
	text: [{ format: { type: 'json_object' } }, { verbosity: 'low' }, undefined],
	tools: [
		[{ type: 'function', function: { name: 'a' } }],
		[{ type: 'function', name: '' }],
		undefined,
	],
	temperature: [1, 0.5, '1', undefined],
	stream: [true, false, undefined],
	n: [1, 0, undefined],
};

const bodies = fc
	.record(
		Object.fromEntries(
			Object.entries(VALUES).map(([name, values]) => [name, fc.constantFrom(...values)]),
		),
		{ requiredKeys: [] },
	)
	.map((fields) => JSON.parse(JSON.stringify(fields)) as JsonObject);

/** Bodies one after another, of which some differ only in one field from the one before. */
const sequences = fc
	.tuple(
		bodies,
		fc.array(
			fc.oneof(
				bodies,
				fc.constantFrom(...Object.keys(VALUES)).map((name) => ({ name })),
			),
		),
		fc.array(bodies, { minLength: 1, maxLength: 10 }),
	)
	.map(([first, changes, others]) => {
		const all = [first];
		for (const [index, change] of changes.entries()) {
			const from = others[index % others.length];
			const { name } = change as { name?: string };
			all.push(
				name === undefined ? (change as JsonObject) : { ...all.at(-1)!, [name]: from[name] },
			);
		}
		return all;
	});

test.each(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint] as const))(
	'requests to %s have the same issues, whatever was right in those before',
	(path, endpoint) => {
		fc.assert(
			fc.property(sequences, fc.constantFrom('openai', 'compatible'), (all, server) => {
				const right = new RightParameters();
				// The body that is right in everything is often among those before.
				for (const fields of all) {
					for (const body of [
						fields,
						{ ...(BODIES[versionedPath(path)] as JsonObject), ...fields },
					]) {
						expect(checkBody(endpoint, body, server, right)).toEqual(
							checkBody(endpoint, body, server),
						);
					}
				}
			}),
			{ numRuns: 150 },
		);
	},
);

test('parameters that were right are not checked again', () => {
	const endpoint = ENDPOINTS.find(({ path }) => path === '/responses')!;
	const checkParameters = jest.fn(() => []);
	const counted = { ...endpoint, checkParameters };
	const right = new RightParameters();
	for (const input of ['one', 'two', 'three']) {
		checkBody(counted, { model: 'gpt-6-luna', input }, 'openai', right);
	}
	expect(checkParameters).toHaveBeenCalledTimes(1);
	checkBody(counted, { model: 'gpt-6-luna', input: 'four', top_p: 1 }, 'openai', right);
	expect(checkParameters).toHaveBeenCalledTimes(2);
});

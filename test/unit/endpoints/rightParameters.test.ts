import fc from 'fast-check';
import { ENDPOINTS } from '../../../nodes/endpoints';
import { checkBody, RightParameters } from '../../../nodes/endpoints/body';
import { versionedPath } from '../../../nodes/endpoints/endpoint';
import type { Issue, JsonObject } from '../../../nodes/jsonl/json';
import { BODIES } from './requests';

/** Models with different rules. */
const MODELS = ['gpt-6-luna', 'gpt-5', 'o4-mini', 'o3'];

/** Values of parameters and prompts, right ones and wrong ones. */
const VALUES: Record<string, unknown[]> = {
	model: [...MODELS, 'gpt-4o-audio-preview', ' gpt-5', 5, undefined],
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

/** A field with one of its values. */
const changes = fc
	.constantFrom(...Object.keys(VALUES))
	.chain((name) => fc.constantFrom(...VALUES[name]).map((value) => ({ [name]: value })));

test.each(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint] as const))(
	'requests to %s have the same issues, whatever was right in those before',
	(path, endpoint) => {
		fc.assert(
			fc.property(
				fc.array(fc.tuple(changes, fc.boolean()), { minLength: 3, maxLength: 20 }),
				fc.constantFrom(...MODELS),
				fc.constantFrom('openai', 'compatible'),
				(steps, model, server) => {
					const right = new RightParameters();
					const first = { ...(BODIES[versionedPath(path)] as JsonObject), model };
					let body = first;
					for (const [change, isOfFirst] of steps) {
						body = { ...(isOfFirst ? first : body), ...change } as typeof first;
						expect(checkBody(endpoint, body, server, right)).toEqual(
							checkBody(endpoint, body, server),
						);
					}
				},
			),
			{ numRuns: 1_000 },
		);
	},
);

describe('parameters that were right', () => {
	const endpoint = ENDPOINTS.find(({ path }) => path === '/responses')!;
	const checkParameters = jest.fn((): Issue[] => []);
	const counted = { ...endpoint, checkParameters };
	const text = () => ({ format: { type: 'json_schema', name: 'a', schema: { type: 'object' } } });

	/** How often the parameters of bodies are checked that come one after another. */
	function checksOf(...bodies: JsonObject[]): number {
		checkParameters.mockClear();
		const right = new RightParameters();
		for (const [index, body] of bodies.entries()) {
			checkBody(counted, { model: 'gpt-6-luna', input: `${index}`, ...body }, 'openai', right);
		}
		return checkParameters.mock.calls.length;
	}

	test('are not checked again', () => {
		expect(checksOf({}, {}, {})).toBe(1);
		expect(checksOf({}, {}, { top_p: 1 }, { top_p: 1 })).toBe(2);
	});

	test('are compared by what they hold, as each request has objects of its own', () => {
		expect(checksOf({ text: text() }, { text: text() }, { text: text() })).toBe(1);
		expect(checksOf({ text: text() }, { text: { ...text(), verbosity: 'low' } })).toBe(2);
		expect(checksOf({ text: text() }, { text: JSON.stringify(text()) })).toBe(2);
	});

	test('are not compared when they are large', () => {
		const large = { format: { type: 'json_schema', description: 'x'.repeat(70_000) } };
		expect(checksOf({ text: large }, { text: { ...large } }, { text: { ...large } })).toBe(3);
	});

	test('are checked again when they were wrong', () => {
		checkParameters.mockReturnValueOnce([{ code: 'invalid_value', message: 'It is wrong.' }]);
		const right = new RightParameters();
		const body = { model: 'gpt-6-luna', input: 'Hi' };
		expect(checkBody(counted, body, 'openai', right)).toHaveLength(1);
		expect(checkBody(counted, body, 'openai', right)).toHaveLength(0);
	});
});

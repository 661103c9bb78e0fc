import fc from 'fast-check';

import { endpointOf } from '../../../nodes/endpoints';
import { checkBody } from '../../../nodes/endpoints/body';
import type { JsonObject, JsonValue } from '../../../nodes/jsonl/json';
import chatSchema from '../../support/emulator/judge/schemas/chat.json';

const CHAT = { messages: [{ role: 'user', content: 'Hi' }] };
const TOOLS = [{ type: 'function', function: { name: 'f' } }];

const SOUND = [
	{
		role: 'user',
		content: [{ type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } }],
	},
];

const check = (path: string, body: JsonObject, server: 'openai' | 'compatible' = 'openai') =>
	checkBody(endpointOf(path), body, server);
const chat = (body: JsonObject) => check('/chat/completions', { ...CHAT, ...body });
const responses = (body: JsonObject) => check('/responses', { input: 'Hi', ...body });

/** What is refused, and in brackets what gets only a hint. */
const brief = (issues: ReturnType<typeof check>) =>
	issues.map(({ param, isHint }) => (isHint ? `(${param})` : String(param)));

const SAMPLED = { temperature: 0.2, top_p: 0.5, logprobs: true, top_logprobs: 2 };
const SAMPLING = ['body.temperature', 'body.top_p', 'body.logprobs', 'body.top_logprobs'];
const hints = (params: string[]) => params.map((param) => `(${param})`);

/** The first models that reason were seen to refuse the first two only. */
const SEEN_REFUSED = [...SAMPLING.slice(0, 2), ...hints(SAMPLING.slice(2))];

describe('chat completions', () => {
	it.each<[model: string, effort: string | undefined, refused: string[]]>([
		['gpt-6-luna', undefined, SAMPLING],
		['gpt-6-luna-2026-09-01', 'low', SAMPLING],
		['gpt-6-luna', 'none', []],
		['gpt-6.1-sol', undefined, SAMPLING],
		['gpt-6.1-terra', undefined, SAMPLING],
		['gpt-6.2-nova', undefined, hints(SAMPLING)],
		['gpt-6-later', 'none', []],
		['gpt-6-later', undefined, hints(SAMPLING)],
		['gpt-6-chat-latest', undefined, []],
		['gpt-6-image', undefined, []],
		['gpt-5.6-sol', undefined, hints(SAMPLING)],
		['gpt-5.6-sol', 'none', []],
		['gpt-5.1', undefined, []],
		['gpt-5.4', 'high', hints(SAMPLING)],
		['gpt-5', 'minimal', SEEN_REFUSED],
		['gpt-5-mini', undefined, SEEN_REFUSED],
		['gpt-5-nano-2025-08-07', undefined, SEEN_REFUSED],
		['gpt-5-codex', undefined, hints(SAMPLING)],
		['gpt-5-pro', undefined, hints(SAMPLING)],
		['gpt-5-chat-latest', undefined, []],
		['gpt-5-search-api', undefined, []],
		['gpt-5.1-chat-latest', undefined, []],
		['o1', undefined, SEEN_REFUSED],
		['o1-pro-2025-03-19', undefined, SEEN_REFUSED],
		['o3', undefined, SEEN_REFUSED],
		['o3-mini', 'low', SEEN_REFUSED],
		['o4-mini-2025-04-16', undefined, SEEN_REFUSED],
		['o5', undefined, hints(SAMPLING)],
		['ft:o4-mini-2025-04-16:me::a', undefined, []],
		['gpt-4.1', undefined, []],
		['ft:gpt-6-luna:me', undefined, []],
		['my-model', undefined, []],
	])('%s with the effort %s: sampling', (model, reasoning_effort, refused) => {
		expect(brief(chat({ model, reasoning_effort, ...SAMPLED }))).toEqual(refused);
		// What the model does anyway asks for nothing.
		const neutral = { temperature: 1, top_p: 1, logprobs: false, top_logprobs: 0 };
		expect(chat({ model, reasoning_effort, ...neutral })).toEqual([]);
		const unset = { temperature: null, top_p: null, logprobs: null, top_logprobs: null };
		expect(chat({ model, reasoning_effort, ...unset })).toEqual([]);
	});

	const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];
	it.each<[model: string, taken: string[], certainty: 'certain' | 'likely']>([
		['gpt-6-astra', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-6.1-sol', ['low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-6.2-nova', ['low', 'medium', 'high', 'xhigh', 'max'], 'likely'],
		['gpt-6-sol', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-6-luna', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-6.1-terra', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-5.6-sol', ['none', 'low', 'medium', 'high', 'xhigh', 'max'], 'certain'],
		['gpt-5.1', ['none', 'low', 'medium', 'high'], 'certain'],
		['gpt-5.1-codex-max', EFFORTS, 'certain'],
		['gpt-5-pro-2025-10-06', ['high'], 'certain'],
		['gpt-5.5', ['none', 'low', 'medium', 'high', 'xhigh'], 'likely'],
		['gpt-5-mini', ['minimal', 'low', 'medium', 'high'], 'likely'],
		['o4-mini', ['low', 'medium', 'high'], 'likely'],
		['gpt-4.1', [], 'likely'],
		['gpt-4o-mini', [], 'likely'],
		['gpt-3.5-turbo', [], 'likely'],
		['my-model', EFFORTS, 'certain'],
	])('%s takes the efforts %j', (model, taken, certainty) => {
		for (const effort of EFFORTS) {
			const inChat = brief(chat({ model, reasoning_effort: effort }));
			const inResponses = brief(responses({ model, reasoning: { effort } }));
			const wrap = (param: string) => (certainty === 'likely' ? `(${param})` : param);
			const isTaken = taken.includes(effort);
			expect(inChat).toEqual(isTaken ? [] : [wrap('body.reasoning_effort')]);
			expect(inResponses).toEqual(isTaken ? [] : [wrap('body.reasoning.effort')]);
		}
	});

	it.each<[model: string, taken: string[]]>([
		['gpt-6-luna', ['low', 'medium', 'high']],
		['gpt-5-mini', ['low', 'medium', 'high']],
		['gpt-5.1-chat-latest', ['low', 'medium', 'high']],
		['gpt-5-chat-latest', ['medium']],
		['gpt-5.1-codex-max', ['medium']],
		['gpt-4.1', ['medium']],
		['chatgpt-4o-latest', ['medium']],
		['o3', ['medium']],
		['my-model', ['low', 'medium', 'high']],
	])('%s takes the verbosities %j', (model, taken) => {
		for (const verbosity of ['low', 'medium', 'high']) {
			const isTaken = taken.includes(verbosity);
			expect(brief(chat({ model, verbosity }))).toEqual(isTaken ? [] : ['(body.verbosity)']);
			expect(brief(responses({ model, text: { verbosity } }))).toEqual(
				isTaken ? [] : ['(body.text.verbosity)'],
			);
		}
	});

	it('values that are not known are hints, and unset ones are fine', () => {
		const model = 'gpt-6-luna';
		expect(chat({ model, verbosity: 'loud' })).toEqual([
			{
				code: 'unsupported_value',
				param: 'body.verbosity',
				message: "'loud' is not a known verbosity. Known are low, medium, high.",
				isHint: true,
			},
		]);
		const issues = responses({ model, text: { verbosity: 'loud' }, reasoning: { summary: 'all' } });
		expect(issues.map(({ message, isHint }) => [message, isHint])).toEqual([
			["'all' is not a known reasoning summary. Known are auto, concise, detailed.", true],
			["'loud' is not a known verbosity. Known are low, medium, high.", true],
		]);
		expect(chat({ model, reasoning_effort: 'ultra' })).toEqual([
			expect.objectContaining({
				message:
					"gpt-6-luna probably does not have the reasoning effort 'ultra'. Use none, low, medium, high, xhigh, max.",
				isHint: true,
			}),
		]);
		for (const summary of ['auto', 'concise', 'detailed', null]) {
			expect(responses({ model, text: null, reasoning: { summary } })).toEqual([]);
		}
		expect(chat({ model, verbosity: null })).toEqual([]);
	});

	it.each<[string, JsonObject, string[]]>([
		['max_tokens of o1', { model: 'o1', max_tokens: 5 }, ['body.max_tokens']],
		['max_tokens of gpt-6-luna', { model: 'gpt-6-luna', max_tokens: 5 }, ['(body.max_tokens)']],
		['max_tokens of gpt-4.1', { model: 'gpt-4.1', max_tokens: 5 }, []],
		['stop of o3', { model: 'o3-2025-04-16', stop: 'x' }, ['body.stop']],
		['stop of o3-mini', { model: 'o3-mini', stop: 'x' }, []],
		['stop of gpt-6-luna', { model: 'gpt-6-luna', stop: ['x'] }, []],
		['a penalty of o3', { model: 'o3', presence_penalty: 1 }, ['(body.presence_penalty)']],
		['a penalty of zero', { model: 'o3', presence_penalty: 0, logit_bias: {} }, []],
		['tools of gpt-6-luna', { model: 'gpt-6-luna', tools: TOOLS }, ['body.tools']],
		[
			'tools of gpt-6-luna that does not reason',
			{ model: 'gpt-6-luna', tools: TOOLS, reasoning_effort: 'none' },
			[],
		],
		['tools of a later model', { model: 'gpt-6.2-nova', tools: TOOLS }, ['(body.tools)']],
		['audio of gpt-6-luna', { model: 'gpt-6-luna', messages: SOUND }, ['body.messages[0].content']],
		[
			'audio of a later model',
			{ model: 'gpt-6.2-nova', messages: SOUND },
			['(body.messages[0].content)'],
		],
		['no tools', { model: 'gpt-6-luna', tools: [] }, []],
		['tools of gpt-5.4 by default', { model: 'gpt-5.4', tools: TOOLS }, []],
		[
			'tools of gpt-5.4 that reasons',
			{ model: 'gpt-5.4', tools: TOOLS, reasoning_effort: 'low' },
			['body.tools'],
		],
		['tools of gpt-5-mini', { model: 'gpt-5-mini', tools: TOOLS }, []],
		['tools of gpt-5.6-chat-latest', { model: 'gpt-5.6-chat-latest', tools: TOOLS }, []],
	])('%s', (_what, body, refused) => {
		expect(brief(chat(body))).toEqual(refused);
	});

	it.each<[string, string]>([
		['input', "Use 'messages' instead."],
		['instructions', "Use 'messages' instead."],
		['prompt', "Use 'messages' instead."],
		['max_output_tokens', "Use 'max_completion_tokens' instead."],
		['reasoning', "Use 'reasoning_effort' instead."],
		['text', "Use 'response_format' and 'verbosity' instead."],
		['previous_response_id', 'Leave it out.'],
		['conversation', 'Leave it out.'],
		['background', 'Leave it out.'],
		['include', 'Leave it out.'],
		['max_tool_calls', 'Leave it out.'],
		['truncation', 'Leave it out.'],
	])('have no %s', (name, advice) => {
		const issue = {
			code: 'unknown_parameter',
			param: `body.${name}`,
			message: `Chat Completions has no '${name}'. ${advice}`,
		};
		// Also where no model is named, or one that nobody knows.
		for (const value of [{ effort: 'low' }, 500, 'a', false]) {
			expect(chat({ model: 'my-model', [name]: value })).toEqual([issue]);
		}
		expect(chat({ [name]: 1 })).toContainEqual(issue);
		expect(chat({ model: 'my-model', [name]: null })).toEqual([]);
		expect(check('/chat/completions', { ...CHAT, model: 'm', [name]: 1 }, 'compatible')).toEqual([
			{ ...issue, isHint: true },
		]);
		expect(Object.keys(chatSchema.properties)).not.toContain(name);
	});

	it('says what to do', () => {
		const [issue] = chat({ model: 'gpt-6-luna', temperature: 0.2 });
		expect(issue).toEqual({
			code: 'unsupported_parameter',
			param: 'body.temperature',
			message:
				"gpt-6-luna refuses 'temperature' while it reasons. Leave it out, or set the reasoning effort to 'none'.",
		});
		const [always] = chat({ model: 'gpt-6.1-sol', temperature: 0.2 });
		expect(always.message).toMatch(/while it reasons\. Leave it out\.$/);
		const [tools] = chat({ model: 'gpt-6-astra', tools: TOOLS });
		expect(tools.message).toMatch(/Use the endpoint \/v1\/responses\.$/);
		const [terra] = chat({ model: 'gpt-6.1-terra', tools: TOOLS });
		expect(terra.message).toMatch(/while it reasons\. Use the endpoint \/v1\/responses\.$/);
		const [effort] = chat({ model: 'gpt-5.1', reasoning_effort: 'xhigh' });
		expect(effort.message).toBe(
			"gpt-5.1 does not have the reasoning effort 'xhigh'. Use none, low, medium, high.",
		);
	});
});

describe('responses', () => {
	it.each<[string, string]>([
		['n', 'Leave it out.'],
		['stop', 'Leave it out.'],
		['seed', 'Leave it out.'],
		['logit_bias', 'Leave it out.'],
		['logprobs', 'Leave it out.'],
		['presence_penalty', 'Leave it out.'],
		['frequency_penalty', 'Leave it out.'],
		['max_tokens', "Use 'max_output_tokens' instead."],
		['max_completion_tokens', "Use 'max_output_tokens' instead."],
		['response_format', "Use 'text.format' instead."],
		['reasoning_effort', "Use 'reasoning.effort' instead."],
		['messages', "Use 'input' instead."],
	])('have no %s', (name, advice) => {
		const [issue, ...others] = responses({ model: 'gpt-4.1', [name]: 1 });
		expect(others).toEqual([]);
		expect(issue).toMatchObject({
			param: `body.${name}`,
			message: `The Responses API has no '${name}'. ${advice}`,
		});
		expect(responses({ model: 'gpt-4.1', [name]: null })).toEqual([]);
	});

	it('cannot run in the background', () => {
		const issue = {
			code: 'unsupported_parameter',
			param: 'body.background',
			message:
				"A batch returns the answer of a background response before it exists. Remove 'background'.",
		};
		const body = { model: 'gpt-6-luna', background: true };
		expect(responses(body)).toEqual([issue]);
		expect(check('/responses', { input: 'Hi', ...body }, 'compatible')).toEqual([
			{ ...issue, isHint: true },
		]);
		expect(responses({ background: true })).toContainEqual(issue);
		for (const background of [false, null]) {
			expect(responses({ ...body, background })).toEqual([]);
		}
		expect(responses({ ...body, background: 'true' })).toMatchObject([
			{ code: 'invalid_type', param: 'body.background' },
		]);
	});

	it.each<[model: string, certainty: 'certain' | 'likely']>([
		['gpt-5', 'certain'],
		['gpt-5-nano', 'certain'],
		['gpt-5.4', 'certain'],
		['gpt-6-luna', 'certain'],
		['o3', 'certain'],
		['gpt-4.1', 'likely'],
		['ft:gpt-5:me::1', 'likely'],
		['my-model', 'likely'],
	])('of %s need a limit of at least 16 tokens', (model, certainty) => {
		const isLikely = certainty === 'likely';
		for (const limit of [1, 15]) {
			expect(responses({ model, max_output_tokens: limit })).toEqual([
				{
					code: 'integer_below_min_value',
					param: 'body.max_output_tokens',
					message: `'max_output_tokens' is ${limit}, and ${model} ${isLikely ? 'probably refuses' : 'refuses'} fewer than 16 tokens. Set it to 16 or more.`,
					...(isLikely && { isHint: true }),
				},
			]);
			expect(chat({ model, max_completion_tokens: limit })).toEqual([]);
		}
		for (const limit of [16, 1000, null]) {
			expect(responses({ model, max_output_tokens: limit })).toEqual([]);
		}
		// What is no limit at all has one issue only.
		for (const limit of [0, -1, 1.5, '5']) {
			expect(brief(responses({ model, max_output_tokens: limit }))).toEqual([
				'body.max_output_tokens',
			]);
		}
	});

	it('of GPT-6 have no probabilities while it reasons', () => {
		const include = ['message.output_text.logprobs'];
		expect(brief(responses({ model: 'gpt-6-luna', include }))).toEqual(['body.include']);
		const reasoning = { effort: 'none' };
		expect(responses({ model: 'gpt-6-luna', include, reasoning })).toEqual([]);
		expect(responses({ model: 'gpt-6-luna', include: ['reasoning.encrypted_content'] })).toEqual(
			[],
		);
		expect(brief(responses({ model: 'gpt-6-luna', temperature: 0 }))).toEqual(['body.temperature']);
	});
});

describe('the detail original', () => {
	const image = { url: 'https://example.com/cat.png' };
	const inChat = (detail: string) => [
		{ role: 'system', content: 'Look' },
		{ role: 'user', content: [{ type: 'image_url', image_url: { ...image, detail } }] },
	];
	const inResponses = (detail: string) => [
		{ role: 'user', content: [{ type: 'input_image', image_url: image.url, detail }] },
	];

	it.each<[model: string, hasOriginal: boolean]>([
		['gpt-5-mini', false],
		['gpt-5.4-nano-2026-03-05', false],
		['gpt-4.1-mini', false],
		['o4-mini', false],
		['gpt-6-luna', true],
		['gpt-5.6-sol', true],
		['gpt-5.5', true],
		['gpt-5.4', true],
		['gpt-4o', true],
		['gpt-5-mini-tuned', true],
		['my-model', true],
	])('%s has it: %s, as far as is known', (model, hasOriginal) => {
		const found = [
			...chat({ model, messages: inChat('original') }),
			...responses({ model, input: inResponses('original') }),
		];
		const message = `${model} does not have the detail 'original' for images. Use 'high'.`;
		const issue = { code: 'unsupported_value', message, isHint: true };
		expect(found).toEqual(
			hasOriginal
				? []
				: [
						{ ...issue, param: 'body.messages[1].content' },
						{ ...issue, param: 'body.input[0].content' },
					],
		);
		expect(chat({ model, messages: inChat('high') })).toEqual([]);
		expect(responses({ model, input: inResponses('low') })).toEqual([]);
	});
});

describe('the other endpoints', () => {
	const VALID: Record<string, JsonObject> = {
		'/completions': { model: 'davinci-002', prompt: 'Hi' },
		'/embeddings': { model: 'text-embedding-3-small', input: 'Hi' },
		'/images/generations': { model: 'gpt-image-1.5', prompt: 'A cat' },
		'/images/edits': {
			model: 'gpt-image-1.5',
			prompt: 'A cat',
			images: [{ image_url: 'https://example.com/cat.png' }],
		},
	};

	it.each<[path: string, name: string, refused: JsonValue[], taken: JsonValue[]]>([
		['/embeddings', 'dimensions', ['512', 0, 1.5], [1, 512, null]],
		['/images/generations', 'n', ['2', 0, 11, 1.5], [1, 10, null]],
		['/images/edits', 'n', ['2', 0, 11, 1.5], [1, 10, null]],
		['/completions', 'temperature', ['0.5', -0.1, 2.1], [0, 0.5, 2, null]],
		['/completions', 'top_p', ['0.5', -0.1, 1.1], [0, 0.5, 1, null]],
		['/completions', 'max_tokens', ['5', -1, 0.5], [0, 5, null]],
		['/completions', 'n', ['2', 0, 1.5], [1, 2, 128, null]],
		[
			'/completions',
			'stop',
			[5, { a: 1 }, ['a', 'b', 'c', 'd', 'e']],
			['a', ['a', 'b', 'c', 'd'], null],
		],
	])('%s: the type and the range of %s', (path, name, refused, taken) => {
		for (const value of refused) {
			const body = { ...VALID[path], [name]: value };
			expect([value, brief(check(path, body))]).toEqual([value, [`body.${name}`]]);
			expect(brief(check(path, body, 'compatible'))).toEqual([`(body.${name})`]);
		}
		for (const value of taken) {
			expect(check(path, { ...VALID[path], [name]: value })).toEqual([]);
		}
	});

	it('says what the range is', () => {
		const messages = (path: string, body: JsonObject) =>
			check(path, { ...VALID[path], ...body }).map(({ message }) => message);
		expect(messages('/embeddings', { dimensions: '512' })).toEqual([
			"Invalid type for 'dimensions': expected an integer, but got a string instead.",
		]);
		expect(messages('/images/edits', { n: 11 })).toEqual([
			"'n' is 11. It has to be an integer from 1 to 10.",
		]);
	});
});

describe('white space around the name of a model', () => {
	it.each(['gpt-6-luna ', ' gpt-6-luna', 'gpt-6-luna\n', '\tgpt-6-luna', 'gpt-6-luna\u00a0'])(
		'%j is found',
		(model) => {
			const issue = {
				code: 'invalid_value',
				param: 'body.model',
				message: `The model '${model}' has white space around its name. Remove it.`,
			};
			expect(chat({ model })).toEqual([issue]);
			expect(check('/embeddings', { input: 'Hi', model })).toEqual([issue]);
			expect(check('/chat/completions', { ...CHAT, model }, 'compatible')).toEqual([
				{ ...issue, isHint: true },
			]);
		},
	);

	it('is no matter inside of it', () => expect(chat({ model: 'my model' })).toEqual([]));
});

it('compatible servers get hints at most', () => {
	const body = { ...CHAT, model: 'o1', max_tokens: 5, temperature: 0, stream: true };
	const issues = check('/chat/completions', body, 'compatible');
	expect(issues).toHaveLength(3);
	expect(issues.every(({ isHint }) => isHint)).toBe(true);
});

describe('any parameters', () => {
	const effort = fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'x');
	const anyParameters = fc.record(
		{
			frequency_penalty: fc.double({ min: -2, max: 2, noNaN: true }),
			logit_bias: fc.dictionary(fc.constantFrom('1', '2'), fc.integer({ min: -100, max: 100 })),
			logprobs: fc.boolean(),
			max_tokens: fc.integer({ min: 1 }),
			presence_penalty: fc.double({ min: -2, max: 2, noNaN: true }),
			reasoning_effort: effort,
			stop: fc.oneof(fc.string(), fc.array(fc.string(), { maxLength: 4 })),
			temperature: fc.double({ min: 0, max: 2, noNaN: true }),
			tools: fc.constantFrom([], TOOLS),
			top_logprobs: fc.integer({ min: 0, max: 20 }),
			top_p: fc.double({ min: 0, max: 1, noNaN: true }),
		},
		{ requiredKeys: [] },
	) as fc.Arbitrary<JsonObject>;
	// The most likely tokens can be asked for with their probabilities only.
	const parameters = anyParameters.map((body) =>
		body.top_logprobs ? { ...body, logprobs: true } : body,
	);
	const REASONING = ['gpt-6-luna', 'gpt-6.1-sol', 'gpt-5.6-sol', 'gpt-5.4', 'gpt-5-mini', 'o3'];

	it('pass for models that do not reason, or are not known', () => {
		const model = fc.oneof(
			fc.constantFrom(
				'gpt-4.1',
				'gpt-4o-mini',
				'gpt-3.5-turbo',
				'ft:gpt-6-luna:me::1',
				'gpt-6-chat',
			),
			fc.string({ minLength: 1 }).map((name) => `my-${name}`.trim()),
		);
		fc.assert(
			fc.property(model, parameters, (name, body) => {
				const found = chat({ ...body, model: name });
				// An effort is probably refused by models of OpenAI that do not reason.
				const isKnown = !name.startsWith('my-');
				expect(found.filter(({ isHint }) => !(isKnown && isHint))).toEqual([]);
			}),
		);
	});

	it('are hints at most for a compatible server, also for names of OpenAI', () => {
		fc.assert(
			fc.property(fc.constantFrom(...REASONING), parameters, (model, body) => {
				const found = check('/chat/completions', { ...CHAT, ...body, model }, 'compatible');
				expect(found.filter(({ isHint }) => !isHint)).toEqual([]);
				for (const { message } of found) expect(message).toMatch(/^\S.*\.$/);
			}),
		);
	});

	it('that are left out, or ask for nothing, pass for every model', () => {
		const neutral: JsonObject = {
			frequency_penalty: 0,
			logit_bias: {},
			logprobs: false,
			presence_penalty: 0,
			temperature: 1,
			tools: [],
			top_logprobs: 0,
			top_p: 1,
		};
		const names = fc.subarray(Object.keys(neutral));
		fc.assert(
			fc.property(fc.constantFrom(...REASONING), names, fc.boolean(), (model, asked, isNull) => {
				const body = Object.fromEntries(
					asked.map((name) => [name, isNull ? null : neutral[name]]),
				) as JsonObject;
				expect(chat({ ...body, model })).toEqual([]);
			}),
		);
	});
});

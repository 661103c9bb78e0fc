import fc from 'fast-check';

import { endpointOf } from '../../../nodes/endpoints';
import { checkBody } from '../../../nodes/endpoints/body';
import type { JsonObject, JsonValue } from '../../../nodes/jsonl/json';

const check = (path: string, body: JsonObject, server: 'openai' | 'compatible' = 'openai') =>
	checkBody(endpointOf(path), body, server);
/** What is refused, and in brackets what gets only a hint. */
const brief = (issues: ReturnType<typeof check>) =>
	issues.map(({ code, param, isHint }) => (isHint ? `(${code} ${param})` : `${code} ${param}`));

const chat = (messages: unknown) =>
	check('/chat/completions', { model: 'gpt-4.1', messages: messages as JsonValue });
const user = (content: unknown) => chat([{ role: 'user', content }]);
const responses = (input: unknown) =>
	check('/responses', { model: 'gpt-4.1', input: input as JsonValue });
const inputOf = (content: unknown) => responses([{ role: 'user', content }]);

const IMAGE = 'https://example.com/a.png';
const M0 = 'body.messages[0]';
const P0 = `${M0}.content[0]`;
const I0 = 'body.input[0]';

describe('chat completions refuse', () => {
	it.each<[string, unknown, string[]]>([
		['messages as text', 'Hi', ['invalid_type body.messages']],
		['messages as JSON text', '[{"role":"user"}]', ['invalid_type body.messages']],
		['no messages', [], ['invalid_value body.messages']],
		['a message as text', ['Hi'], ['invalid_type body.messages[0]']],
		['a message without a role', [{ content: 'Hi' }], [`missing_required_parameter ${M0}.role`]],
		['a role that is no text', [{ role: 1, content: 'Hi' }], [`invalid_type ${M0}.role`]],
		['an empty role', [{ role: '', content: 'Hi' }], [`invalid_value ${M0}.role`]],
		['an unknown role', [{ role: 'bot', content: 'Hi' }], [`invalid_value ${M0}.role`]],
		[
			'the role of a prototype',
			[{ role: 'toString', content: 'Hi' }],
			[`invalid_value ${M0}.role`],
		],
		['a message without content', [{ role: 'user' }], [`missing_required_parameter ${M0}.content`]],
		[
			'an answer without anything',
			[{ role: 'assistant', content: null, tool_calls: null }],
			[`missing_required_parameter ${M0}.content`],
		],
		['content as a number', [{ role: 'user', content: 1 }], [`invalid_type ${M0}.content`]],
		['content as an object', [{ role: 'user', content: {} }], [`invalid_type ${M0}.content`]],
		[
			'the second of two messages',
			[
				{ role: 'user', content: 'Hi' },
				{ role: 'tool', tool_call_id: 'c' },
			],
			['missing_required_parameter body.messages[1].content'],
		],
		[
			'an image of the system',
			[{ role: 'system', content: [{ type: 'image_url', image_url: { url: IMAGE } }] }],
			[`invalid_value ${P0}.type`],
		],
	])('%s', (_what, messages, issues) => {
		expect(brief(chat(messages))).toEqual(issues);
	});

	it.each<[string, unknown, string[]]>([
		['a part as text', 'Hi', [`invalid_type ${P0}`]],
		['a part without a type', { text: 'Hi' }, [`missing_required_parameter ${P0}.type`]],
		['a type that is no text', { type: 1 }, [`invalid_type ${P0}.type`]],
		['an image of another service', { type: 'image', source: {} }, [`invalid_value ${P0}.type`]],
		['a text without text', { type: 'text' }, [`missing_required_parameter ${P0}.text`]],
		['a text that is none', { type: 'text', text: {} }, [`invalid_type ${P0}.text`]],
		['an image as text', { type: 'image_url', image_url: IMAGE }, [`invalid_type ${P0}.image_url`]],
		['an image without one', { type: 'image_url' }, [`missing_required_parameter ${P0}.image_url`]],
		[
			'an image without an address',
			{ type: 'image_url', image_url: {} },
			[`missing_required_parameter ${P0}.image_url.url`],
		],
		[
			'an image that is not there',
			{ type: 'image_url', image_url: { url: 'data:image/png;base64,undefined' } },
			[`invalid_base64 ${P0}.image_url.url`],
		],
		[
			'audio without a format',
			{ type: 'input_audio', input_audio: { data: 'SUQz' } },
			[`missing_required_parameter ${P0}.input_audio.format`],
		],
		[
			'audio of another format',
			{ type: 'input_audio', input_audio: { data: 'SUQz', format: 'ogg' } },
			[`invalid_value ${P0}.input_audio.format`],
		],
		[
			'audio as a data URL',
			{ type: 'input_audio', input_audio: { data: 'data:audio/mp3;base64,SUQz', format: 'mp3' } },
			[`invalid_value ${P0}.input_audio.data`],
		],
		['a file as text', { type: 'file', file: 'a.pdf' }, [`invalid_type ${P0}.file`]],
		[
			'a file that is no PDF',
			{ type: 'file', file: { file_data: 'data:text/plain;base64,SGk=' } },
			[`invalid_value ${P0}.file.file_data`],
		],
		[
			'the address of a file',
			{ type: 'file', file: { file_url: 'https://example.com/a.pdf' } },
			[`invalid_value ${P0}.file.file_url`],
		],
	])('%s', (_what, part, issues) => {
		expect(brief(user([part]))).toEqual(issues);
	});

	it.each<[string, string]>([
		['input_text', 'text'],
		['output_text', 'text'],
		['image', 'image_url'],
		['input_image', 'image_url'],
		['input_file', 'file'],
	])('the part %s of the Responses API, and name %s', (type, twin) => {
		expect(user([{ type }])[0].message).toBe(
			`'${type}' is not a type of content that is possible here. Use '${twin}'.`,
		);
	});
});

describe('responses refuse', () => {
	it.each<[string, unknown, string[]]>([
		['a list of texts', ['Hi'], ['invalid_type body.input[0]']],
		['a message without a role', [{ content: 'Hi' }], [`missing_required_parameter ${I0}.role`]],
		['an item without anything', [{}], [`missing_required_parameter ${I0}.role`]],
		['a role that is no text', [{ role: 1, content: 'Hi' }], [`invalid_type ${I0}.role`]],
		['a role of chat completions', [{ role: 'tool', content: 'Hi' }], [`invalid_value ${I0}.role`]],
		[
			'a message without content',
			[{ type: 'message', role: 'user' }],
			[`missing_required_parameter ${I0}.content`],
		],
		['content as an object', [{ role: 'user', content: {} }], [`invalid_type ${I0}.content`]],
	])('%s', (_what, input, issues) => {
		expect(brief(responses(input))).toEqual(issues);
	});

	it.each<[string, unknown, string[]]>([
		['a part without a type', { text: 'Hi' }, [`missing_required_parameter ${I0}.content[0].type`]],
		[
			'an image in an object',
			{ type: 'input_image', image_url: { url: IMAGE } },
			[`invalid_type ${I0}.content[0].image_url`],
		],
		[
			'an image that is not there',
			{ type: 'input_image', image_url: 'data:image/png;base64,' },
			[`invalid_base64 ${I0}.content[0].image_url`],
		],
		[
			'a file that is not there',
			{ type: 'input_file', file_data: 'data:application/pdf;base64,[object Object]' },
			[`invalid_base64 ${I0}.content[0].file_data`],
		],
		[
			'an id that is no text',
			{ type: 'input_file', file_id: 1 },
			[`invalid_type ${I0}.content[0].file_id`],
		],
	])('%s', (_what, part, issues) => {
		expect(brief(inputOf([part]))).toEqual(issues);
	});

	it.each<[string, string]>([
		['text', 'input_text'],
		['image', 'input_image'],
		['image_url', 'input_image'],
		['file', 'input_file'],
	])('the part %s of chat completions, and name %s', (type, twin) => {
		expect(inputOf([{ type }])[0].message).toMatch(new RegExp(`Use '${twin}'\\.$`));
	});
});

it('responses refuse audio, which only chat completions have', () => {
	const audio = { type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } };
	expect(brief(inputOf([audio]))).toEqual([`invalid_value ${I0}.content[0].type`]);
});

it('a kind of part that is not known gets a hint, since the service gets new kinds', () => {
	const known = ['text', 'image', 'image_url', 'input_audio', 'file', 'refusal'];
	const more = ['input_text', 'input_image', 'input_file', 'output_text'];
	const kind = fc.oneof(
		fc.string(),
		fc.constantFrom('video_url', 'scoped_content', 'summary_text', 'constructor', '__proto__'),
	);
	fc.assert(
		fc.property(kind, fc.jsonValue(), (type, value) => {
			fc.pre(![...known, ...more].includes(type));
			const part = { type, value };
			expect(brief(user([part]))).toEqual([`(invalid_value ${P0}.type)`]);
			expect(brief(inputOf([part]))).toEqual([`(invalid_value ${I0}.content[0].type)`]);
		}),
	);
});

it.each<[string, unknown, string[]]>([
	['a number', [1], ['invalid_type body.input[0]']],
	['an image as text', [{ type: 'image_url', image_url: IMAGE }], [`invalid_type ${I0}.image_url`]],
	['a part of responses', [{ type: 'input_text', text: 'Hi' }], [`invalid_value ${I0}.type`]],
])('moderations refuse %s', (_what, input, issues) => {
	expect(brief(check('/moderations', { input: input as JsonValue }))).toEqual(issues);
});

it.each<[string, object, string[]]>([
	[
		'an object around the address',
		{ images: [{ image_url: { url: IMAGE } }] },
		['invalid_type body.images[0].image_url'],
	],
	[
		'an image twice',
		{ images: [{ image_url: IMAGE, file_id: 'f' }] },
		['invalid_value body.images[0]'],
	],
	['nothing as an image', { images: [{ file_id: 'f' }, {}] }, ['invalid_value body.images[1]']],
	[
		'an image that is not there',
		{ images: [{ image_url: 'data:image/png;base64,null' }] },
		['invalid_base64 body.images[0].image_url'],
	],
	[
		'17 images',
		{ images: Array.from({ length: 17 }, () => ({ file_id: 'f' })) },
		['invalid_value body.images'],
	],
	[
		'a mask without an image',
		{ images: [{ file_id: 'f' }], mask: {} },
		['invalid_value body.mask'],
	],
])('image edits refuse %s', (_what, fields, issues) => {
	const body = { model: 'gpt-image-1.5', prompt: 'Hat', ...fields } as JsonObject;
	expect(brief(check('/images/edits', body))).toEqual(issues);
});

describe('compatible servers', () => {
	it('may know more roles and parts', () => {
		const messages = [
			{ role: 'ipython', content: 'Hi' },
			{ role: 'user', content: [{ type: 'video_url', video_url: { url: 'x' } }, 'text'] },
			{ role: 'user', content: [{ type: 'image_url', image_url: IMAGE }] },
			{ role: 'user' },
		];
		const body = { model: 'm', messages } as unknown as JsonObject;
		expect(check('/chat/completions', body, 'compatible')).toEqual([]);
	});

	it('may take more inputs to embed, and empty ones', () => {
		const many = Array.from({ length: 2_049 }, () => 'x');
		for (const input of [many, ['x', ''], [[]]]) {
			const body = { model: 'm', input };
			expect(check('/embeddings', body, 'compatible')).toEqual([]);
			expect(check('/embeddings', body)).toHaveLength(1);
		}
		for (const input of ['', []]) {
			expect(check('/embeddings', { model: 'm', input }, 'compatible')).toHaveLength(1);
		}
	});

	it('need messages with roles, and images that are there, too', () => {
		const messages = [
			{ content: 'Hi' },
			{
				role: 'user',
				content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,undefined' } }],
			},
		];
		const body = { model: 'm', messages } as unknown as JsonObject;
		expect(brief(check('/chat/completions', body, 'compatible'))).toEqual([
			`missing_required_parameter ${M0}.role`,
			'invalid_base64 body.messages[1].content[0].image_url.url',
		]);
	});
});

describe('a data URL', () => {
	const image = (content: string) =>
		user([{ type: 'image_url', image_url: { url: `data:image/png;base64,${content}` } }]);

	it('passes with any bytes in base64', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 8 }), fc.boolean(), (bytes, forUrls) => {
				const content = Buffer.from(bytes).toString(forUrls ? 'base64url' : 'base64');
				expect(image(content)).toEqual([]);
			}),
		);
	});

	it.each([
		'',
		' ',
		'undefined',
		'null',
		'NaN',
		'[object Object]',
		'{{ $json.image }}',
		'a=b',
		'<svg>',
	])('is refused with the content %j', (content) => {
		const [issue, ...others] = image(content);
		expect(others).toEqual([]);
		expect(issue.message).toMatch(/is not base64\. Check the expression/);
	});

	it('is refused with anything behind it that is not base64', () => {
		const char = fc.constantFrom(...'{}[]<>"\'!?.,:;äé');
		fc.assert(
			fc.property(fc.base64String(), char, fc.base64String(), (before, wrong, after) => {
				expect(image(before + wrong + after)).toHaveLength(1);
			}),
		);
	});

	it('need not be base64', () => {
		const url = 'data:image/svg+xml,%3Csvg/%3E';
		expect(user([{ type: 'image_url', image_url: { url } }])).toEqual([]);
	});
});

it('any body gets an answer, in whole sentences', () => {
	const part = fc.oneof(
		fc.jsonValue({ maxDepth: 1 }),
		fc.record(
			{
				type: fc.constantFrom(
					'text',
					'image_url',
					'input_image',
					'file',
					'input_audio',
					'message',
					'x',
				),
				text: fc.jsonValue({ maxDepth: 0 }),
				image_url: fc.jsonValue({ maxDepth: 1 }),
				file: fc.jsonValue({ maxDepth: 1 }),
				input_audio: fc.jsonValue({ maxDepth: 1 }),
				role: fc.constantFrom('user', 'assistant', 'x', 1, null),
				content: fc.jsonValue({ maxDepth: 2 }),
			},
			{ requiredKeys: [] },
		),
	);
	const list = fc.array(part, { maxLength: 3 });
	fc.assert(
		fc.property(list, list, fc.jsonValue(), (outer, inner, other) => {
			const messages = [...outer, { role: 'user', content: inner }];
			for (const path of ['/chat/completions', '/responses', '/moderations', '/images/edits']) {
				const body = {
					model: 'm',
					messages,
					input: messages,
					images: messages,
					mask: other,
					text: other,
					response_format: other,
				};
				for (const { message } of check(path, body as JsonObject)) {
					expect(message).toMatch(/[.}]$/);
				}
			}
		}),
	);
});

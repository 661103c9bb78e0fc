import fc from 'fast-check';

import { parseJsonContent } from '../../../nodes/jsonl/parseJson';

const value = { a: [1, 'x```y', null], b: { c: 'ž' } };
const json = JSON.stringify(value);

describe('parseJsonContent', () => {
	it.each([
		['plain JSON', json],
		['JSON with space around it', `\n  ${json}\n`],
		['a fence', '```json\n' + json + '\n```'],
		['a fence without a language', '```\n' + json + '\n```'],
		['a fence on one line', '```json ' + json + '```'],
		['a fence with CRLF', '```json\r\n' + json + '\r\n```\r\n'],
		['prose around a fence', 'Here it is:\n\n```json\n' + json + '\n```\nAnything else?'],
	])('reads %s', (_, text) => {
		expect(parseJsonContent(text)).toEqual({ ok: true, value });
	});

	it('reads whole JSON in a fence that was never closed', () => {
		expect(parseJsonContent('```json\n{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
	});

	it('reads a fence after prose in brackets', () => {
		expect(parseJsonContent('[Note]\n```\n7\n```')).toEqual({ ok: true, value: 7 });
	});

	it('does not drop what follows the JSON in a fence that was never closed', () => {
		expect(parseJsonContent('```json\n{"a":1}x')).toMatchObject({ reason: 'invalid' });
	});

	it('reads any JSON value, also when null or a text', () => {
		fc.assert(
			fc.property(fc.jsonValue(), fc.boolean(), (any, isFenced) => {
				const text = JSON.stringify(any);
				const read = parseJsonContent(isFenced ? '```json\n' + text + '\n```' : text);
				expect(read).toEqual({ ok: true, value: JSON.parse(text) as unknown });
			}),
		);
	});

	it('says that an object is cut wherever it ends early', () => {
		for (let end = 1; end < json.length; end++) {
			for (const text of [json.slice(0, end), '```json\n' + json.slice(0, end)]) {
				expect(parseJsonContent(text)).toMatchObject({ ok: false, reason: 'truncated' });
			}
		}
	});

	it('knows an escaped quote from the end of a text', () => {
		expect(parseJsonContent('{"a":"say \\"hi}')).toMatchObject({ reason: 'truncated' });
	});

	it.each(['length', 'max_output_tokens'])('believes the finish reason %s', (finish_reason) => {
		expect(parseJsonContent('Let me thi', { finish_reason })).toMatchObject({
			reason: 'truncated',
		});
		expect(parseJsonContent('', { finish_reason })).toMatchObject({ reason: 'truncated' });
		expect(parseJsonContent('[1]', { finish_reason })).toEqual({ ok: true, value: [1] });
	});

	it('says that the model declined, in its words', () => {
		expect(parseJsonContent(null, { refusal: 'I cannot help.' })).toEqual({
			ok: false,
			reason: 'refusal',
			message: 'The model declined: I cannot help.',
		});
	});

	it.each([
		'',
		'Sorry, no.',
		'{"a":1} and {"b":2}',
		'{\'a\': {"b":1}}',
		'As shown in [1], it is so.',
		"{'a':1}",
		'```json\n{a}\n```',
		'}{',
		'[1}',
	])('calls %j invalid', (text) => {
		expect(parseJsonContent(text)).toMatchObject({ ok: false, reason: 'invalid' });
	});

	it('has an answer for any text', () => {
		const text = fc.array(fc.constantFrom('```', 'json', '\n', '{', '}', '"', '\\', '[', 'a', '1'));
		fc.assert(
			fc.property(text, (parts) => {
				expect(parseJsonContent(parts.join(''))).toHaveProperty('ok');
			}),
		);
	});
});

describe('JSON with other words around it', () => {
	it.each<[string, unknown]>([
		['<think>Let me see {"x": 1}</think>\n{"title":"A"}', { title: 'A' }],
		['<thinking>\nHm.\n</thinking>```json\n{"title":"A"}\n```', { title: 'A' }],
		['Let me see {"x": 1}.\n</think>\n\n{"title":"A"}', { title: 'A' }],
		['Hm.</think>["A"]', ['A']],
		['{"title":"</think>"}', { title: '</think>' }],
		['Here it is: {"title":"</think>"}', { title: '</think>' }],
		['<think>Hm.</think>{"title":"</think>"}', { title: '</think>' }],
		['Here is the JSON:\n\n{"title":"A"}', { title: 'A' }],
		['{"a":1} and more', { a: 1 }],
		['The list:\n[1, 2]\nThat is all.', [1, 2]],
		['As shown in [1]:\n{"a":"}"}', { a: '}' }],
	])('is read in %j', (text, value) => {
		expect(parseJsonContent(text)).toEqual({ ok: true, value });
	});

	it.each<[string, string]>([
		['<think>Let me see {"x": 1}', 'truncated'],
		['<think>{"x":1}</thinking>', 'truncated'],
		['Let me see {"x": 1}</think>Sorry.', 'invalid'],
		['Let me see {"x": 1}</think>{"title":', 'truncated'],
	])('is not read from the thoughts: %j', (text, reason) => {
		expect(parseJsonContent(text)).toMatchObject({ ok: false, reason });
	});

	it('is read behind any thoughts, in any wrapping', () => {
		const tag = fc.constantFrom('think', 'thinking', 'reasoning', 'THOUGHT');
		const thoughts = fc.array(
			fc.constantFrom('Hm.', '{"x":1}', '[1]', '```json\n{}\n```', '\n', '{', '"', 'é'),
			{ maxLength: 6 },
		);
		const wrapping = fc.constantFrom<(json: string) => string>(
			(json) => json,
			(json) => `\n\n${json}\n`,
			(json) => `\`\`\`json\n${json}\n\`\`\``,
			(json) => `Here it is:\n${json}\nDone.`,
		);
		const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
		fc.assert(
			fc.property(
				tag,
				thoughts,
				fc.boolean(),
				value,
				wrapping,
				(name, words, opens, json, wrap) => {
					const text = JSON.stringify(json);
					fc.pre(!text.includes('```') && !text.includes('</'));
					const start = opens ? `<${name}>` : '';
					const said = `${start}${words.join(' ')}</${name}>${wrap(text)}`;
					expect(parseJsonContent(said)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
				},
			),
			{ numRuns: 500 },
		);
	});

	it('is read whatever the JSON and the words are', () => {
		const words = fc.stringMatching(/^[A-Za-z ,.:!]{0,20}$/);
		const value = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1 });
		fc.assert(
			fc.property(words, value, words, (before, json, after) => {
				const text = `${before}\n${JSON.stringify(json)}\n${after}`;
				expect(parseJsonContent(text)).toEqual({
					ok: true,
					value: JSON.parse(JSON.stringify(json)) as unknown,
				});
			}),
		);
	});
});

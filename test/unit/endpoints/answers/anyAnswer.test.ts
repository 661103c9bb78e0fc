import fc from 'fast-check';

import { ENDPOINTS } from '../../../../nodes/endpoints';
import { extractContent } from '../../../../nodes/endpoints/answers';
import type { Content } from '../../../../nodes/endpoints/answers/content';

const path = fc.constantFrom(...ENDPOINTS.map((endpoint) => `/v1${endpoint.path}`), '/v4/own', '');

/** Everything that is text in an item, besides the calls, sources and media. */
const TEXT_FIELDS = ['content', 'refusal', 'reasoning_summary', 'commentary'] as const;
type TextField = (typeof TEXT_FIELDS)[number];

function checkShape(read: Content): void {
	expect(read.content).not.toBeUndefined();
	for (const name of ['refusal', 'reasoning_summary', 'commentary'] as const) {
		expect(read[name] === null || (typeof read[name] === 'string' && read[name] !== '')).toBe(true);
	}
	for (const name of ['tool_calls', 'sources', 'images'] as const) {
		expect(read[name] === null || (read[name]?.length ?? 0) > 0).toBe(true);
	}
}

describe('any JSON value', () => {
	/** The words of all answers with anything in their places. */
	const words = `audio annotations arguments b64_json call_id choices commentary content data
		embedding error execution file_citation file_id filename final_answer finish_reason flagged
		function_call image_generation_call image_url images incomplete_details index message
		output output_format output_text phase reasoning reasoning_content refusal result results
		revised_prompt shell_call shell_call_output status summary text thinking title tool_calls
		transcript type url url_citation usage __proto__ constructor toString`.split(/\s+/);
	const { tree } = fc.letrec((tie) => ({
		tree: fc.oneof(
			{ maxDepth: 6 },
			fc.constantFrom(...words),
			fc.jsonValue({ maxDepth: 2 }),
			fc.array(tie('tree'), { maxLength: 4 }),
			// Through JSON, so that `__proto__` is a key like any other.
			fc.array(fc.tuple(fc.constantFrom(...words), tie('tree')), { maxLength: 6 }).map((pairs) => {
				const fields = pairs.map(
					([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`,
				);
				return JSON.parse(`{${fields.join(',')}}`) as unknown;
			}),
		),
	}));
	const message = fc.dictionary(fc.constantFrom(...words), tree);
	const body = fc.oneof(
		tree,
		fc.record({ choices: fc.array(fc.record({ message, finish_reason: tree })) }),
		fc.record({
			output: fc.array(
				fc
					.tuple(fc.constantFrom('message', 'reasoning', 'image_generation_call'), message)
					.map(([type, item]) => ({ ...item, type })),
			),
		}),
	);

	it('is read as a body of any endpoint', () => {
		fc.assert(
			fc.property(path, body, (endpoint, value) => checkShape(extractContent(endpoint, value))),
			{ numRuns: 500 },
		);
	});

	it('is read however deeply it is nested', () => {
		let deep: unknown = 'text';
		for (let depth = 0; depth < 100_000; depth++) deep = { content: [deep], thinking: [deep] };
		const item = { type: 'message', content: deep, summary: deep, annotations: deep };
		checkShape(extractContent('', { output: [item, { type: 'reasoning', content: deep }] }));
		checkShape(extractContent('', { choices: [{ message: { content: [deep], images: deep } }] }));
	});
});

/** A text of its own for each place, so that it can be found again. */
interface Placed {
	body: unknown;
	/** Where each text belongs. */
	texts: Array<[text: string, field: TextField]>;
}

/** Which fields a text is in. */
const fieldsWith = (read: Content, text: string) =>
	TEXT_FIELDS.filter((name) => JSON.stringify(read[name]).includes(text));

function checkPlaces(endpoint: string, { body, texts }: Placed): void {
	const read = extractContent(endpoint, body);
	checkShape(read);
	for (const [text, field] of texts)
		expect([text, ...fieldsWith(read, text)]).toEqual([text, field]);
}

/** Numbers the texts of a body in the order in which they are made. */
function placing(): { say: (field: TextField) => string; texts: Placed['texts'] } {
	const texts: Placed['texts'] = [];
	const say = (field: TextField) => {
		const text = `<${texts.length}>`;
		texts.push([text, field]);
		return text;
	};
	return { say, texts };
}

describe('every text of an answer is in exactly one field', () => {
	type Part = 'text' | 'refusal' | 'thought';
	const parts = fc.array(fc.constantFrom<Part>('text', 'refusal'), { maxLength: 3 });
	const phase = fc.constantFrom(undefined, null, 'commentary', 'final_answer', 'own_phase');
	const item = fc.oneof(
		fc.record({ type: fc.constant('message' as const), phase, parts }),
		fc.record({ type: fc.constant('reasoning' as const), isOpen: fc.boolean() }),
		fc.record({ type: fc.constant('function_call' as const) }),
	);

	function response(items: Array<typeof item extends fc.Arbitrary<infer Item> ? Item : never>) {
		const { say, texts } = placing();
		const hasFinal = items.some((one) => one.type === 'message' && one.phase === 'final_answer');
		const output = items.map((one) => {
			if (one.type === 'function_call') return { ...one, name: 'a', arguments: '{}' };
			if (one.type === 'reasoning') {
				const text = { text: say('reasoning_summary') };
				return one.isOpen
					? { ...one, summary: [], content: [{ type: 'reasoning_text', ...text }] }
					: { ...one, summary: [{ type: 'summary_text', ...text }] };
			}
			const isAnswer = hasFinal ? one.phase === 'final_answer' : one.phase !== 'commentary';
			const content = one.parts.map((part) =>
				part === 'text'
					? { type: 'output_text', text: say(isAnswer ? 'content' : 'commentary') }
					: { type: 'refusal', refusal: say('refusal') },
			);
			return { ...one, content };
		});
		return { body: { object: 'response', output }, texts };
	}

	it('of the Responses API', () => {
		fc.assert(
			fc.property(fc.array(item, { maxLength: 6 }), (items) =>
				checkPlaces('/v1/responses', response(items)),
			),
			{ numRuns: 500 },
		);
	});

	const choice = fc.record({
		form: fc.constantFrom('text', 'parts', 'transcript', 'none'),
		parts: fc.array(fc.constantFrom<Part>('text', 'refusal', 'thought'), { maxLength: 4 }),
		refuses: fc.boolean(),
		thinks: fc.constantFrom(undefined, 'reasoning', 'reasoning_content'),
	});

	function chat(choices: Array<typeof choice extends fc.Arbitrary<infer Choice> ? Choice : never>) {
		const { say, texts } = placing();
		const part = {
			text: () => ({ type: 'text', text: say('content') }),
			refusal: () => ({ type: 'refusal', refusal: say('refusal') }),
			thought: () => ({ type: 'thinking', thinking: say('reasoning_summary') }),
		};
		const content = {
			text: () => ({ content: say('content') }),
			parts: (names: Part[]) => ({ content: names.map((name) => part[name]()) }),
			transcript: () => ({ content: null, audio: { transcript: say('content') } }),
			none: () => ({ content: null }),
		};
		const messages = choices.map(({ form, parts: names, refuses, thinks }) => ({
			...content[form](names),
			refusal: refuses ? say('refusal') : null,
			...(thinks && { [thinks]: say('reasoning_summary') }),
		}));
		return { body: { choices: messages.map((message, index) => ({ index, message })) }, texts };
	}

	it('of a chat completion', () => {
		fc.assert(
			fc.property(fc.array(choice, { maxLength: 4 }), (choices) =>
				checkPlaces('/v1/chat/completions', chat(choices)),
			),
			{ numRuns: 500 },
		);
	});
});

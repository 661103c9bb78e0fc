import fc from 'fast-check';
import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import { uploaded } from './submitted';

/**
 * Families of inputs that were generated from the kinds of mistakes that people make. Many items go
 * through one execution, and each of them is a case.
 */

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

/** Which items are refused, with the code that is named, and the hints. */
async function outcome(parameters: Parameters, items: IDataObject[]) {
	const options = { dryRun: true };
	const result = await product.run('batch', 'submit', { ...parameters, options }, items, {
		onError: 'continueRegularOutput',
	});
	expect(product.emulator.ledger.requests).toEqual([]);
	const refused = new Map<number, string>();
	for (const { json, pairedItem } of result.items('Node')) {
		if (json.error === undefined) continue;
		refused.set((pairedItem as { item: number }).item, String(json.error));
	}
	return { refused, hints: remarksOf(result).map(({ message }) => message) };
}

type Value = IDataObject[string];

const isObject = (value: unknown) =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown) =>
	value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
/** Whether a text in which the value stands contains '[object Object]' that is none of a user's. */
const leavesObjectText = (value: unknown): boolean =>
	Array.isArray(value) ? value.some(leavesObjectText) : isObject(value);

const value: fc.Arbitrary<Value> = fc.oneof(
	fc.constantFrom<Value>(undefined, null, '', ' ', 0, false, [], {}, [[]], [{}], ['a', null]),
	fc.string(),
	fc.constantFrom<Value>('[object Object]', 'see [object Object]', ['[object Object]']),
	fc.dictionary(fc.constantFrom('a', 'b'), fc.string()),
	fc.array(fc.oneof(fc.string(), fc.constant({ a: 1 })), { maxLength: 3 }) as fc.Arbitrary<Value>,
);
const rows = fc.array(fc.record({ a: value, b: value }), { minLength: 200, maxLength: 200 });
/** As n8n has items: of plain objects, without what JSON cannot express. */
const sample = () => JSON.parse(JSON.stringify(fc.sample(rows, 1)[0])) as IDataObject[];

describe('a prompt with two fields', () => {
	it.each([
		['that the node reads itself', '=Of {{ $json.a }} and {{ $json["b"] }}.'],
		['that only n8n can read', '=Of {{ $json.a ?? "" }} and {{ $json["b"] ?? "" }}.'],
	])('%s is refused exactly where one of them is an object', async (_what, prompt) => {
		const items = sample();
		const { refused } = await outcome({ prompt }, items);
		for (const [index, { a, b }] of items.entries()) {
			const isRefused = leavesObjectText(a) || leavesObjectText(b);
			// Where the item has the words itself, they cannot be told from those of an object that
			// only n8n reads.
			const isUnclear = JSON.stringify([a, b]).includes('[object Object]');
			if (prompt.includes('??') && isUnclear) continue;
			const found = refused.get(index) ?? '';
			expect([index, a, b, found !== '']).toEqual([index, a, b, isRefused]);
			if (isRefused) expect(found).toContain(`{{ $json${leavesObjectText(a) ? '.a' : '["b"]'}`);
		}
	});

	it('gets a hint with the number of items where one of them is empty', async () => {
		const items = sample();
		const { hints } = await outcome({ prompt: '=Of {{ $json.a }} and {{ $json["b"] }}.' }, items);
		const empty = items.flatMap(({ a, b }, index) => (isEmpty(a) || isEmpty(b) ? [index] : []));
		const code = isEmpty(items[empty[0]].a) ? '$json.a' : '$json["b"]';
		expect(hints).toEqual([
			`${empty.length} of 200 prompts insert an empty field, first in item ${empty[0]}: {{ ${code} }}.`,
		]);
	});
});

it('data URLs are refused exactly where an expression has no content for them', async () => {
	const bytes = fc.uint8Array({ minLength: 3, maxLength: 30 });
	const content = fc.oneof(
		bytes.map((raw) => Buffer.from(raw).toString('base64')),
		bytes.map((raw) => Buffer.from(raw).toString('base64url')),
		fc.constantFrom(undefined, null, 'undefined', NaN, { a: 1 }, '', ' ', '<svg/>', true),
	);
	const items = fc.sample(content, 200).map((image) => ({ image })) as unknown as IDataObject[];
	const isRight = (image: unknown) =>
		typeof image === 'string' && /^[\w+/-]+=*$/.test(image) && image !== 'undefined';
	for (const endpoint of ['/v1/chat/completions', '/v1/responses']) {
		const requestOptions = {
			attachments: {
				values: [{ source: 'url', url: '={{ "data:image/png;base64," + $json.image }}' }],
			},
		};
		const { refused } = await outcome({ endpoint, prompt: 'Hi', requestOptions }, items);
		for (const [index, { image }] of items.entries()) {
			expect([image, refused.has(index)]).toEqual([image, !isRight(image)]);
		}
	}
});

it('fields that are set to Fixed are refused when they have an expression, whatever it is', async () => {
	const word = fc.stringMatching(/^[a-z]{1,8}$/);
	const code = fc.oneof(
		word.map((name) => `$json.${name}`),
		word.map((name) => `$json["${name}"]`),
		fc.tuple(word, word).map(([node, name]) => `$('${node}').item.json.${name}`),
		word.map((name) => `$json.${name}.trim().slice(0, 5)`),
		fc.constantFrom('$itemIndex', '$now', '$now.toISO()', '$input.first().json'),
	);
	const text = fc.string().map((one) => one.replace(/[{}]|^=/g, '-'));
	const blank = fc.constantFrom('', ' ', '\n ');
	const cases = fc.sample(fc.tuple(text, blank, code, blank, text), 30);
	for (const [before, left, inside, right, after] of cases) {
		const prompt = `-${before}{{${left}${inside}${right}}}${after}`;
		const { error } = await product.run('batch', 'submit', { prompt });
		expect(error?.message).toBe(
			`Prompt contains {{ ${inside} }}, but the field is set to Fixed, so that this text would be sent as it stands`,
		);
	}
	expect(product.emulator.ledger.requests).toEqual([]);
});

it('additional fields throw away neither the schema nor the effort', async () => {
	const schema = {
		type: 'object',
		properties: { genre: { type: 'string' } },
		required: ['genre'],
		additionalProperties: false,
	};
	const requestOptions = {
		jsonSchema: JSON.stringify(schema),
		reasoningEffort: 'low',
		additionalFields: '{"text":{"verbosity":"low"},"reasoning":{"summary":"auto"}}',
	};
	const parameters = { endpoint: '/v1/responses', prompt: 'Hi', requestOptions };
	const { body } = JSON.parse(await uploaded(product, parameters, [{}])) as { body: object };
	expect(body).toMatchObject({
		text: {
			format: { type: 'json_schema', name: 'answer', strict: true, schema },
			verbosity: 'low',
		},
		reasoning: { effort: 'low', summary: 'auto' },
	});
});

it('ready-made lines that are none name what the items have instead', async () => {
	const name = fc.stringMatching(/^[a-z][\w ]{0,12}$/);
	const lines = fc.constantFrom(
		'{"custom_id":"a","method":"POST"}\n{"custom_id":"b"}',
		' {"custom_id":"a"}',
		[{ custom_id: 'a' }],
	);
	const items = fc
		.sample(fc.tuple(name, fc.oneof(lines, fc.string(), fc.integer())), 200)
		.map(([key, content]) => ({ [key]: content })) as IDataObject[];
	const { refused } = await outcome({ requestSource: 'lines' }, items);
	for (const [index, item] of items.entries()) {
		const [[key, content]] = Object.entries(item);
		expect(refused.get(index)).toContain(`This item is not a request: it has '${key}'`);
		const isLines = /custom_id/.test(JSON.stringify(content));
		const advice = `'${key}' holds whole requests`;
		if (isLines) expect(refused.get(index)).toContain(advice);
		else expect(refused.get(index)).not.toContain('holds whole requests');
	}
});

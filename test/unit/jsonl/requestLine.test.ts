import fc from 'fast-check';
import { linesOf } from './bytes';
import type { JsonObject } from '../../../nodes/jsonl/json';
import { RequestSerializationError, serializeRequest } from '../../../nodes/jsonl/split';

const request = (body: unknown) => ({
	custom_id: 'r-1',
	method: 'POST',
	url: '/v1/embeddings',
	body: body as JsonObject,
});

describe('serializeRequest', () => {
	it('writes the keys in the order of the API, whatever order they came in', () => {
		const { custom_id, method, url, body } = request({ model: 'm', input: 'x' });
		expect(serializeRequest({ body, url, method, custom_id })).toBe(
			'{"custom_id":"r-1","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}',
		);
	});

	it('writes no line break inside a line', () => {
		expect(serializeRequest(request({ input: 'a\nb\r\nc' }))).not.toMatch(/[\r\n]/);
	});

	it('keeps own keys that name parts of the prototype', () => {
		const body = JSON.parse(
			'{"__proto__":{"a":1},"constructor":"c","toString":null}',
		) as JsonObject;
		const line = JSON.parse(serializeRequest(request(body))) as { body: JsonObject };
		expect(Object.keys(line.body)).toEqual(['__proto__', 'constructor', 'toString']);
	});

	const circular: JsonObject = {};
	circular.self = circular;
	it.each([
		['is circular', circular],
		['has a BigInt', { n: 1n }],
		['is undefined', undefined],
		['is a function', () => 1],
	])('refuses a body that %s', (_, body) => {
		expect(() => serializeRequest(request(body))).toThrow(RequestSerializationError);
		expect(() => serializeRequest(request(body))).toThrow(/'r-1' cannot be written as JSON: ./);
	});

	it('is read back unchanged from a file cut anywhere', async () => {
		const line = fc.record({
			custom_id: fc.string({ unit: 'binary' }),
			method: fc.constant('POST'),
			url: fc.string(),
			body: fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JsonObject>,
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(line),
				fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
				async (requests, sizes) => {
					const content = requests.map((one) => `${serializeRequest(one)}\n`).join('');
					const read = await linesOf(content, sizes);
					const plain = JSON.parse(JSON.stringify(requests)) as unknown;
					expect(read.map((one) => JSON.parse(one.text) as unknown)).toEqual(plain);
				},
			),
		);
	});
});

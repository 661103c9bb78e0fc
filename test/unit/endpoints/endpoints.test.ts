import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BODIES } from './requests';
import { DEFAULT_ENDPOINT, DEFAULT_MODEL, endpointOf, ENDPOINTS } from '../../../nodes/endpoints';
import { ANSWERS } from '../../../nodes/endpoints/answers';
import { checkBody } from '../../../nodes/endpoints/body';
import { embeddings } from '../../../nodes/endpoints/singleInput';
import type { Endpoint, RequestOptions } from '../../../nodes/endpoints/endpoint';
import { isSameEndpoint, versionedPath } from '../../../nodes/endpoints/endpoint';

/** A value of every option, each unlike what a body has without it. */
const EVERY_OPTION: Required<RequestOptions> = {
	additionalFields: { images: [] },
	answerColumns: { type: 'object', properties: {}, required: [], additionalProperties: false },
	attachments: [{ type: 'image', url: 'https://example.com/cat.png' }],
	dimensions: 3,
	imageCount: 2,
	imageQuality: 'low',
	imageSize: '1x1',
	jsonSchema: { type: 'object' },
	jsonSchemaName: 'film',
	jsonSchemaStrict: false,
	maxTokens: 16,
	promptCacheKey: 'films',
	reasoningEffort: 'low',
	reasoningSummary: 'auto',
	systemMessage: 'Be brief.',
	// What reasoning models take.
	temperature: 1,
	topP: 1,
	verbosity: 'low',
};
const NAMES = Object.keys(EVERY_OPTION).filter((name) => name !== 'additionalFields') as Array<
	Endpoint['options'][number]
>;

const bodyWith = (endpoint: Endpoint, options: Partial<RequestOptions>) =>
	endpoint.makeBody({
		model: endpoint.model.example,
		prompt: 'text',
		options: { jsonSchemaStrict: true, ...options },
	});

describe.each(ENDPOINTS.map((endpoint) => [endpoint.path, endpoint] as const))(
	'%s',
	(path, endpoint) => {
		it('is found with and without a version', () => {
			expect(endpointOf(path)).toBe(endpoint);
			expect(endpointOf(`/v1${path}`)).toBe(endpoint);
			for (const version of ['/v2', '/v4', '/v10', '/v1beta']) {
				expect(endpointOf(`${version}${path}`)).toBe(endpoint);
			}
			for (const before of ['/v1/v1', '/openai', '/v', '/video']) {
				expect(endpointOf(`${before}${path}`)).toBeUndefined();
			}
		});

		it('has a label, a path and a shape of answers of its own', () => {
			const labels = ENDPOINTS.filter(({ label }) => label === endpoint.label);
			const paths = ENDPOINTS.filter((other) => isSameEndpoint(other.path, path));
			expect([labels, paths]).toEqual([[endpoint], [endpoint]]);
			expect(ANSWERS[path].matches({})).toBe(false);
		});

		it.each(NAMES)('puts the option %s into its bodies exactly when it lists it', (name) => {
			const { additionalFields, jsonSchema } = EVERY_OPTION;
			// The name and the strictness of a schema need a schema, and an edit needs an image.
			const base = {
				...(name.startsWith('jsonSchema') && name !== 'jsonSchema' ? { jsonSchema } : {}),
				...(path === '/images/edits' ? { additionalFields } : {}),
			};
			const before = JSON.stringify(bodyWith(endpoint, base));
			const after = JSON.stringify(bodyWith(endpoint, { ...base, [name]: EVERY_OPTION[name] }));
			const isTaken = after !== before;
			expect(isTaken).toBe(endpoint.options.includes(name));
		});

		it('makes bodies that pass its own checks', () => {
			expect(BODIES).toHaveProperty([versionedPath(path)]);
			const { additionalFields: _, answerColumns, jsonSchema, ...options } = EVERY_OPTION;
			for (const schema of [{ answerColumns }, { jsonSchema }]) {
				const body = bodyWith(endpoint, { ...options, ...schema });
				expect(checkBody(endpoint, body)).toEqual([]);
			}
			expect(checkBody(endpoint, BODIES[versionedPath(path)])).toEqual([]);
		});

		it('names a model of its own when there is none', () => {
			const [issue] = checkBody(endpoint, { ...BODIES[versionedPath(path)], model: '' });
			expect(issue.message).toContain(`Name the model, for example '${endpoint.model.example}'.`);
		});
	},
);

test('every endpoint that is declared is in the registry', () => {
	const folder = join(__dirname, '../../../nodes/endpoints');
	const declared = readdirSync(folder)
		.filter((name) => name !== 'index.ts')
		.flatMap((name) => Object.values(jest.requireActual<object>(join(folder, name))))
		.filter((value) => typeof value === 'object' && 'makeBody' in value);
	expect(declared).toHaveLength(ENDPOINTS.length);
	expect(new Set(declared)).toEqual(new Set(ENDPOINTS));
});

test('the panel starts with an endpoint that its model is made for', () => {
	expect(ENDPOINTS).toContain(DEFAULT_ENDPOINT);
	expect(DEFAULT_ENDPOINT.model.example).toBe(DEFAULT_MODEL);
});

describe('endpointOf', () => {
	it.each([undefined, null, '', '/', '/v1', '/v1/', 7, {}, 'chat/completions', '/v1/rerank'])(
		'knows no endpoint %j',
		(path) => expect(endpointOf(path)).toBeUndefined(),
	);
});

describe('isSameEndpoint', () => {
	it.each([
		['/v1/chat/completions', '/chat/completions'],
		['/chat/completions', '/chat/completions'],
		['/v1/own', '/own'],
		['/v2/own', '/v2/own'],
	])('is true for %s and %s', (a, b) => {
		expect([isSameEndpoint(a, b), isSameEndpoint(b, a)]).toEqual([true, true]);
	});

	it.each([
		['/v1/chat/completions', '/v1/completions'],
		['/v2/chat/completions', '/v1/chat/completions'],
		['/v10/own', '/own'],
		['/v4/chat/completions', '/v1/chat/completions'],
		['/v4/chat/completions', '/chat/completions'],
		['/v1', ''],
		['/v1/own', undefined],
		['', ''],
		[null, null],
		[undefined, null],
		[7, 7],
	])('is false for %j and %j', (a, b) => {
		expect([isSameEndpoint(a, b), isSameEndpoint(b, a)]).toEqual([false, false]);
	});

	it('puts the spellings of any path into one class', () => {
		const path = fc.string({ minLength: 1 }).map((text) => `/${text}`);
		fc.assert(
			fc.property(path, path, (a, b) => {
				expect(isSameEndpoint(a, a)).toBe(true);
				expect(isSameEndpoint(a, b)).toBe(isSameEndpoint(b, a));
				if (!a.startsWith('/v1/')) expect(isSameEndpoint(a, `/v1${a}`)).toBe(true);
			}),
		);
	});
});

describe('the embedding inputs', () => {
	it.each([
		['a text', 'x', 1],
		['texts', ['a', 'b', 'c'], 3],
		['tokens', [1, 2, 3], 1],
		['lists of tokens', [[1, 2], [3]], 2],
		['an empty list', [], 0],
		['nothing', undefined, 0],
	])('counts %s', (_, input, count) => {
		expect(embeddings.embeddingInputs({ input })).toBe(count);
	});

	it('are counted for embeddings only', () => {
		const counted = ENDPOINTS.filter(
			(endpoint) => endpoint.embeddingInputs({ input: ['a', 'b'] }) > 0,
		);
		expect(counted).toEqual([embeddings]);
	});
});

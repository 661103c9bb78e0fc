import fc from 'fast-check';

import { modelOf, RequestChecker } from '../../../../nodes/OpenAiBatch/requests/requestChecker';
import { CHAT } from '../../../support/endpointUrls';
import { BODIES, request } from '../../endpoints/requests';

const check = (value: unknown, endpoint: string | undefined = CHAT) =>
	new RequestChecker({ endpoint }).check(value, 1);
const brief = (issues: Array<{ code: string; param?: string }>) =>
	issues.map(({ code, param }) => `${code} ${param}`);
const checkBody = (endpoint: string, body: unknown) =>
	brief(check({ custom_id: 'r', method: 'POST', url: endpoint, body }, endpoint));
const bodyWith = (endpoint: string, fields: object) =>
	checkBody(endpoint, { ...BODIES[endpoint], ...fields });

describe('RequestChecker', () => {
	it.each(Object.entries(BODIES))('accepts a request to %s', (endpoint, body) => {
		expect(checkBody(endpoint, body)).toEqual([]);
		expect(checkBody(endpoint, JSON.parse(JSON.stringify(body)))).toEqual([]);
	});

	it.each([undefined, null, 1, 'text', true, [], [request('a')]])(
		'refuses %j, which is not a request',
		(value) => {
			expect(check(value)).toEqual([
				{ code: 'invalid_type', message: expect.stringMatching(/expected an object/) as string },
			]);
		},
	);

	it('names every missing part of a request at once', () => {
		expect(brief(check({}))).toEqual([
			'missing_required_parameter custom_id',
			'missing_required_parameter method',
			'missing_required_parameter url',
			'missing_required_parameter body',
		]);
	});

	it.each([
		['custom_id', 7, 'invalid_type custom_id'],
		['custom_id', '', 'invalid_value custom_id'],
		['method', 'GET', 'invalid_value method'],
		['method', 1, 'invalid_type method'],
		['url', {}, 'invalid_type url'],
		['url', '/v1/responses', 'invalid_url url'],
		['body', 'text', 'invalid_type body'],
		['body', [], 'invalid_type body'],
		['body', null, 'missing_required_parameter body'],
	])('refuses the %s %j', (field, value, issue) => {
		expect(brief(check(request('r', { [field]: value })))).toEqual([issue]);
	});

	it('names the request in every issue', () => {
		const issues = check(request('r-7', { method: 'GET', body: {} }));
		expect(issues.map((issue) => issue.custom_id)).toEqual(['r-7', 'r-7', 'r-7']);
	});

	it('names the first use of a duplicate custom_id', () => {
		const lines = new RequestChecker({ endpoint: CHAT });
		expect([lines.check(request('a'), 3), lines.check(request('b'), 4)]).toEqual([[], []]);
		for (const position of [9, 12]) {
			expect(lines.check(request('a'), position)).toEqual([
				{
					code: 'duplicate_custom_id',
					param: 'custom_id',
					custom_id: 'a',
					message: expect.stringContaining("'a' is already used by line 3") as string,
				},
			]);
		}
		const items = new RequestChecker({ unit: 'item' });
		items.check(request('__proto__'), 0);
		expect(items.check(request('__proto__'), 1)[0].message).toContain('item 0');
	});

	it('accepts a url and an endpoint that differ only in /v1, as Azure writes them', () => {
		expect(check(request('a', { url: '/chat/completions' }), CHAT)).toEqual([]);
		expect(check(request('a'), '/chat/completions')).toEqual([]);
		expect(brief(check(request('a', { body: {} }), '/chat/completions'))).toHaveLength(2);
		expect(brief(check(request('a', { url: '/v2/chat/completions' })))).toEqual([
			'invalid_url url',
		]);
	});

	it('checks the body by the url when there is no endpoint', () => {
		const free = new RequestChecker();
		expect(free.check(request('a'), 1)).toEqual([]);
		const url = '/v1/embeddings';
		expect(free.check(request('b', { url, body: BODIES[url] }), 2)).toEqual([]);
		expect(brief(free.check(request('c', { url }), 3))).toEqual([
			'missing_required_parameter body.input',
		]);
	});

	it('checks the bodies of unknown endpoints only for streams', () => {
		expect(checkBody('/v1/rerank', {})).toEqual([]);
		expect(checkBody('/v1/rerank', { stream: true })).toEqual([
			'streaming_unsupported body.stream',
		]);
	});

	it('refuses streams and accepts "stream": false', () => {
		expect(bodyWith(CHAT, { stream: true })).toEqual(['streaming_unsupported body.stream']);
		expect(bodyWith(CHAT, { stream: false })).toEqual([]);
	});

	it.each(Object.keys(BODIES).filter((endpoint) => endpoint !== '/v1/moderations'))(
		'needs a model for %s',
		(endpoint) => {
			for (const [model, code] of [
				[undefined, 'missing_required_parameter'],
				[null, 'missing_required_parameter'],
				['', 'invalid_value'],
				[1, 'invalid_type'],
			]) {
				expect(bodyWith(endpoint, { model })).toEqual([`${code} body.model`]);
			}
		},
	);

	it('accepts a moderation without a model, but not with an empty one', () => {
		expect(bodyWith('/v1/moderations', { model: null })).toEqual([]);
		expect(bodyWith('/v1/moderations', { model: '' })).toEqual(['invalid_value body.model']);
	});

	it.each([
		[CHAT, 'messages', undefined, 'missing_required_parameter'],
		[CHAT, 'messages', [], 'invalid_value'],
		[CHAT, 'messages', 'Hi', 'invalid_type'],
		['/v1/responses', 'input', undefined, 'missing_required_parameter'],
		['/v1/responses', 'input', {}, 'invalid_type'],
		['/v1/completions', 'prompt', undefined, 'missing_required_parameter'],
		['/v1/embeddings', 'input', undefined, 'missing_required_parameter'],
		['/v1/embeddings', 'input', '', 'invalid_value'],
		['/v1/embeddings', 'input', [], 'invalid_value'],
		['/v1/moderations', 'input', null, 'missing_required_parameter'],
		['/v1/images/generations', 'prompt', undefined, 'missing_required_parameter'],
		['/v1/images/generations', 'prompt', '', 'invalid_value'],
		['/v1/images/edits', 'images', undefined, 'missing_required_parameter'],
		['/v1/images/edits', 'images', 'otter.png', 'invalid_type'],
	])('refuses %s with the %s %j', (endpoint, field, value, code) => {
		expect(bodyWith(endpoint, { [field]: value })).toEqual([`${code} body.${field}`]);
	});

	it('names the message that is not an object', () => {
		expect(bodyWith(CHAT, { messages: [{ role: 'user', content: '' }, 'Hi'] })).toEqual([
			'invalid_type body.messages[1]',
		]);
	});

	it('accepts a stored prompt in place of the input of a response', () => {
		const body = { model: 'gpt-6-luna', prompt: { id: 'pmpt_1' } };
		expect(checkBody('/v1/responses', body)).toEqual([]);
	});

	it('limits one embeddings request to 2,048 inputs, none of them empty', () => {
		const input = (value: unknown) => bodyWith('/v1/embeddings', { input: value });
		expect(input(Array.from({ length: 2_048 }, () => 'x'))).toEqual([]);
		expect(input(Array.from({ length: 2_049 }, () => 'x'))).toEqual(['invalid_value body.input']);
		expect(input(Array.from({ length: 3_000 }, () => 5))).toEqual([]);
		expect(input(['a', ''])).toEqual(['invalid_value body.input[1]']);
		expect(input([[1], []])).toEqual(['invalid_value body.input[1]']);
	});

	it('checks any value without throwing', () => {
		const checker = new RequestChecker({ endpoint: CHAT });
		const part = fc.oneof(fc.jsonValue(), fc.constantFrom('POST', CHAT, '/v1/embeddings'));
		const like = fc.record({ custom_id: part, method: part, url: part, body: part });
		fc.assert(
			fc.property(fc.oneof(fc.jsonValue(), like), fc.nat(), (value, position) => {
				for (const { code, message } of checker.check(value, position)) {
					expect(code).toMatch(/^[a-z_]+$/);
					expect(message).toMatch(/\.$/);
				}
			}),
		);
	});
});

describe('modelOf', () => {
	it('is undefined unless the body names a model', () => {
		expect(modelOf({ model: 'm' })).toBe('m');
		for (const body of [{}, { model: '' }, { model: 1 }, null, 'm']) {
			expect(modelOf(body)).toBeUndefined();
		}
	});
});

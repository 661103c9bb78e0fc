import fc from 'fast-check';

import { ENDPOINTS, urlFault } from '../../../nodes/endpoints';

const PATHS = ENDPOINTS.map(({ path }) => path);

it.each([
	[
		'https://api.openai.com/v1/chat/completions',
		"is a whole address. Use only the path: '/v1/chat/completions'.",
	],
	['/v1/chat/completion', "is not one of the API. Did you mean '/v1/chat/completions'?"],
	['v1/chat/completions', "does not begin with a slash. Use '/v1/chat/completions'."],
	['chat/completions', "does not begin with a slash. Use '/v1/chat/completions'."],
	['v1/rerank', "does not begin with a slash. Use '/v1/rerank'."],
	['POST /v1/responses', "does not begin with a slash. Use '/v1/responses'."],
	['api.openai.com/v1/responses', "is a whole address. Use only the path: '/v1/responses'."],
	['//api.openai.com/v1/responses', "is a whole address. Use only the path: '/v1/responses'."],
	['https://example.com/v1/score', "is a whole address. Use only the path: '/v1/score'."],
	['https://example.com', 'is a whole address. Use only the path.'],
	[
		'https://x.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1',
		"is a whole address. Use only the path: '/v1/chat/completions'.",
	],
	[
		'https://open.bigmodel.cn/api/paas/v4/chat/completions',
		"is a whole address. Use only the path: '/v4/chat/completions'.",
	],
	['/v1/v1/embeddings', "is not one of the API. Did you mean '/v1/embeddings'?"],
	['/v1/embeddings/', "is not one of the API. Did you mean '/v1/embeddings'?"],
	['/v1/embeddings?api-version=1', "is not one of the API. Did you mean '/v1/embeddings'?"],
	['/V1/Embeddings', "is not one of the API. Did you mean '/v1/embeddings'?"],
	[' /v1/embeddings', "is not one of the API. Did you mean '/v1/embeddings'?"],
	['/embedding', "is not one of the API. Did you mean '/v1/embeddings'?"],
	['/v4/chat/compeltions', "is not one of the API. Did you mean '/v4/chat/completions'?"],
])('the url %s is refused, and the right one is named', (url, fault) => {
	expect(urlFault(url)).toBe(`The url '${url}' ${fault}`);
	expect(urlFault(url, 'endpoint')).toBe(`The endpoint '${url}' ${fault}`);
});

it.each([
	'/v4/chat/completions',
	'/v1/score',
	'/v1/messages',
	'/v1/rerank',
	'/v1/classify',
	'/v1/audio/transcriptions',
	'/v1/videos',
	'/v1/images/variations',
	'/v1/responses/compact',
	'/openai/v1/chat/completions',
	'/v1beta/embeddings',
	'/embed',
	'/',
])('the url %s may be one of a compatible server', (url) => {
	expect(urlFault(url)).toBeUndefined();
});

const known = fc.constantFrom(...PATHS);
const version = fc.constantFrom('', '/v1', '/v2', '/v4', '/v1beta', '/v10');
const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz-_');

it('known endpoints pass with and without any version', () => {
	fc.assert(
		fc.property(version, known, (before, path) => {
			expect(urlFault(`${before}${path}`)).toBeUndefined();
		}),
	);
});

it('one typo, wherever it is, is found, and the endpoint is named', () => {
	const typo = fc.tuple(known, fc.nat(), letter, fc.constantFrom('add', 'drop', 'change', 'swap'));
	const spoilt: Record<string, (path: string, at: number, char: string) => string> = {
		add: (path, at, char) => path.slice(0, at) + char + path.slice(at),
		drop: (path, at) => path.slice(0, at) + path.slice(at + 1),
		change: (path, at, char) => path.slice(0, at) + char + path.slice(at + 1),
		swap: (path, at) => path.slice(0, at) + path[at + 1] + path[at] + path.slice(at + 2),
	};
	fc.assert(
		fc.property(typo, fc.constantFrom('', '/v1'), ([path, place, char, kind], before) => {
			// The slash in front stays: without it, another message is right.
			const at = 1 + (place % (path.length - 2));
			const wrong = spoilt[kind](path, at, char);
			fc.pre(!PATHS.includes(wrong as never));
			expect(urlFault(before + wrong)).toBe(
				`The url '${before}${wrong}' is not one of the API. Did you mean '/v1${path}'?`,
			);
		}),
	);
});

it('of a whole address the path is named, whatever stands before it', () => {
	const host = fc.constantFrom('https://api.openai.com', 'http://127.0.0.1:8000', 'HTTPS://x.test');
	const folder = fc.constantFrom('', '/openai', '/api/paas', '/openai/deployments/gpt');
	const end = fc.constantFrom('', '/', '?api-version=2024-10-21', '#top');
	fc.assert(
		fc.property(host, folder, version, known, end, (server, before, number, path, after) => {
			const url = `${server}${before}${number}${path}${after}`;
			const right = `${number === '' ? '/v1' : number}${path}`;
			expect(urlFault(url)).toBe(
				`The url '${url}' is a whole address. Use only the path: '${right}'.`,
			);
		}),
	);
});

it('any text gets an answer', () => {
	fc.assert(
		fc.property(fc.string({ unit: 'binary' }), (url) => {
			const fault = urlFault(url);
			if (fault !== undefined) expect(fault).toMatch(/[.?]$/);
		}),
	);
});

import { apiPath, buildUrl, DEFAULT_BASE_URL, providerAt } from '../../../../nodes/openai/http/url';
import { idProblem } from '../../../../nodes/openai/client';

test.each<[string | undefined, string]>([
	[undefined, `${DEFAULT_BASE_URL}/files`],
	['', `${DEFAULT_BASE_URL}/files`],
	['  ', `${DEFAULT_BASE_URL}/files`],
	['https://api.openai.com/v1/', 'https://api.openai.com/v1/files'],
	['https://api.openai.com/v1//', 'https://api.openai.com/v1/files'],
	[' https://api.openai.com/v1 ', 'https://api.openai.com/v1/files'],
	['https://api.groq.com/openai/v1', 'https://api.groq.com/openai/v1/files'],
	['https://example.org', 'https://example.org/files'],
	['https://example.org/a b', 'https://example.org/a%20b/files'],
	['https://example.org/v1#part', 'https://example.org/v1/files'],
	[
		'https://x.openai.azure.com/openai/v1/?api-version=preview',
		'https://x.openai.azure.com/openai/v1/files?api-version=preview',
	],
])('the base URL %p leads to %s', (baseUrl, expected) => {
	expect(buildUrl(baseUrl, apiPath(['files']))).toBe(expected);
});

test('parameters join the query of the base URL, and undefined ones are left out', () => {
	const url = buildUrl('https://x.test/v1?api-version=1', '/batches', {
		limit: 2,
		after: 'a&b',
		purpose: undefined,
	});
	expect(url).toBe('https://x.test/v1/batches?api-version=1&limit=2&after=a%26b');
});

test.each(['api.openai.com/v1', 'ftp://example.org', 'file:///etc/passwd', 'https://'])(
	'%s is not a web address',
	(baseUrl) => {
		expect(() => buildUrl(baseUrl, '/files')).toThrow(/Invalid URL|is not http or https/);
	},
);

test.each(['batch_abc123', 'file-ABC', 'a.b', 'ünïcode', 'litellm_proxy;model_id=3:x'])(
	'%s is an id, and stays one segment of the path',
	(id) => {
		expect(idProblem(id)).toBeUndefined();
		const { pathname } = new URL(buildUrl('https://x.test/v1', apiPath(['files', id, 'content'])));
		expect(decodeURIComponent(pathname)).toBe(`/v1/files/${id}/content`);
	},
);

test.each([
	'',
	'.',
	'..',
	'../files',
	'a/b',
	'a\\b',
	'a?b',
	'a#b',
	'%2e%2e',
	'a b',
	'a\nb',
	'a\u0000b',
	'a\u0085b',
	'a'.repeat(513),
])('%j is no id', (id) => {
	expect(idProblem(id)).toMatch(/^it is|^it has/);
});

test.each([
	undefined,
	'',
	'  ',
	DEFAULT_BASE_URL,
	'https://api.openai.com',
	' https://API.OpenAI.com/v1/ ',
	'https://eu.api.openai.com/v1',
	'https://us.api.openai.com/v1?x=1',
	'https://api.openai.com:443/v1',
	'https://api.openai.com./v1',
])('the base URL %p is one of OpenAI', (url) => {
	expect(providerAt(url)).toBe('openai');
});

test.each([
	'https://x.openai.azure.com/openai/v1',
	'https://api.groq.com/openai/v1',
	'http://127.0.0.1:4010/v1',
	'https://api.openai.com.example.org/v1',
	'https://notapi.openai.com/v1',
	'https://evilapi.openai.com',
	'https://example.org/api.openai.com/v1',
	'https://api.openai.com@example.org/v1',
	'https://openai.com/v1',
	'api.openai.com/v1',
	'nonsense',
])('the base URL %p is one of another server', (url) => {
	expect(providerAt(url)).not.toBe('openai');
});

test.each([
	'https://films.openai.azure.com/openai/v1',
	'https://films.cognitiveservices.azure.com/openai/v1',
	' https://films.services.ai.azure.com/openai/v1?api-version=preview ',
	'https://films.openai.azure.us/openai/v1',
	'https://films.OpenAI.azure.cn/openai/v1',
])('the base URL %p is one of Azure', (url) => {
	expect(providerAt(url)).toBe('azure');
});

test.each([
	'https://api.groq.com/openai/v1',
	'https://openai.azure.com.example.org/v1',
	'https://notopenai.azure.com/v1',
	'https://films.azurewebsites.net/v1',
	'http://127.0.0.1:4010/v1',
	'nonsense',
])('the base URL %p is one of neither OpenAI nor Azure', (url) => {
	expect(providerAt(url)).toBe('other');
});

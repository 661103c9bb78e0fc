import type { Fault } from './faults/strikes';

/** What a kind of fault may be struck on; `anywhere` unless it would make no sense elsewhere. */
export interface FaultKind {
	fault: Fault;
	/** Requests that it can strike. */
	on?: { method?: string; path: RegExp };
	/** Whether asking again is of no use: a client that does so is wrong. */
	isFinal?: boolean;
}

const envelope = (message: string, type: string, code: string | null = null) => ({
	error: { message, type, param: null, code },
});

const json = { 'content-type': 'application/json' };
const html = { 'content-type': 'text/html; charset=utf-8' };
const LOGIN_PAGE = '<!doctype html><html><body>Please log in to the network.</body></html>';
const tooMany = envelope('Rate limit reached for requests', 'requests', 'rate_limit_exceeded');
const CONTENT = { method: 'GET', path: /^\/files\/[^/]+\/content$/ };

const status = (
	code: number,
	headers: Record<string, string> = {},
	body: unknown = envelope(`This is a ${code}.`, code < 500 ? 'requests' : 'server_error'),
): Fault => ({ type: 'status', status: code, headers, body });

const after = (code: number, body: unknown, headers: Record<string, string> = json): Fault => ({
	type: 'status-after',
	status: code,
	headers,
	body,
});

/** A date so many seconds from now, as `retry-after` takes it. */
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();

/**
 * Everything that networks, proxies and the service are known to do to a request, by name. Those
 * named `… after` leave the effect and lose its answer.
 */
export function faultKinds(): Record<string, FaultKind> {
	return {
		'connection refused': { fault: { type: 'refuse', ms: 3 } },
		'reset before': { fault: { type: 'reset', when: 'before' } },
		'reset after': { fault: { type: 'reset', when: 'after' } },
		'stall before': { fault: { type: 'stall', when: 'before' } },
		'stall after': { fault: { type: 'stall', when: 'after' } },
		drip: { fault: { type: 'slow', bytesPerSecond: 20_000 } },
		'cut, length kept': { fault: { type: 'truncate', bytes: 40, keepContentLength: true } },
		'cut late': { fault: { type: 'truncate', bytes: 700, keepContentLength: true } },
		'cut, length hidden': { fault: { type: 'truncate', bytes: 40, keepContentLength: false } },
		'cut, chunked': { fault: { type: 'truncate', bytes: 40, lengthless: 'chunked' } },
		'cut, no length': { fault: { type: 'truncate', bytes: 40, lengthless: 'closed' } },
		'nothing after': { fault: { type: 'truncate', bytes: 0, keepContentLength: false } },
		'wrong content type': { fault: { type: 'headers', headers: { 'content-type': 'text/plain' } } },
		'login page before': { fault: status(200, html, LOGIN_PAGE) },
		'login page after': { fault: after(200, LOGIN_PAGE, html) },
		'bad gateway page': { fault: status(502, html, '<html><h1>502 Bad Gateway</h1></html>') },
		'bad gateway page after': { fault: after(502, '<html><h1>502</h1></html>', html) },
		'malformed JSON': { fault: status(200, json, '{"id": "batch_1", "data": [') },
		'malformed JSON after': { fault: after(200, '{"id": "batch_1", "data": [') },
		'other JSON after': { fault: after(200, {}) },
		'error under 200': { fault: status(200, {}, envelope('Overloaded.', 'server_error')) },
		'error under 200 after': { fault: after(200, envelope('Overloaded.', 'server_error')) },
		'408': { fault: status(408) },
		'409': { fault: status(409) },
		'425': { fault: status(425) },
		'429': { fault: status(429, {}, tooMany) },
		'429, milliseconds': { fault: status(429, { 'retry-after-ms': '1200' }, tooMany) },
		'429, seconds': { fault: status(429, { 'retry-after': '3' }, tooMany) },
		'429, date': { fault: status(429, { 'retry-after': inSeconds(5) }, tooMany) },
		'429, past date': { fault: status(429, { 'retry-after': inSeconds(-3600) }, tooMany) },
		'429, a day': { fault: status(429, { 'retry-after': '86400' }, tooMany), isFinal: true },
		'429, negative': { fault: status(429, { 'retry-after': '-5' }, tooMany) },
		'429, nonsense': {
			fault: status(429, { 'retry-after': 'soon', 'retry-after-ms': 'NaN' }, tooMany),
		},
		'429, do not retry': {
			fault: status(429, { 'x-should-retry': 'false' }, tooMany),
			isFinal: true,
		},
		'quota 429': {
			fault: status(
				429,
				{},
				envelope('You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota'),
			),
			isFinal: true,
		},
		'500': { fault: status(500) },
		'500 after': { fault: after(500, envelope('Oops.', 'server_error')) },
		'500, do not retry': { fault: status(500, { 'x-should-retry': 'false' }), isFinal: true },
		'502': { fault: status(502) },
		'503': {
			fault: status(503, {}, envelope('Overloaded.', 'server_error', 'server_is_overloaded')),
		},
		'503 after': { fault: after(503, envelope('Overloaded.', 'server_error')) },
		'504': { fault: status(504) },
		'504 after': { fault: after(504, envelope('Upstream timed out.', 'server_error')) },
		'400': { fault: status(400), isFinal: true },
		'401': { fault: status(401), isFinal: true },
		'403': { fault: status(403), isFinal: true },
		'302': { fault: status(302, { location: 'https://login.invalid/' }, ''), isFinal: true },
		'307': { fault: status(307, { location: '/v1/elsewhere' }, ''), isFinal: true },
		'expired file': {
			fault: status(404, {}, envelope('No such File object', 'invalid_request_error')),
			on: CONTENT,
			isFinal: true,
		},
	};
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { OnError } from 'n8n-workflow';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { createEngine, userFolder, type Engine } from '../support/engine';
import { answer, serverForTests, startScriptedServer, type Answer } from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const KEY = 'the-key-of-a-compatible-server-0123456789';
const HEADER = 'gateway "secret" \\ value-9876543210';
const WEBHOOK = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SECRETS = [KEY, HEADER, 'value-9876543210', WEBHOOK];

const server = serverForTests();
let engine: Engine;

beforeAll(async () => {
	engine = await createEngine({
		nodes: { openAiBatch: OpenAiBatch, trigger: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential() },
	});
});

const credential = (more = {}) => ({
	apiKey: KEY,
	url: server.url,
	header: true,
	headerName: 'X-Gateway-Key',
	headerValue: HEADER,
	webhookSecret: WEBHOOK,
	...more,
});

/** The ways in which a server may give away what it was sent. */
const said = SECRETS.join(' and ');
const error = { message: `You sent ${said}.`, type: KEY, param: HEADER, code: WEBHOOK };
const batch = {
	id: 'batch_1',
	object: 'batch',
	status: 'completed',
	created_at: Math.floor(Date.now() / 1000),
	completed_at: Math.floor(Date.now() / 1000),
	endpoint: '/v1/embeddings',
	input_file_id: 'file-1',
	metadata: { said },
	errors: { data: [{ code: KEY, message: said, line: 1 }] },
	bytes: 0,
	filename: `${said}.txt`,
	deleted: true,
};
const headers = { 'x-request-id': KEY, 'x-echo': KEY };

/** What is in files is the user's, and is kept as it is. */
const exceptFiles =
	(echo: Answer): Answer =>
	(request, response) =>
		(request.url?.endsWith('/content') ? answer(200, 'content') : echo)(request, response);

const ECHOES: Record<string, Answer> = {
	'an error': answer(400, { error }, headers),
	'an error to be retried': answer(503, { error }, headers),
	'a refused key': answer(401, { error }, headers),
	'a used up quota': answer(429, { error: { ...error, type: 'insufficient_quota' } }, headers),
	'an error under a good status': answer(200, { error }, headers),
	'a page': answer(200, `<html>${said}</html>`, { 'content-type': 'text/html' }),
	'an odd content type': answer(200, 'x', { 'content-type': `text/x-${KEY}` }),
	'a redirect': answer(302, '', { location: `https://elsewhere.invalid/?key=${KEY}` }),
	'an object': exceptFiles(answer(200, { ...batch, data: [batch], has_more: false }, headers)),
	'a failed batch': exceptFiles(answer(200, { ...batch, status: 'failed', data: [] }, headers)),
};

const line = {
	custom_id: 'a',
	method: 'POST',
	url: '/v1/embeddings',
	body: { model: 'm', input: 'i' },
};
const binary = {
	data: { data: Buffer.from(JSON.stringify(line)).toString('base64'), mimeType: 'text/plain' },
};
const batchId = 'batch_1';
const fileId = 'file-1';

const OPERATIONS: Record<string, [string, string, Record<string, unknown>]> = {
	'batch submit': ['batch', 'submit', { endpoint: '/v1/embeddings', requestSource: 'lines' }],
	'batch create': ['batch', 'create', { fileId, endpoint: '/v1/embeddings' }],
	'batch get': ['batch', 'get', { batchId }],
	'batch getAll': ['batch', 'getAll', { returnAll: true }],
	'batch cancel': ['batch', 'cancel', { batchId }],
	'batch wait': ['batch', 'wait', { batchId, options: { maxWait: 0 } }],
	'batch getResults': ['batch', 'getResults', { batchId, options: { deleteFiles: true } }],
	'batch retry': ['batch', 'retry', { batchId }],
	'file upload': ['file', 'upload', {}],
	'file get': ['file', 'get', { fileId }],
	'file getAll': ['file', 'getAll', { returnAll: true }],
	'file download': ['file', 'download', { fileId }],
	'file delete': ['file', 'delete', { fileId }],
};

/** Every file below a folder. */
const filesIn = (folder: string): string[] =>
	readdirSync(folder, { recursive: true })
		.map((name) => join(folder, String(name)))
		.filter((path) => statSync(path).isFile());

/** Where a secret stands in what a run left behind. */
function leaks(left: unknown): string[] {
	const texts = [
		inspect(left, { depth: 20, showHidden: true, maxStringLength: null }),
		JSON.stringify(left) ?? '',
		...filesIn(userFolder).map((path) => readFileSync(path, 'latin1')),
	];
	const forms = SECRETS.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
	return texts.flatMap((text) =>
		forms.filter((form) => text.includes(form)).map((form) => text.slice(text.indexOf(form) - 200)),
	);
}

describe.each(Object.entries(ECHOES))('a server that gives away secrets in %s', (name, echo) => {
	const settings: OnError[] =
		name === 'an error' ? ['stopWorkflow', 'continueErrorOutput'] : ['continueErrorOutput'];

	beforeEach(() => server.script(...Array<Answer>(40).fill(echo)));

	it.each(Object.entries(OPERATIONS))('%s', async (_operation, [resource, operation, more]) => {
		const item = { json: line, binary };
		for (const onError of settings) {
			const {
				runData,
				error: thrown,
				staticData,
				messages,
				hints,
			} = await engine.node(
				'openAiBatch',
				{ resource, operation, ...more } as never,
				[item as never],
				{ onError, mode: 'manual', credentialData: { openAiBatchApi: credential() } },
			);
			expect(server.seen.length).toBeGreaterThan(0);
			const left = { runData, thrown, staticData, messages, hints: hints('Node') };
			expect(leaks(left)).toEqual([]);
		}
	});

	it('the trigger', async () => {
		const poller = () =>
			engine.poller('trigger', { options: { includeFinishedWithin: 1 } } as never, {
				credentialData: { openAiBatchApi: credential() },
			});
		const active = poller();
		const outcomes = [await active.activate(), await active.tick(), await poller().manual()];
		expect(leaks(outcomes)).toEqual([]);
	});

	const PICKERS = ['searchBatches', 'searchFiles', 'searchInputFiles', 'searchModels'];

	it.each(PICKERS)('the picker %s', async (method) => {
		const found = await engine
			.listSearch('openAiBatch', method, {}, {
				credentialData: { openAiBatchApi: credential() },
			} as never)
			.catch((thrown: unknown) => thrown);
		expect(leaks(found)).toEqual([]);
	});

	it('the test of the credential', async () => {
		expect(leaks(await engine.testCredential('openAiBatchApi', credential() as never))).toEqual([]);
	});
});

it('a redirect takes no secret to another origin', async () => {
	const other = await startScriptedServer();
	const locations = [`http://localhost:${other.port}/v1`, `http://127.0.0.1:${other.port}/v1`];
	for (const location of locations) {
		for (const status of [301, 302, 303, 307, 308]) {
			for (const [resource, operation, more] of Object.values(OPERATIONS)) {
				server.script(...Array<Answer>(9).fill(answer(status, '', { location })));
				await engine.node(
					'openAiBatch',
					{ resource, operation, ...more } as never,
					[{ json: line, binary } as never],
					{ credentialData: { openAiBatchApi: credential() } },
				);
			}
		}
	}
	expect(other.seen).toEqual([]);
	await other.close();
});

it('a short key garbles no data', async () => {
	server.script(answer(200, batch));
	const { items } = await engine.node(
		'openAiBatch',
		{ resource: 'batch', operation: 'get', batchId },
		[{}],
		{
			credentialData: { openAiBatchApi: { apiKey: 'batch', url: server.url } },
		},
	);
	expect(items('Node')[0].json.id).toBe('batch_1');
});

describe('the domains that a credential is allowed for', () => {
	const get = async (more: Record<string, string>) => {
		server.script();
		const { error: thrown } = await engine.node(
			'openAiBatch',
			{ resource: 'batch', operation: 'get', batchId },
			[{}],
			{ credentialData: { openAiBatchApi: credential(more) } },
		);
		return { thrown, sent: server.seen.length };
	};

	it.each<[string, Record<string, string>]>([
		[
			'another',
			{ allowedHttpRequestDomains: 'domains', allowedDomains: 'api.openai.com, *.example' },
		],
		['none', { allowedHttpRequestDomains: 'domains', allowedDomains: ' ' }],
	])('hold: %s', async (_name, limits) => {
		const { thrown, sent } = await get(limits);
		expect(thrown?.message).toMatch(/^n8n did not send the request: Domain not allowed/);
		expect(sent).toBe(0);
	});

	it.each<[string, Record<string, string>]>([
		['this one', { allowedHttpRequestDomains: 'domains', allowedDomains: '127.0.0.1' }],
		['all', { allowedHttpRequestDomains: 'all', allowedDomains: 'api.openai.com' }],
		['not the HTTP Request node', { allowedHttpRequestDomains: 'none' }],
	])('let through: %s', async (_name, limits) => {
		expect(await get(limits)).toEqual({ thrown: undefined, sent: 1 });
	});
});

import { DIALECTS } from '.';
import type { DialectName } from '..';
import { nullWhenEmpty } from './differences';
import { lineFor, speaking, type Talk } from './speaking';

let talk: Talk;

afterEach(() => talk.emulator.close());

const NAMES = Object.keys(DIALECTS) as DialectName[];

describe('every dialect', () => {
	it.each(NAMES.filter((name) => name !== 'gemini'))('%s runs a batch to its end', async (name) => {
		const { emulator, create, call, lines } = (talk = await speaking(name));
		const created = await create([lineFor(name, 'a'), lineFor(name, 'b')]);
		expect(created.json).toMatchObject({
			id: expect.any(String),
			input_file_id: expect.any(String),
		});
		await emulator.advance(60_000);
		const { id } = emulator.ledger.batches[0];
		const batch = (await call('GET', `/batches/${id}`)).json;
		expect(batch.status).toBe(DIALECTS[name].statuses.completed);
		expect(await lines(batch.output_file_id)).toHaveLength(2);
		const list = (await call('GET', '/batches')).json;
		expect(list.data).toEqual([expect.objectContaining({ id })]);
	});

	it.each(NAMES)('%s has a place of its own, and no other', async (name) => {
		const { emulator, call } = (talk = await speaking(name));
		expect(new URL(emulator.url).pathname).toBe(DIALECTS[name].basePath);
		const elsewhere = await fetch(`${new URL(emulator.url).origin}/other/batches`, {
			headers: { authorization: `Bearer ${emulator.apiKey}` },
		});
		expect(elsewhere.status).toBe(404);
		expect((await call('GET', '/models')).status).toBe(200);
	});
});

it('changes while it runs', async () => {
	const { emulator, create, call } = (talk = await speaking('openai'));
	await create([lineFor('openai', 'a')]);
	emulator.speak('azure-iso');
	expect(emulator.url).toMatch(/\/openai\/v1$/);
	const [{ id }] = emulator.ledger.batches;
	expect((await call('GET', `/batches/${id}`)).json).toMatchObject({
		status: 'Validating',
		created_at: expect.stringMatching(/^2026-09-21T/),
	});
	emulator.speak({ ...DIALECTS.openai, batchList: nullWhenEmpty(DIALECTS.openai.batchList) });
	expect((await call('GET', `/batches/${id}`)).json.status).toBe('validating');
	expect((await call('GET', '/batches?limit=1')).json.data).toHaveLength(1);
});

describe('lists', () => {
	it('may be null when they are empty', async () => {
		const batchList = nullWhenEmpty(DIALECTS.openai.batchList);
		talk = await speaking('openai', { dialect: { ...DIALECTS.openai, batchList } });
		expect((await talk.call('GET', '/batches')).json).toMatchObject({ object: 'list', data: null });
	});

	it.each([404, 405, 501])('may be missing with %d', async (status) => {
		const lacks = { 'GET /batches': { status, json: { detail: 'No.' } } } as const;
		talk = await speaking('openai', { dialect: { ...DIALECTS.openai, lacks } });
		expect(await talk.call('GET', '/batches')).toMatchObject({ status, json: { detail: 'No.' } });
	});

	it('of Groq go on by a cursor', async () => {
		const { emulator, call } = (talk = await speaking('groq'));
		for (let index = 0; index < 25; index++) emulator.addBatch({ id: `batch_${index}` });
		const first = (await call('GET', '/batches?limit=1')).json;
		expect(Object.keys(first)).toEqual(['object', 'data', 'paging']);
		expect(first.data).toHaveLength(20);
		const { next_cursor: cursor } = first.paging as { next_cursor: string };
		const second = (await call('GET', `/batches?cursor=${cursor}`)).json;
		expect((second.data as Array<{ id: string }>).map(({ id }) => id)).toEqual([
			'batch_4',
			'batch_3',
			'batch_2',
			'batch_1',
			'batch_0',
		]);
		expect(second.paging).toEqual({ next_cursor: null });
	});

	it('of SiliconFlow have everything, those of vLLM no second page, those of Bella the oldest first', async () => {
		const { emulator, call } = (talk = await speaking('siliconflow'));
		for (let index = 0; index < 25; index++) emulator.addBatch({ id: `batch_${index}` });
		const ids = async (query: string) =>
			((await call('GET', `/batches${query}`)).json.data as Array<{ id: string }>).map(
				({ id }) => id,
			);
		expect(await ids('?limit=2&after=batch_3')).toHaveLength(25);
		emulator.speak('vllm');
		expect(await ids('?limit=2')).toEqual(['batch_24', 'batch_23']);
		expect(await ids('?limit=2&after=batch_23')).toEqual([]);
		emulator.speak('bella');
		expect(await ids('?limit=2&after=batch_1')).toEqual(['batch_2', 'batch_3']);
	});
});

it.each<[DialectName, number, boolean]>([
	['openai', 50_001, false],
	['azure', 50_001, true],
	['siliconflow', 5001, false],
	['siliconflow', 5000, true],
])('%s takes %d requests in a file: %s', async (name, requests, isTaken) => {
	const { emulator, call } = (talk = await speaking(name));
	const lines = Array.from({ length: requests }, (_, index) => lineFor(name, `r${index}`));
	const { id } = emulator.addFile(lines.join('\n'), { purpose: 'batch' });
	const [endpoint] = Object.keys(DIALECTS[name].rules.endpoints).filter((path) =>
		/chat/.test(path),
	);
	const body = { input_file_id: id, endpoint, completion_window: '24h' };
	expect((await call('POST', '/batches', body)).status).toBe(200);
	await emulator.advance(100);
	expect(emulator.ledger.batches[0].status).toBe(isTaken ? 'in_progress' : 'failed');
});

describe('Azure', () => {
	it('refuses a creation for which there is no room, and keeps the file', async () => {
		const { emulator, create, call } = (talk = await speaking('azure', {
			limits: { enqueuedTokens: 60 },
		}));
		expect((await create([lineFor('azure', 'a')])).status).toBe(200);
		await emulator.step(emulator.ledger.batches[0].id, 'in_progress');
		const refused = await create([lineFor('azure', 'b')]);
		expect(refused.status).toBe(400);
		expect(refused.json.error).toMatchObject({ code: 'token_limit_exceeded' });
		expect(emulator.ledger.batches).toHaveLength(1);
		expect((await call('GET', `/files/${emulator.ledger.uploads[1].id}`)).status).toBe(200);
	});

	it('keeps files for 14 to 30 days only', async () => {
		const { upload, create } = (talk = await speaking('azure'));
		const kept = (seconds: number, dot = false) =>
			upload([lineFor('azure', 'a')], {
				[dot ? 'expires_after.seconds' : 'expires_after[seconds]']: String(seconds),
				[dot ? 'expires_after.anchor' : 'expires_after[anchor]']: 'created_at',
			});
		expect((await kept(336 * 3600 - 1)).status).toBe(400);
		expect((await kept(336 * 3600)).json.expires_at).toBe(1_790_000_000 + 336 * 3600);
		expect((await kept(720 * 3600, true)).json.expires_at).toBe(1_790_000_000 + 720 * 3600);
		const policy = { anchor: 'created_at', seconds: 3600 };
		const short = await create([lineFor('azure', 'a')], { output_expires_after: policy });
		expect(short.status).toBe(400);
	});

	it('takes keys as api-key, other endpoints and windows, and calls codes its own way', async () => {
		const { emulator, create, call } = (talk = await speaking('azure'));
		const body = { endpoint: '/v1/responses' };
		expect((await create([lineFor('azure', 'a')], body)).json.endpoint).toBeNull();
		await emulator.advance(100);
		const [{ id }] = emulator.ledger.batches;
		const answer = await call('GET', `/batches/${id}`, undefined, {
			authorization: '',
			'api-key': emulator.apiKey,
		});
		expect(answer.json).toMatchObject({
			status: 'failed',
			endpoint: '/responses',
			errors: { data: [{ code: 'url_mismatch', line: 1 }] },
		});
		expect((await create([lineFor('azure', 'a')], { completion_window: '48h' })).status).toBe(200);
		await emulator.advance(100);
		expect(emulator.ledger.batches[1].status).toBe('failed');
	});

	it('lets late batches go on, and has webhooks at another place', async () => {
		const { emulator, create, call } = (talk = await speaking('azure'));
		await create([lineFor('azure', 'a')], { metadata: { emulator: 'stay_in_progress' } });
		await emulator.advance(48 * 3600 * 1000);
		expect(emulator.ledger.batches[0].status).toBe('in_progress');
		expect((await call('GET', '/webhook_endpoints')).status).toBe(404);
		expect((await call('GET', '/dashboard/webhook_endpoints')).json.data).toEqual([]);
		const endpoint = { name: 'n', url: 'https://example.com/', event_types: ['batch.completed'] };
		const made = await call('POST', '/dashboard/webhook_endpoints', endpoint);
		expect(made.json.signing_secret).toMatch(/^whsec_/);
	});
});

it('lets a bad line of Groq fail alone', async () => {
	const { emulator, create, call, lines } = (talk = await speaking('groq'));
	await create([lineFor('groq', 'a'), 'no JSON', '{"custom_id":"b"}', lineFor('groq', 'c')]);
	await emulator.advance(60_000);
	const batch = (await call('GET', `/batches/${emulator.ledger.batches[0].id}`)).json;
	expect(batch).toMatchObject({
		status: 'completed',
		errors: [
			{ code: 'invalid_json_line', line: 2 },
			{ code: 'missing_required_parameter', line: 3 },
		],
		request_counts: { total: 4, completed: 2, failed: 2 },
	});
	expect(await lines(batch.output_file_id)).toHaveLength(2);
	expect(await lines(batch.error_file_id)).toHaveLength(2);
});

describe('LiteLLM', () => {
	it('has long ids, and shows a folder as the output before the end', async () => {
		const { emulator, create, call } = (talk = await speaking('litellm-bedrock'));
		const { id } = (await create([lineFor('litellm', 'a')])).json as { id: string };
		expect(id.length).toBeGreaterThan(100);
		await emulator.step(id, 'in_progress');
		const { output_file_id: folder } = (await call('GET', `/batches/${id}`)).json;
		expect(folder).toMatch(/^s3:/);
		await emulator.step(id, 'completed');
		const batch = (await call('GET', `/batches/${id}`)).json;
		const file = await call('GET', `/files/${batch.output_file_id}`);
		expect(file).toMatchObject({ status: 500 });
		expect(file.text).toContain('does not support file retrieval');
		expect(await talk.lines(batch.output_file_id)).toEqual([
			expect.objectContaining({ recordId: 'a', modelOutput: { content: [expect.anything()] } }),
		]);
	});

	it('says the size of another file in front of Vertex, and loses the ids of the input', async () => {
		const { emulator, create, call, lines } = (talk = await speaking('litellm-vertex'));
		const { id, input_file_id } = (await create([lineFor('litellm', 'a')])).json as Record<
			string,
			string
		>;
		await emulator.step(id, 'completed');
		const { output_file_id: output } = (await call('GET', `/batches/${id}`)).json;
		const { bytes } = (await call('GET', `/files/${output}`)).json;
		expect((await call('GET', `/files/${output}/content`)).text.length).toBe(Number(bytes) / 2);
		expect(await lines(input_file_id)).toEqual([{ request: { contents: [] } }]);
	});
});

it('cancels by DELETE at vLLM, which checks the file at the creation', async () => {
	const { emulator, create, call } = (talk = await speaking('vllm'));
	const { id } = (await create([lineFor('vllm', 'a')])).json;
	expect((await call('POST', `/batches/${id}/cancel`)).status).toBe(404);
	expect((await call('DELETE', `/batches/${id}`)).json.status).toBe('cancelling');
	const body = { endpoint: '/v1/chat/completions', input_file_id: 'file-nowher' };
	expect(await call('POST', '/batches', body)).toMatchObject({
		status: 404,
		json: { error: 'File file-nowher not found' },
	});
	emulator.speak('openai');
	expect((await call('DELETE', `/batches/${id}`)).status).toBe(404);
});

it('refuses bad lines at the upload, and calls a batch failed that failed wholly: Doubleword', async () => {
	const { emulator, upload, create, call } = (talk = await speaking('doubleword'));
	const bad = await upload([lineFor('doubleword', 'a'), 'no JSON']);
	expect(bad).toMatchObject({ status: 400, type: 'text/plain' });
	expect(bad.text).toMatch(/^Invalid JSON on line 2: /);
	await create([lineFor('doubleword', '[[emulator:fail 500 server_error]]')]);
	await emulator.advance(60_000);
	const batch = (await call('GET', `/batches/${emulator.ledger.batches[0].id}`)).json;
	expect(batch).toMatchObject({ status: 'failed', error_file_id: expect.any(String) });
	expect(await talk.lines(batch.error_file_id)).toHaveLength(1);
});

it('takes streams, and lines without method and url: SiliconFlow', async () => {
	const { emulator, create } = (talk = await speaking('siliconflow'));
	const line = JSON.parse(lineFor('siliconflow', 'a', { stream: true, enable_thinking: false }));
	await create([JSON.stringify({ custom_id: 'a', body: line.body })]);
	await emulator.advance(60_000);
	expect(emulator.ledger.batches[0].request_counts).toMatchObject({ completed: 1 });
	const { rules } = DIALECTS.siliconflow;
	expect(rules.limits.batchRequests).toBe(5000);
});

it('deletes the input file when the batch has ended: Zhipu', async () => {
	const { emulator, create, call } = (talk = await speaking('zhipu'));
	const { input_file_id: input } = (await create([lineFor('zhipu', 'a')])).json;
	expect((await call('GET', `/files/${input}`)).status).toBe(200);
	await emulator.advance(60_000);
	expect((await call('GET', `/files/${input}`)).status).toBe(404);
});

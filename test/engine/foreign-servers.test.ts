import type { IDataObject } from 'n8n-workflow';
import { COMPLETED_BATCH } from '../support/completedBatch';
import { scriptedRuns } from './support/scriptedRuns';
import { answer, type Answer } from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const { server, run } = scriptedRuns();

describe("the server's own words", () => {
	it.each<[number, unknown, string]>([
		[400, { detail: 'completion_window must be 24h' }, 'completion_window must be 24h'],
		[
			422,
			{ detail: [{ type: 'missing', loc: ['body', 'purpose'], msg: 'Field required' }] },
			'purpose: Field required',
		],
		[
			401,
			{ statusCode: 401, message: 'Access denied due to missing subscription key.' },
			'Access denied due to missing subscription key.',
		],
		[
			404,
			{
				object: 'error',
				message: 'The model `x` does not exist.',
				type: 'NotFoundError',
				code: 404,
			},
			'The model `x` does not exist.',
		],
		[404, { message: 'no Route matched with those values' }, 'no Route matched with those values'],
		[502, '<html><head><title>502 Bad Gateway</title></head></html>', '502 Bad Gateway'],
		[402, 'Account balance too low.', 'Account balance too low.'],
	])('of a %d with %j', async (status, body, message) => {
		const { error } = await run('batch', 'get', { batchId: 'batch_1' }, answer(status, body));
		expect(error?.message).toBe(message);
	});

	it.each<[unknown, string]>([
		[['Linha 3: campo custom_id ausente'], 'Linha 3: campo custom_id ausente'],
		['line 3: model not supported', 'line 3: model not supported'],
		[
			[{ code: 'invalid_json_line', line: 3, message: 'not parseable' }],
			'Line 3: not parseable (invalid_json_line)',
		],
	])('of a failed batch with %j', async (errors, message) => {
		const failed = { ...COMPLETED_BATCH, status: 'failed', output_file_id: null, errors };
		const { error } = await run('batch', 'getResults', { batchId: 'batch_1' }, answer(200, failed));
		expect(error?.message).toBe(`Batch batch_1 failed: ${message}`);
	});
});

describe('the advice fits what was asked for', () => {
	const notFound = answer(404, { message: 'no Route matched with those values' });

	it('for an id: check the id', async () => {
		const { text } = await run('batch', 'get', { batchId: 'batch_1' }, notFound);
		expect(text).toMatch(/Check the id/);
	});

	it('for a route: check the Base URL', async () => {
		const { text } = await run('file', 'getAll', {}, notFound);
		expect(text).toMatch(/Base URL/);
		expect(text).not.toMatch(/Check the id/);
	});

	it('for a batch that is finished already: none to try again', async () => {
		const refused = answer(409, {
			error: { message: "Cannot cancel a batch with status 'completed'." },
		});
		const { error, text } = await run('batch', 'cancel', { batchId: 'batch_1' }, refused);
		expect(error?.message).toBe("Cannot cancel a batch with status 'completed'.");
		expect(text).not.toMatch(/try again|repeated/);
		// Nor does n8n take it for temporary.
		expect((error as { failure?: object }).failure).toBeUndefined();
		expect(server.seen).toHaveLength(1);
	});
});

describe('lists', () => {
	const file = answer(200, { id: 'file-1', object: 'file', bytes: 1 });
	const created = answer(200, { ...COMPLETED_BATCH, status: 'validating' });

	it('that are null are empty: Submit goes on', async () => {
		const { json, error } = await run(
			'batch',
			'submit',
			{ prompt: 'Hi' },
			answer(200, { data: null }),
			file,
			created,
		);
		expect(error).toBeUndefined();
		expect(json[0]).toMatchObject({ id: 'batch_1', status: 'validating' });
	});

	it.each([404, 405, 501])('that are missing (%d) are named as such', async (status) => {
		const missing = answer(status, { detail: 'Method Not Allowed' });
		const { text } = await run('batch', 'getAll', {}, missing);
		expect(text).toMatch(/no list of batches.*Method Not Allowed/);
		const submitted = await run('batch', 'submit', { prompt: 'Hi' }, missing);
		expect(submitted.text).toMatch(/no list of batches.*Create Without Search/s);
		expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);
	});

	it('that are missing do not keep Submit from creating where the user says so', async () => {
		const options = { createWithoutSearch: true };
		const { json, error } = await run(
			'batch',
			'submit',
			{ prompt: 'Hi', options },
			answer(405, { detail: 'Method Not Allowed' }),
			file,
			created,
		);
		expect(error).toBeUndefined();
		expect(json[0]).toMatchObject({ id: 'batch_1', adopted: false });
	});

	it('that are missing leave a create without an answer alone: it is not repeated', async () => {
		const options = { createWithoutSearch: true };
		const { text } = await run(
			'batch',
			'submit',
			{ prompt: 'Hi', options },
			answer(405, {}),
			file,
			answer(500, {}),
			answer(405, {}),
		);
		expect(text).toMatch(/may or may not have been created/);
		expect(
			server.seen.filter(({ method, url }) => method === 'POST' && url === '/v1/batches'),
		).toHaveLength(1);
	});

	it('are walked by cursor where the server has them', async () => {
		const page = (id: string, next?: string) =>
			answer(200, {
				object: 'list',
				data: [{ ...COMPLETED_BATCH, id }],
				paging: { next_cursor: next ?? null },
			});
		const { json } = await run(
			'batch',
			'getAll',
			{ returnAll: true },
			page('b1', 'c1'),
			page('b2', 'c2'),
			page('b3'),
		);
		expect(json.map(({ id }) => id)).toEqual(['b1', 'b2', 'b3']);
		expect(server.seen.map(({ url }) => /cursor=(\w+)/.exec(url)?.[1])).toEqual([
			undefined,
			'c1',
			'c2',
		]);
	});
});

describe('results that are there can be had', () => {
	const line = `${JSON.stringify({ custom_id: 'a', response: { status_code: 200, body: { choices: [{ index: 0, message: { content: 'Hi' } }] } }, error: null })}\n`;

	it.each([500, 405])('when the server cannot describe the file (%d)', async (status) => {
		const { json } = await run(
			'batch',
			'getResults',
			{ batchId: 'batch_1' },
			answer(200, COMPLETED_BATCH),
			answer(status, { detail: 'BedrockFilesConfig does not support file retrieval' }),
			...(status === 500 ? Array<Answer>(4).fill(answer(status, {})) : []),
			answer(200, line),
		);
		expect(json).toMatchObject([{ custom_id: 'a', content: 'Hi' }]);
	});

	it.each([undefined, null, ''])('when the endpoint of the batch is %j', async (endpoint) => {
		const batch = { ...COMPLETED_BATCH, endpoint };
		const { json } = await run(
			'batch',
			'getResults',
			{ batchId: 'batch_1' },
			answer(200, batch),
			answer(200, { id: 'file-2', bytes: null }),
			answer(200, line),
		);
		expect(json).toMatchObject([{ custom_id: 'a', content: 'Hi' }]);
	});

	it.each(['succeeded', 'Completed', 'DONE'])('when the status is %s', async (status) => {
		const { json } = await run(
			'batch',
			'getResults',
			{ batchId: 'batch_1' },
			answer(200, { ...COMPLETED_BATCH, status }),
			answer(200, { id: 'file-2', bytes: line.length }),
			answer(200, line),
		);
		expect(json).toMatchObject([{ custom_id: 'a', content: 'Hi' }]);
	});

	it.each<[string, IDataObject]>([
		['getResults', {}],
		['retry', {}],
		['wait', { options: { maxWait: 0 } }],
	])('or are said to be of an unknown status: %s', async (operation, parameters) => {
		const { error } = await run(
			'batch',
			operation,
			{ batchId: 'batch_1', ...parameters },
			answer(200, { ...COMPLETED_BATCH, status: 'hibernating' }),
		);
		expect(error?.message).toMatch(/unknown status 'hibernating'/);
		expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);
	});

	it.each(['succeeded', 'SUCCESS', 'Done'])('and are not waited for when %s', async (status) => {
		const { json } = await run(
			'batch',
			'wait',
			{ batchId: 'batch_1', options: { maxWait: 0 } },
			answer(200, { ...COMPLETED_BATCH, status }),
		);
		expect(json).toMatchObject([{ id: 'batch_1', status: 'completed' }]);
	});
});

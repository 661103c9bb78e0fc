import { LoadOptionsContext } from 'n8n-core';
import type { INodeProperties } from 'n8n-workflow';
import { CREDENTIAL, NODE, productForTests } from './product';
import { ASK_TEXT } from './support/submitParameters';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';

const NOON = Date.UTC(2026, 10, 22, 12) / 1000;

const product = productForTests({ now: NOON * 1000 });

beforeAll(() => {
	for (let index = 249; index >= 0; index--) {
		const counts = { total: 10, completed: 4, failed: 1 };
		product.emulator.addBatch({
			id: `batch_${index}`,
			created_at: NOON - index * 3600,
			status: index === 0 ? 'in_progress' : 'completed',
			request_counts: index === 1 ? null : counts,
			metadata: null,
		} as never);
	}
	product.emulator.addFile('x', { filename: 'rows.jsonl', purpose: 'batch' });
	product.emulator.addFile('x', { filename: 'results.jsonl', purpose: 'batch_output' });
});

afterEach(() => jest.restoreAllMocks());

const search = async (method: string, more: { filter?: string; paginationToken?: string } = {}) =>
	await product.engine.listSearch(NODE, method, {}, more);

describe('the batch picker', () => {
	it('shows the newest batch first, with date, status, and counts if there are any', async () => {
		const { results, paginationToken } = await search('searchBatches');
		expect(results).toHaveLength(100);
		expect(results.slice(0, 3)).toEqual([
			{ name: '2026-11-22 12:00 · in progress · 5/10 · batch_0', value: 'batch_0' },
			{ name: '2026-11-22 11:00 · completed · batch_1', value: 'batch_1' },
			{ name: '2026-11-22 10:00 · completed · 5/10 · batch_2', value: 'batch_2' },
		]);
		expect(JSON.parse(String(paginationToken))).toEqual({ after: 'batch_99' });
	});

	it('continues after the last page, to the end of the list', async () => {
		const first = await search('searchBatches');
		const second = await search('searchBatches', {
			paginationToken: first.paginationToken as string,
		});
		expect(second.results[0].value).toBe('batch_100');
		const last = await search('searchBatches', {
			paginationToken: second.paginationToken as string,
		});
		expect(last.results).toHaveLength(50);
		expect(last.paginationToken).toBeUndefined();
	});

	it('shows the time in the time zone of the workflow', async () => {
		jest.spyOn(LoadOptionsContext.prototype, 'getTimezone').mockReturnValue('Asia/Tokyo');
		const { results } = await search('searchBatches');
		expect(results[0].name).toMatch(/^2026-11-22 21:00 · /);
	});

	it('searches everything that it shows, also after pages without a match', async () => {
		expect((await search('searchBatches', { filter: 'In Prog' })).results).toMatchObject([
			{ value: 'batch_0' },
		]);
		const { results, paginationToken } = await search('searchBatches', { filter: 'BATCH_249' });
		expect(results).toMatchObject([{ value: 'batch_249' }]);
		expect(paginationToken).toBeUndefined();
		expect(await search('searchBatches', { filter: 'nothing' })).toMatchObject({ results: [] });
	});

	it('shows the words of the API when it does not accept the key', async () => {
		const credentialData = { [CREDENTIAL]: { apiKey: 'sk-wrong', url: product.emulator.url } };
		const failed = product.engine.listSearch(NODE, 'searchBatches', {}, { credentialData });
		await expect(failed).rejects.toMatchObject({
			message: expect.stringMatching(/^Incorrect API key provided/),
			description: expect.stringContaining('Check the API key in the credential.'),
		});
	});
});

describe('what a user tells batches apart by', () => {
	const at = (id: string, fields: object) =>
		product.emulator.addBatch({ id, created_at: NOON + 60, ...fields } as never);
	const nameOf = async (method: string, id: string) =>
		(await search(method, { filter: id })).results.map(({ name }) => name);

	it('is the metadata that the user gave it, without that of the node', async () => {
		const key = `${'0123456789abcdef'}${'0'.repeat(16)}`;
		const metadata = { job: 'films', team: 'a', submission_key: key, submission_part: '2/3' };
		const counts = { total: 10, completed: 4, failed: 1 };
		at('batch_named', { metadata, status: 'in_progress', request_counts: counts });
		expect(await nameOf('searchBatches', 'job=films')).toEqual([
			'2026-11-22 12:01 · job=films, team=a · in progress · 5/10 · part 2/3 · submission 0123456789abcdef · batch_named',
		]);
	});

	it('is in the list of Cancel too, which has only batches that can be cancelled', async () => {
		at('batch_cancelling', { status: 'cancelling' });
		at('batch_validating', { status: 'validating' });
		const { results } = await search('searchRunningBatches');
		expect(results.map(({ value }) => value)).toEqual(
			expect.arrayContaining(['batch_0', 'batch_named', 'batch_validating']),
		);
		expect(results).toHaveLength(3);
		const { properties } = new OpenAiBatch().description;
		const [field] = properties.filter(
			({ name, displayOptions }) =>
				name === 'batchId' && displayOptions?.show?.operation?.includes('cancel'),
		);
		expect(field.modes?.[0].typeOptions?.searchListMethod).toBe('searchRunningBatches');
	});
});

test('the file picker shows the newest file first, with purpose and date', async () => {
	const { results } = await search('searchFiles');
	expect(results.map(({ name }) => name.split(' · ').slice(0, 3))).toEqual([
		['results.jsonl', 'batch_output', '2026-11-22 12:00'],
		['rows.jsonl', 'batch', '2026-11-22 12:00'],
	]);
	expect((await search('searchFiles', { filter: 'batch_out' })).results).toHaveLength(1);
});

describe('the picker of the input file', () => {
	/** What the service keeps for a submission of which a part waits: input files, rows, the list. */
	const submit = async () => {
		const options = { keepFields: '*', maxEnqueuedTokens: 1, maxRequestsPerBatch: 1 };
		const rows = ['a', 'b'].map((id) => ({ id, text: id }));
		return await product.json('batch', 'submit', { ...ASK_TEXT, options } as never, rows);
	};

	it('belongs to Create', () => {
		const method = ({ displayOptions, modes }: INodeProperties) =>
			displayOptions?.show?.operation?.includes('create') &&
			modes?.[0].typeOptions?.searchListMethod;
		const { properties } = new OpenAiBatch().description;
		const methods = properties.filter(({ name }) => name === 'fileId').map(method);
		expect(methods.filter(Boolean)).toEqual(['searchInputFiles']);
	});

	it('offers files of requests, no kept rows, no lists of waiting parts and no results', async () => {
		const own = product.emulator.addFile('x', { filename: 'my-rows-1.jsonl', purpose: 'batch' });
		const parts = await submit();
		const { results } = await search('searchInputFiles');
		const offered = results.map(({ value }) => value);
		const inputs = parts.map(({ input_file_id: id }) => id);
		expect(inputs.every((id) => typeof id === 'string')).toBe(true);
		expect(offered).toEqual(expect.arrayContaining([...inputs, own.id]));
		const names = results.map(({ name }) => name.split(' · ')[0]);
		expect(
			names.filter((name) => /-rows-.{8}\.jsonl$|^n8n-submission|^results/.test(name)),
		).toEqual([]);
		const all = (await product.json('file', 'getAll', { returnAll: true })).map(
			({ filename }) => filename,
		);
		expect(all.filter((name) => /-rows-.{8}\.jsonl$/.test(String(name)))).toHaveLength(2);
		expect(all.filter((name) => /^n8n-submission-/.test(String(name)))).toHaveLength(1);
	});

	it('offers no results where the server does not filter by purpose', async () => {
		const data = ['batch', 'batch_output', undefined].map((purpose, index) => ({
			object: 'file',
			id: `file-${index}`,
			bytes: 1,
			created_at: NOON,
			filename: 'x.jsonl',
			purpose,
		}));
		const body = { object: 'list', data, has_more: false };
		product.emulator.faults.next({
			method: 'GET',
			path: '/files',
			fault: { type: 'status', status: 200, body },
		});
		const { results } = await search('searchInputFiles');
		expect(results.map(({ value }) => value)).toEqual(['file-0', 'file-2']);
	});

	it('goes on where a page has nothing to offer', async () => {
		const { id } = product.emulator.addFile('x', { filename: 'last.jsonl', purpose: 'batch' });
		for (let index = 0; index < 150; index++) {
			const filename = `n8n-submission-${String(index).padStart(16, '0')}.jsonl`;
			product.emulator.addFile('x', { filename, purpose: 'batch' });
		}
		const { results } = await search('searchInputFiles');
		expect(results[0]).toMatchObject({ value: id });
	});
});

test('the model picker finds a model by a part of its name', async () => {
	const { results } = await search('searchModels', { filter: 'LUNA' });
	expect(results).toEqual([{ name: 'gpt-6-luna', value: 'gpt-6-luna' }]);
	expect((await search('searchModels')).results.length).toBeGreaterThan(3);
});

import { ExecuteContext } from 'n8n-core';
import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { CREDENTIAL, productForTests, startProduct } from './product';

type Parameters = Record<string, NodeParameterValueType>;

const NOON = Date.UTC(2026, 10, 22, 12) / 1000;
const HOUR = 3600;

const product = productForTests({ now: NOON * 1000 });

beforeAll(() => {
	const { emulator } = product;
	for (let hours = 249; hours >= 0; hours--) {
		emulator.addBatch({
			id: `batch_${hours}`,
			created_at: NOON - hours * HOUR,
			status: hours % 5 === 0 ? 'FAILED' : 'completed',
			endpoint: hours % 10 === 1 ? '/v1/embeddings' : '/v1/responses',
			metadata: hours % 50 === 3 ? { job: 'films', run: '7' } : null,
		});
	}
});

afterEach(() => jest.restoreAllMocks());

const list = async (parameters: Parameters, input: IDataObject[] = [{}]) => {
	const result = await product.run('batch', 'getAll', parameters, input);
	if (result.error) throw result.error;
	const hours = result.items('Node').map(({ json }) => Number(String(json.id).slice(6)));
	return { hours, requests: product.emulator.ledger.requests.map(({ query }) => query) };
};
const filtered = async (filters: Parameters, input?: IDataObject[]) =>
	await list({ returnAll: true, filters }, input);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('Get Many', () => {
	it('asks for no more batches than the limit', async () => {
		expect(await list({ limit: 3 })).toEqual({ hours: [0, 1, 2], requests: [{ limit: '3' }] });
	});

	it('reads the next page for a limit above a hundred', async () => {
		const { hours, requests } = await list({ limit: 150 });
		expect(hours).toEqual(upTo(150));
		expect(requests).toEqual([{ limit: '100' }, { limit: '100', after: 'batch_99' }]);
	});

	it('returns all batches', async () => {
		const { hours, requests } = await list({ returnAll: true, limit: 1 });
		expect(hours).toEqual(upTo(250));
		expect(requests).toHaveLength(3);
	});

	it('returns 50 batches by default, each paired with its input item', async () => {
		const result = await product.run('batch', 'getAll', {}, [{}, {}]);
		expect(result.items('Node').map(({ pairedItem }) => pairedItem)).toEqual([
			...upTo(50).map(() => ({ item: 0 })),
			...upTo(50).map(() => ({ item: 1 })),
		]);
	});

	it.each([['={{ 0 }}'], ['={{ 2.5 }}'], ['={{ "many" }}']])(
		'refuses %s as the limit',
		async (limit) => {
			const { error } = await product.run('batch', 'getAll', { limit });
			expect(error?.message).toBe('Limit has to be a whole number of at least 1');
			expect(product.emulator.ledger.requests).toEqual([]);
		},
	);
});

describe('an empty limit', () => {
	it.each([['={{ "" }}'], ['={{ null }}'], ['={{ undefined }}']])(
		'is refused, not read as a default: %s',
		async (limit) => {
			const { error } = await product.run('batch', 'getAll', { limit });
			expect(error).toMatchObject({
				message: 'Limit is empty',
				description: 'Enter a whole number of at least 1, or turn on Return All.',
				context: { itemIndex: 0 },
			});
			expect(product.emulator.ledger.requests).toEqual([]);
		},
	);
});

describe('the filters', () => {
	it('compare the status in upper and lower case', async () => {
		const { hours } = await filtered({ status: ['failed', 'expired'] });
		expect(hours).toEqual(upTo(250).filter((hour) => hour % 5 === 0));
	});

	it.each(['/v1/embeddings', '/embeddings', ' /v1/embeddings '])(
		'compare the endpoint, written as %j',
		async (endpoint) => {
			const { hours } = await filtered({ endpoint });
			expect(hours).toEqual(upTo(250).filter((hour) => hour % 10 === 1));
		},
	);

	it('compare the endpoint with and without a version, and leave out batches without one', async () => {
		const own = await startProduct();
		const add = (id: string, endpoint: unknown) =>
			own.emulator.addBatch({ id, endpoint: endpoint as string });
		add('batch_own', '/own');
		add('batch_null', null);
		add('batch_none', undefined);
		add('batch_short', '/chat/completions');
		add('batch_long', '/v1/chat/completions');
		const idsFor = async (endpoint: string) => {
			const batches = await own.json('batch', 'getAll', { filters: { endpoint } });
			return batches.map(({ id }) => id).sort();
		};
		for (const endpoint of ['/chat/completions', '/v1/chat/completions']) {
			expect(await idsFor(endpoint)).toEqual(['batch_long', 'batch_short']);
		}
		expect(await idsFor('/v1/own')).toEqual(['batch_own']);
		expect(await idsFor('/v2/own')).toEqual([]);
		await own.stop();
	});

	it('require all metadata pairs, and treat a number like its text', async () => {
		const pairs = [
			{ key: 'job', value: 'films' },
			{ key: 'run', value: '={{ 7 }}' },
		];
		expect((await filtered({ metadata: { pairs } })).hours).toEqual([3, 53, 103, 153, 203]);
		pairs[1].value = '8';
		expect((await filtered({ metadata: { pairs } })).hours).toEqual([]);
	});

	it('ignore a pair that is not filled in', async () => {
		const metadata = { pairs: [{ key: '', value: '' }] };
		expect((await filtered({ metadata })).hours).toHaveLength(250);
	});

	it('apply together, and the limit counts the matches', async () => {
		const filters = { status: ['failed'], createdBefore: '2026-11-22T08:00:00Z' };
		const { hours, requests } = await list({ limit: 2, filters });
		expect(hours).toEqual([5, 10]);
		expect(requests).toEqual([{ limit: '100' }]);
	});

	it('stop reading at the first batch that is too old', async () => {
		const { hours, requests } = await filtered({ createdAfter: '2026-11-22T10:00:00Z' });
		expect(hours).toEqual([0, 1, 2]);
		expect(requests).toHaveLength(1);
	});

	it.each([
		['with a zone', '2026-11-22T11:00:00+01:00'],
		['in UTC', '2026-11-22T10:00:00.000Z'],
		['with a space instead of the T', '2026-11-22 10:00:00'],
		['in unix seconds, as the API gives them', `={{ ${NOON - 2 * HOUR} }}`],
		['in milliseconds', `={{ ${(NOON - 2 * HOUR) * 1000} }}`],
		["as Luxon's DateTime", '={{ DateTime.fromISO("2026-11-22T10:00:00Z") }}'],
		[
			'as the result of a calculation with it',
			'={{ DateTime.fromISO("2026-11-23T10:00:00Z").minus({ days: 1 }) }}',
		],
		["as JavaScript's Date", '={{ new Date("2026-11-22T10:00:00Z") }}'],
	])('accept a date %s', async (_what, createdAfter) => {
		expect((await filtered({ createdAfter })).hours).toEqual([0, 1, 2]);
	});

	it('read a date without a zone in the time zone of the workflow', async () => {
		jest.spyOn(ExecuteContext.prototype, 'getTimezone').mockReturnValue('America/New_York');
		expect((await filtered({ createdAfter: '2026-11-22T05:00:00' })).hours).toEqual([0, 1, 2]);
		expect((await filtered({ createdAfter: '2026-11-22' })).hours).toEqual(upTo(8));
	});

	it('refuse a text that is not a date', async () => {
		const parameters = { filters: { createdAfter: 'yesterday' } };
		const { error } = await product.run('batch', 'getAll', parameters);
		expect(error?.message).toBe("'yesterday' is not a date");
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

describe('Get and Cancel', () => {
	it('accept plain ids, locators and expressions', async () => {
		const ids: NodeParameterValueType[] = [
			'batch_1',
			' batch_1 ',
			{ __rl: true, mode: 'list', value: 'batch_1', cachedResultName: 'yesterday' },
			{ __rl: true, mode: 'id', value: '={{ $json.id }}' },
			'={{ $json.id }}',
		];
		for (const batchId of ids) {
			const batches = await product.json('batch', 'get', { batchId }, [{ id: 'batch_1' }]);
			expect(batches).toMatchObject([{ id: 'batch_1', endpoint: '/v1/embeddings' }]);
		}
	});

	it.each([
		['={{ "" }}', 'it is empty'],
		['={{ $json.nothing }}', 'it is empty'],
		['={{ null }}', 'it is empty'],
		['a/../b', 'it has spaces, slashes or control characters in it'],
		['..', 'it is a path, not an id'],
		['={{ 7 }}', 'it is not text'],
		['={{ $json }}', 'it is not text'],
	])('refuse %s before any request', async (batchId, reason) => {
		for (const operation of ['get', 'cancel']) {
			const { error } = await product.run('batch', operation, { batchId });
			expect(error?.message).toBe(`This is not the id of a batch: ${reason}`);
		}
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('say where the id is when the item has none', async () => {
		const { error } = await product.run('batch', 'retry', { batchId: '={{ $json.id }}' }, [
			{ batch_id: 'batch_1' },
		]);
		expect(error?.description).toBe(
			'Choose a batch from the list, or enter an id such as batch_…. The items of Submit, Wait for Completion and the triggers have it in id, those of Get Results in batch_id.',
		);
	});

	it('cancel a running batch', async () => {
		const [{ id }] = await product.json('batch', 'submit', { prompt: 'a' });
		await product.emulator.step(String(id), 'in_progress');
		const batches = await product.json('batch', 'cancel', { batchId: String(id) });
		expect(batches).toMatchObject([{ id, status: 'cancelling' }]);
	});

	it('ask only once to cancel a finished batch, and show the refusal', async () => {
		const { error } = await product.run('batch', 'cancel', { batchId: 'batch_1' });
		expect(error?.message).toMatch(/completed/i);
		expect(error).toMatchObject({ httpCode: '409', context: { itemIndex: 0 } });
		expect(product.emulator.ledger.requests).toHaveLength(1);
	});
});

describe('several items', () => {
	const items = [{ id: 'batch_1' }, { id: 'batch_none' }, { id: '' }, { id: 'batch_2' }];
	const get = async (onError: 'stopWorkflow' | 'continueRegularOutput' | 'continueErrorOutput') =>
		await product.run('batch', 'get', { batchId: '={{ $json.id }}' }, items, { onError });
	const missing = {
		error: "No batch found with id 'batch_none'.",
		http_status: 404,
		request_id: expect.any(String),
	};
	const empty = { error: 'This is not the id of a batch: it is empty' };

	it('stop at the first item that fails, and the error names the item', async () => {
		const { error } = await get('stopWorkflow');
		expect(error?.message).toBe(missing.error);
		expect(error).toMatchObject({ context: { itemIndex: 1 } });
		expect(product.emulator.ledger.requests).toHaveLength(2);
	});

	it('are also named by an error that occurs before any request', async () => {
		const credentialData = { [CREDENTIAL]: { apiKey: 'sk-1', url: 'api.example.com' } };
		const { error } = await product.run('batch', 'getAll', {}, [{}], { credentialData });
		expect(error?.message).toBe('The Base URL in the credential is not a web address');
		expect(error).toMatchObject({ context: { itemIndex: 0 } });
	});

	it('continue, and each has the words of the API', async () => {
		const result = await get('continueRegularOutput');
		expect(result.items('Node')).toMatchObject([
			{ json: { id: 'batch_1' }, pairedItem: { item: 0 } },
			{ json: missing, pairedItem: { item: 1 } },
			{ json: empty, pairedItem: { item: 2 } },
			{ json: { id: 'batch_2' }, pairedItem: { item: 3 } },
		]);
	});

	it('are divided over the two outputs', async () => {
		const result = await get('continueErrorOutput');
		expect(result.items('Node', 0).map(({ json }) => json.id)).toEqual(['batch_1', 'batch_2']);
		expect(result.items('Node', 1)).toMatchObject([
			{ json: { ...missing, id: 'batch_none' }, pairedItem: { item: 1 } },
			{ json: empty, pairedItem: { item: 2 } },
		]);
	});
});

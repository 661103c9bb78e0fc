import { productForTests } from './product';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

/** What would reach another path, another header or another query if it were put in as it is. */
const FORGED = [
	'../models',
	'..',
	'.',
	'../../v1/files',
	'a/b',
	'a\\b',
	'/batches',
	'batch_1?limit=1',
	'batch_1#x',
	'%2e%2e',
	'%2e%2e%2fmodels',
	'batch_1\r\nX-Forged: yes',
	'batch_1\nX-Forged: yes',
	'batch\u0000_1',
	'batch\u0085_1',
	'batch\u2028_1',
	'batch _1',
	'\ud800',
	'batch_\udc00',
	'x'.repeat(100_000),
	'',
	' ',
];

/** Odd, and safe: nothing but an id. */
const ODD = [
	'__proto__',
	'constructor',
	'toString',
	'...',
	'a:b@c',
	'é',
	'😀',
	"a'b",
	'a&b=c',
	'@',
	'*',
];

const OPERATIONS: Array<[string, string, string]> = [
	['batch', 'get', 'batchId'],
	['batch', 'cancel', 'batchId'],
	['batch', 'wait', 'batchId'],
	['batch', 'getResults', 'batchId'],
	['batch', 'retry', 'batchId'],
	['batch', 'create', 'fileId'],
	['file', 'get', 'fileId'],
	['file', 'download', 'fileId'],
	['file', 'delete', 'fileId'],
];

describe.each(OPERATIONS)('%s %s', (resource, operation, parameter) => {
	const run = async (id: string) =>
		await product.run(
			resource,
			operation,
			{
				[parameter]: { __rl: true, mode: 'id', value: '={{ $json.id }}' } as never,
				endpoint: '/v1/embeddings',
			},
			[{ id }],
		);

	it.each(FORGED)('sends nothing for the id %j', async (id) => {
		const { error } = await run(id);
		expect(error?.name).toBe('NodeOperationError');
		expect(error?.message).toMatch(/^This is not the id of a (batch|file): it /);
		expect((error?.context as { itemIndex?: number }).itemIndex).toBe(0);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('says so when it is given an id of the other kind', async () => {
		const isBatch = parameter === 'batchId';
		const id = isBatch ? 'file-V7XpECC2hkGU5DSKJpNEDr' : `batch_${'6abc00d919e08190'.repeat(2)}`;
		const { error } = await run(id);
		const [kind, other] = isBatch ? ['batch', 'file'] : ['file', 'batch'];
		expect(error?.message).toBe(`This is not the id of a ${kind}: it is the id of a ${other}`);
		expect(error?.description).toMatch(isBatch ? /Submit and Create return/ : /input_file_id/);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each(ODD)('asks for the id %j and for nothing else', async (id) => {
		const { error } = await run(id);
		if (operation === 'create') return;
		expect(error?.name).toBe('NodeApiError');
		const paths = new Set(product.emulator.ledger.requests.map(({ path }) => path));
		const base = `/v1/${resource === 'batch' ? 'batches' : 'files'}/${encodeURIComponent(id)}`;
		for (const path of paths) expect([base, `${base}/cancel`]).toContain(path);
	});
});

it('ids that a server gives lead nowhere else either', async () => {
	const batch = product.emulator.addBatch({
		output_file_id: '../batches',
		error_file_id: '..',
		input_file_id: '../models?x=',
	});
	for (const operation of ['getResults', 'retry']) {
		const { error } = await product.run('batch', operation, {
			batchId: batch.id,
			options: operation === 'getResults' ? { deleteFiles: true } : {},
		});
		expect(error?.name).toMatch(/^Node(Api|Operation)Error$/);
		expect(error?.message).toMatch(
			/No such File object|\.\.%2F|gave '\.\.' as an id|no longer there/,
		);
	}
	const asked = product.emulator.ledger.requests.map(({ method, path }) => `${method} ${path}`);
	expect(new Set(asked)).toEqual(
		new Set([
			`GET /v1/batches/${batch.id}`,
			'GET /v1/files/..%2Fbatches',
			'GET /v1/files/..%2Fbatches/content',
			'GET /v1/files/..%2Fmodels%3Fx%3D',
		]),
	);
});

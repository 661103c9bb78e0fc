import type { IDataObject } from 'n8n-workflow';
import { productForEachTest } from './product';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForEachTest();

it('the rows that Submit keeps come back with the answers, and are deleted with them', async () => {
	const items = [
		{ id: 'a', text: 'one', year: 1979 },
		{ id: 'b', text: 'two', list: [1, 'x'] },
		{ id: 'c', text: 'x' },
	];
	const options = { keepFields: '*', maxRequestsPerBatch: 2 };
	const parts = await product.json('batch', 'submit', { ...ASK_TEXT, options } as never, items);
	for (const { id } of parts) await product.finish(String(id));
	const results = await product.json('batch', 'getResults', {
		batchId: parts[0].id,
		options: { wholeSubmission: true, includeRow: true, deleteFiles: true },
	} as never);
	expect(results.map(({ custom_id, row }) => [custom_id, row])).toEqual(
		items.map((row) => [row.id, row]),
	);
	const left: IDataObject[] = await product.json('file', 'getAll', { returnAll: true });
	expect(left.filter(({ id }) => id)).toEqual([]);
});

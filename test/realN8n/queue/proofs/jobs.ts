import { assertSucceeded, binaryOf, itemsOf, type Json } from '../../../support/lab/n8n/executions';
import type { Stage } from '../stage';
import { byHand, byId, chain } from '../../../support/lab/workflows/steps';
import { REQUESTS, rowsOfBody } from '../workflows';

const rows = (job: string, count: number, text = (index: number) => `Row ${index}`) =>
	Array.from({ length: count }, (_, index) => ({ id: `${job}-${index}`, text: text(index), job }));

const customIds = (items: Json[]) => items.map(({ custom_id }) => custom_id as string).sort();

/** The jobs of the nodes, each in an execution that a worker runs. */
export function jobs(stage: () => Stage): void {
	it('submits, waits, and gets the results in a worker', async () => {
		const account = await stage().account();
		const wanted = rows('whole', 50);
		const execution = await stage().run(
			'Submit, wait, results',
			[
				rowsOfBody,
				account.step('Submit', 'batch', 'submit', REQUESTS),
				account.step('Wait', 'batch', 'wait', { batchId: byId('={{ $json.id }}') }),
				account.step('Results', 'batch', 'getResults', { batchId: byId('={{ $json.id }}') }),
			],
			{ rows: wanted },
		);

		const results = itemsOf(execution, 'Results');
		expect(customIds(results)).toEqual(wanted.map(({ id }) => id).sort());
		expect(results.map(({ status }) => status)).toEqual(wanted.map(() => 'succeeded'));
		expect(account.emulator.ledger.batches).toHaveLength(1);
		expect(stage().cluster.workerOf(execution.id)).toBeDefined();
	});

	it('runs an execution in a worker that was started by hand', async () => {
		const account = await stage().account();
		const { rest } = stage().cluster;
		const { id } = await rest.createWorkflow(
			chain('By hand', [byHand, account.step('List', 'batch', 'getAll', { returnAll: true })]),
		);
		await account.batch('listed', 'completed');
		const execution = await rest.finished(id, await rest.run(id, 'Start'));
		assertSucceeded(execution);

		expect(itemsOf(execution, 'List')).toHaveLength(1);
		expect(stage().cluster.workerOf(execution.id)).toBeDefined();
	});

	it('retries the requests that did not succeed, and returns the results of both batches', async () => {
		const account = await stage().account();
		const isFaulty = (index: number) => index % 5 === 0;
		const text = (index: number) =>
			isFaulty(index) ? `[[emulator:fail 500 server_error]] ${index}` : `Row ${index}`;
		const wanted = rows('retried', 25, text);
		const batch = (node: string) => byId(`={{ $('${node}').first().json.id }}`);
		const execution = await stage().run(
			'Retry',
			[
				rowsOfBody,
				account.step('Submit', 'batch', 'submit', REQUESTS),
				account.step('Wait', 'batch', 'wait', { batchId: batch('Submit') }),
				account.step('Retry', 'batch', 'retry', { batchId: batch('Submit') }),
				account.step('Wait again', 'batch', 'wait', { batchId: batch('Retry') }),
				account.step('Results', 'batch', 'getResults', {
					batchId: batch('Submit'),
					options: { followRetries: true },
				}),
			],
			{ rows: wanted },
		);

		expect(customIds(itemsOf(execution, 'Results'))).toEqual(wanted.map(({ id }) => id).sort());
		const [, again] = account.emulator.ledger.batches;
		const retried = account.emulator.file(again.input_file_id).text().trim().split('\n');
		expect(retried.map((line) => (JSON.parse(line) as Json).custom_id)).toEqual(
			wanted.filter((_, index) => isFaulty(index)).map(({ id }) => id),
		);
	});

	it('builds, uploads, downloads and deletes files in the binary storage of the database', async () => {
		const account = await stage().account();
		const fileId = byId("={{ $('Upload').first().json.id }}");
		const execution = await stage().run(
			'Files',
			[
				rowsOfBody,
				account.step('Build', 'requestFile', 'build', {
					...REQUESTS,
					binaryPropertyName: 'data',
					options: {},
				}),
				account.step('Upload', 'file', 'upload', { binaryPropertyName: 'data', purpose: 'batch' }),
				account.step('Create', 'batch', 'create', { fileId, endpoint: '/v1/chat/completions' }),
				account.step('Wait', 'batch', 'wait', { batchId: byId('={{ $json.id }}') }),
				account.step('Download', 'file', 'download', {
					fileId: byId('={{ $json.output_file_id }}'),
					binaryPropertyName: 'output',
				}),
				account.step('Again', 'file', 'upload', {
					binaryPropertyName: 'output',
					purpose: 'batch',
				}),
				account.step('Delete', 'file', 'delete', { fileId }),
			],
			{ rows: rows('files', 40) },
		);

		const { emulator } = account;
		const output = emulator.file(String(emulator.ledger.batches[0].output_file_id));
		const again = emulator.file(String(itemsOf(execution, 'Again')[0].id));
		expect(output.text().trim().split('\n')).toHaveLength(40);
		expect(again.text()).toBe(output.text());
		expect(itemsOf(execution, 'Delete')).toMatchObject([{ deleted: true }]);
		const binary = binaryOf(execution, 'Download', 'output');
		expect(binary).toMatchObject({ id: expect.stringMatching(/^database:/) });
	});
}

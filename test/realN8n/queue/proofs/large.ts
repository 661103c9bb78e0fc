import { factsOf, forgetPeak } from '../../../support/processes/facts';
import type { Account } from '../../../support/lab/account';
import { itemsOf } from '../../../support/lab/n8n/executions';
import type { Stage } from '../stage';
import { byId } from '../../../support/lab/workflows/steps';

const MIB = 1024 * 1024;

/** The largest input file of a batch, and the most requests in it. */
const BATCH_BYTES = 209_715_200;
const BATCH_REQUESTS = 50_000;

/**
 * What n8n itself takes for a file in PostgreSQL, as a multiple of its size: the bytes, the same as
 * hexadecimal text, and the buffers in which both arrived.
 */
const TIMES_THE_FILE = 8;

/** A file of requests of the largest size. */
function largestBatch(): Buffer {
	const line = (index: number, content: string) =>
		`${JSON.stringify({
			custom_id: `row-${String(index).padStart(5, '0')}`,
			method: 'POST',
			url: '/v1/chat/completions',
			body: { model: 'gpt-6-luna', messages: [{ role: 'user', content }] },
		})}\n`;
	const content = 'x'.repeat(Math.floor(BATCH_BYTES / BATCH_REQUESTS) - line(0, '').length);
	const lines = Array.from({ length: BATCH_REQUESTS }, (_, index) => line(index, content));
	return Buffer.from(lines.join(''));
}

/** Files that are as large as they may be, and larger, in the binary storage of the database. */
export function large(stage: () => Stage): void {
	it('takes the largest input file and its results through the database', async () => {
		const account = await stage().account();
		const { emulator } = account;
		const content = largestBatch();
		const file = emulator.addFile(content, { purpose: 'batch' });
		const pids = stage().cluster.workers.map(({ pid }) => String(pid));
		pids.forEach(forgetPeak);
		const idle = pids.map((pid) => factsOf(pid)!.memory);
		const execution = await stage().run('Large', throughStorage(account, file.id), {});

		const extra = pids.map((pid, index) => factsOf(pid)!.peak - idle[index]);
		expect(Math.max(...extra) / content.length).toBeLessThan(TIMES_THE_FILE);
		const [batch] = itemsOf(execution, 'Wait');
		expect(batch.request_counts).toMatchObject({ completed: BATCH_REQUESTS, failed: 0 });
		const [copy] = itemsOf(execution, 'Output again');
		const output = emulator.file(String(batch.output_file_id)).object;
		expect(emulator.file(String(copy.id)).object.bytes).toBe(output.bytes);
	});

	it('reports that n8n cannot read a file out of PostgreSQL, instead of waiting for ever', async () => {
		expect(await failure(260)).toMatch(/cannot read a file of 256 MiB or more from PostgreSQL/);
	});

	it("reports n8n's own limit for a file that is larger than n8n stores", async () => {
		expect(await failure(513)).toMatch(
			/^n8n cannot store the file 'file\.jsonl': it has 513 MB, and n8n stores at most 512 MB in its database$/,
		);
	});

	/** The message that the user sees when a file of so many MiB goes through the storage. */
	async function failure(size: number): Promise<string | undefined> {
		const account = await stage().account();
		const content = Buffer.alloc(size * MIB, 'x\n');
		const { id } = account.emulator.addFile(content, { purpose: 'user_data' });
		const [download, upload] = throughStorage(account, id);
		const { workflowId, call } = await stage().callable(`${size} MiB`, [download, upload]);
		await call({});
		const [execution] = await stage().ended(workflowId, 1);
		return execution.data.resultData.error?.message;
	}
}

/** Steps that take a file into the binary storage and from there to the service; the results too. */
const throughStorage = ({ step }: Account, file: string) => [
	step('Input', 'file', 'download', { fileId: byId(file), binaryPropertyName: 'data' }),
	step('Upload', 'file', 'upload', {
		binaryPropertyName: 'data',
		purpose: 'batch',
		options: { fileName: 'large.jsonl' },
	}),
	step('Create', 'batch', 'create', {
		fileId: byId('={{ $json.id }}'),
		endpoint: '/v1/chat/completions',
	}),
	step('Wait', 'batch', 'wait', {
		batchId: byId('={{ $json.id }}'),
		options: { pollInterval: 1 },
	}),
	step('Output', 'file', 'download', {
		fileId: byId('={{ $json.output_file_id }}'),
		binaryPropertyName: 'output',
	}),
	step('Output again', 'file', 'upload', { binaryPropertyName: 'output', purpose: 'batch' }),
];

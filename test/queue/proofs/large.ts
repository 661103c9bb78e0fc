import { factsOf, forgetPeak } from '../../bench/node/processes';
import type { Account } from '../account';
import { itemsOf, type Stage } from '../stage';
import { byId } from '../workflows';

const MIB = 1024 * 1024;

/** The largest input file of a batch, and the most requests in it. */
const BATCH_BYTES = 209_715_200;
const BATCH_REQUESTS = 50_000;

/** A file of requests of exactly the largest size. */
function largestBatch(): Buffer {
	const line = (index: number, padding: string) =>
		`${JSON.stringify({
			custom_id: `row-${String(index).padStart(5, '0')}`,
			method: 'POST',
			url: '/v1/chat/completions',
			body: { model: 'gpt-6-luna', messages: [{ role: 'user', content: padding }] },
		})}\n`;
	const bytes = Math.floor(BATCH_BYTES / BATCH_REQUESTS);
	const padding = 'x'.repeat(bytes - line(0, '').length);
	return Buffer.from(
		Array.from({ length: BATCH_REQUESTS }, (_, index) => line(index, padding)).join(''),
	);
}

/** Files that are as large as they may be, in the binary storage of the database. */
export function large(stage: () => Stage): void {
	it('takes the largest input file and its results through the database', async () => {
		const account = await stage().account();
		const file = account.emulator.addFile(largestBatch(), { purpose: 'batch' });
		const idle = stage().cluster.workers.map(({ pid }) => {
			forgetPeak(String(pid));
			return factsOf(String(pid))!.memory;
		});
		const execution = await stage().run('Large', throughBinary(account, file.id), {});
		const extra = stage().cluster.workers.map(
			({ pid }, index) => factsOf(String(pid))!.peak - idle[index],
		);
		console.log('extra MiB', extra.map((bytes) => Math.round(bytes / MIB)), file.bytes / MIB);
		const [done] = itemsOf(execution, 'Wait');
		expect(done.request_counts).toMatchObject({ completed: BATCH_REQUESTS, failed: 0 });
	});
}

/** Into the binary storage, from there to the service, and the results into the storage. */
const throughBinary = ({ step }: Account, file: string) => [
	step('Get input', 'file', 'download', { fileId: byId(file), binaryPropertyName: 'data' }),
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

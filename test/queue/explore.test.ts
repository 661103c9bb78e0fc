import { large } from './proofs/large';
import { triggers } from './proofs/triggers';
import { Stage } from './stage';
import { byId } from './workflows';

let stage: Stage;
beforeAll(async () => {
	stage = await Stage.open();
}, 600_000);
afterAll(async () => await stage?.close());

describe('triggers', () => triggers(() => stage));
describe('large', () => large(() => stage));
const MIB = 1024 * 1024;
it.each([260, 300, 500, 513])('%i MiB', async (size) => {
	const account = await stage.account();
	const file = account.emulator.addFile(Buffer.alloc(size * MIB, 'x\n'), { purpose: 'batch' });
	const { workflowId, call } = await stage.callable(`${size}`, [
		account.step('In', 'file', 'download', { fileId: byId(file.id), binaryPropertyName: 'data' }),
		account.step('Out', 'file', 'upload', { binaryPropertyName: 'data', purpose: 'user_data' }),
	]);
	await call({});
	const [execution] = await stage.ended(workflowId, 1);
	const { error } = execution.data.resultData;
	console.log(size, execution.status, error?.node?.name, error?.message, error?.description, stage.cluster.workers.map(w => w.logs.split('\n').slice(-6).join('\n')));
});

import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { MOST_FROM_POSTGRES, openStored } from '../../../../nodes/OpenAiBatch/shared/binaryStorage';

jest.mock('n8n-workflow', () => jest.requireActual('../../../engine/support/fastSleep'));

const LARGE = MOST_FROM_POSTGRES + 1;

/** A node's context over a binary storage that opens files like this. */
const storage = (open: () => Promise<unknown>) =>
	({
		getNode: () => ({ name: 'Upload' }) as INode,
		helpers: { getBinaryStream: open },
	}) as unknown as IExecuteFunctions;

async function* content() {
	yield Buffer.from('content');
}

describe('a file in the binary storage', () => {
	it('is an error that says what to do when the database never gives it out', async () => {
		const silent = storage(async () => await new Promise(() => {}));
		await expect(openStored(silent, 'database:1', LARGE)).rejects.toThrow(/PostgreSQL.*S3/);
	});

	it.each([
		['database:1', LARGE],
		['database:1', MOST_FROM_POSTGRES],
		['filesystem-v2:1', LARGE],
	])('is opened as %s with %i bytes', async (id, bytes) => {
		const stream = await openStored(
			storage(async () => content()),
			id,
			bytes,
		);
		const chunks = [];
		for await (const chunk of stream) chunks.push(chunk.toString());
		expect(chunks).toEqual(['content']);
	});

	it('keeps the error of a storage that cannot read it', async () => {
		const broken = storage(async () => await Promise.reject(new Error('disk full')));
		await expect(openStored(broken, 'database:1', LARGE)).rejects.toThrow('disk full');
	});
});

import type { IExecuteFunctions } from 'n8n-workflow';
import { Readable } from 'node:stream';
import { binarySource } from '../../../../nodes/OpenAiBatch/shared/binary';

/** A node whose file comes from a storage as this stream. */
const contextWith = (stream: Readable) =>
	({
		helpers: {
			assertBinaryData: () => ({ id: 's3:1', mimeType: 'image/png', data: '' }),
			getBinaryMetadata: async () => ({ fileSize: 10 }),
			getBinaryStream: async () => stream,
		},
	}) as unknown as IExecuteFunctions;

test('a file whose storage does not answer any more ends by the signal', async () => {
	const stream = new Readable({ read: () => {} });
	stream.push('begun');
	const { open } = await binarySource(contextWith(stream), 0, 'data');
	const controller = new AbortController();
	const chunks = open(controller.signal)[Symbol.asyncIterator]();
	expect(String((await chunks.next()).value)).toBe('begun');
	const next = chunks.next();
	controller.abort();
	await expect(next).rejects.toThrow('The file is not needed any more');
	expect(stream.destroyed).toBe(true);
});

test('a signal that came before ends it at once', async () => {
	const stream = new Readable({ read: () => {} });
	const { open } = await binarySource(contextWith(stream), 0, 'data');
	const chunks = open(AbortSignal.abort())[Symbol.asyncIterator]();
	await expect(chunks.next()).rejects.toThrow('The file is not needed any more');
});

test('a file that was read to its end does not listen to the signal any more', async () => {
	const controller = new AbortController();
	const removed = jest.spyOn(controller.signal, 'removeEventListener');
	const { open } = await binarySource(contextWith(Readable.from([Buffer.from('a')])), 0, 'data');
	const chunks: Uint8Array[] = [];
	for await (const chunk of open(controller.signal)) chunks.push(chunk);
	expect(String(Buffer.concat(chunks))).toBe('a');
	expect(removed).toHaveBeenCalledTimes(1);
});

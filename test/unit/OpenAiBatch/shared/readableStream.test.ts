import { Readable } from 'node:stream';
import { streamOf } from '../../../../nodes/OpenAiBatch/shared/readableStream';

async function* chunks(...texts: string[]) {
	for (const text of texts) yield Buffer.from(text);
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
	const parts: Buffer[] = [];
	for await (const chunk of stream) parts.push(chunk as Buffer);
	return Buffer.concat(parts).toString();
}

test("chunks become a stream of Node's own class, in order", async () => {
	const stream = streamOf(chunks('a', 'ü', 'c'));
	expect(stream).toBeInstanceOf(Readable);
	expect((stream as Readable).readableObjectMode).toBe(false);
	expect(await read(stream)).toBe('aüc');
});

test('no chunks are an empty stream', async () => {
	expect(await read(streamOf(chunks()))).toBe('');
});

test('chunks are taken only as fast as they are read', async () => {
	let made = 0;
	async function* many() {
		for (; made < 1_000; made++) yield Buffer.alloc(64 * 1024);
	}
	const reader = (streamOf(many()) as Readable)[Symbol.asyncIterator]();
	await reader.next();
	expect(made).toBeLessThan(10);
	await reader.return?.();
});

test('an error in the making is the error of the stream', async () => {
	async function* broken() {
		yield Buffer.from('a');
		throw new Error('It broke');
	}
	await expect(read(streamOf(broken()))).rejects.toThrow('It broke');
});

import { Readable } from 'node:stream';
import type { IExecuteFunctions, INode } from 'n8n-workflow';
import { binarySource, streamOf } from '../../../../nodes/OpenAiBatch/shared/binary';

jest.mock('n8n-workflow', () => jest.requireActual('../../../support/engine/fastSleep'));

describe('a file in the binary storage', () => {
	/** The most bytes that n8n can read from PostgreSQL. */
	const LIMIT = 268_435_443;

	/** Reads a stored file, in the context of a node whose binary storage opens files like this. */
	async function read(id: string, fileSize: number, open: () => Promise<unknown>) {
		const context = {
			getNode: () => ({ name: 'Upload' }) as INode,
			helpers: {
				assertBinaryData: () => ({ id, mimeType: 'text/plain' }),
				getBinaryMetadata: async () => ({ fileSize }),
				getBinaryStream: open,
			},
		} as unknown as IExecuteFunctions;
		const source = await binarySource(context, 0, 'data');
		expect(source.bytes).toBe(fileSize);
		let text = '';
		for await (const chunk of source.open()) text += String(chunk);
		return text;
	}

	async function* content() {
		yield Buffer.from('content');
	}

	it('causes an error that says what to do when the database never returns it', async () => {
		const never = async () => await new Promise(() => {});
		await expect(read('database:1', LIMIT + 1, never)).rejects.toThrow(/PostgreSQL.*S3/);
	});

	it.each([
		['database:1', LIMIT + 1],
		['database:1', LIMIT],
		['filesystem-v2:1', LIMIT + 1],
	])('is read from %s with %i bytes', async (id, bytes) => {
		expect(await read(id, bytes, async () => content())).toBe('content');
	});

	it('keeps the error of a storage that cannot read it', async () => {
		const broken = async () => await Promise.reject(new Error('disk full'));
		await expect(read('database:1', LIMIT + 1, broken)).rejects.toThrow('disk full');
	});
});

describe('a stream of chunks', () => {
	async function* chunks(...texts: string[]) {
		for (const text of texts) yield Buffer.from(text);
	}

	async function read(stream: NodeJS.ReadableStream): Promise<string> {
		const parts: Buffer[] = [];
		for await (const chunk of stream) parts.push(chunk as Buffer);
		return Buffer.concat(parts).toString();
	}

	it("is of Node's own class and keeps the order", async () => {
		const stream = streamOf(chunks('a', 'ü', 'c'));
		expect(stream).toBeInstanceOf(Readable);
		expect((stream as Readable).readableObjectMode).toBe(false);
		expect(await read(stream)).toBe('aüc');
	});

	it('is empty when there are no chunks', async () => {
		expect(await read(streamOf(chunks()))).toBe('');
	});

	it('takes chunks only as fast as it is read', async () => {
		let made = 0;
		async function* many() {
			for (; made < 1_000; made++) yield Buffer.alloc(64 * 1024);
		}
		const reader = (streamOf(many()) as Readable)[Symbol.asyncIterator]();
		await reader.next();
		expect(made).toBeLessThan(10);
		await reader.return?.();
	});

	it('fails with the error of the chunks', async () => {
		async function* broken() {
			yield Buffer.from('a');
			throw new Error('It broke');
		}
		await expect(read(streamOf(broken()))).rejects.toThrow('It broke');
	});
});

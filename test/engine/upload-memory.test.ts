import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { IBinaryData } from 'n8n-workflow';
import { binarySource } from '../../nodes/OpenAiBatch/shared/binary';
import { tryUploadFile } from '../../nodes/openai/api/files';
import { startEmulator, type Emulator } from '../support/emulator';
import type { ClientNode } from './support/clientNode';
import { startClientNode } from './support/clientNode';
import { extraMemory } from './support/memory';

const MB = 1024 * 1024;
const FILE = 200 * MB;

let emulator: Emulator;
let node: ClientNode;

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
	node = await startClientNode({ apiKey: emulator.apiKey, url: emulator.url });
});

afterAll(async () => await emulator.close());

function* noise(bytes: number) {
	const block = Buffer.alloc(MB / 4, 'abcdefghijklmnopqrstuvwxyz012345678\n');
	for (let sent = 0; sent < bytes; sent += block.length) {
		block.writeUInt32BE(sent, 0);
		yield Buffer.from(block);
	}
}

/** A file in n8n's binary data. */
const store = async (bytes: number) =>
	await node.run(
		async (_client, context) =>
			await context.helpers.prepareBinaryData(
				Readable.from(noise(bytes)) as Readable,
				'big.txt',
				'text/plain',
			),
	);

const upload = async (binary: IBinaryData) =>
	await node.run(async (client, context) => {
		const source = await binarySource(context, 0, binary);
		const result = await tryUploadFile(client, { source, purpose: 'user_data' });
		if (!result.ok) throw new Error(result.fault.message);
		return result.value;
	});

const download = async (id: string) =>
	await node.run(async (client, context) => {
		const stream = await client.downloadStream(id);
		return await context.helpers.prepareBinaryData(stream as never, 'big.txt', 'text/plain');
	});

async function hashOf(stream: AsyncIterable<Buffer | string>): Promise<string> {
	const hash = createHash('sha256');
	for await (const chunk of stream) hash.update(chunk);
	return hash.digest('hex');
}

test('200 MB go up and come down as they are, without being in memory', async () => {
	await download((await upload(await store(4 * MB))).id);
	const binary = await store(FILE);

	let id = '';
	const up = await extraMemory(async () => ({ id } = await upload(binary)));
	let back: IBinaryData | undefined;
	const down = await extraMemory(async () => (back = await download(id)));

	expect(emulator.ledger.uploads.at(-1)!.bytes).toBe(FILE);
	const expected = await hashOf(Readable.from(noise(FILE)));
	const returned = await node.run(
		async (_client, context) => await context.helpers.getBinaryStream(back!.id!),
	);
	expect(await hashOf(returned)).toBe(expected);
	// The emulator runs in this process too.
	expect(up).toBeLessThan(150 * MB);
	expect(down).toBeLessThan(100 * MB);
});

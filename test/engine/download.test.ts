import type { OpenAiClient } from '../../nodes/openai/client';
import { NodeApiError, type IDataObject } from 'n8n-workflow';
import type { Fault } from '../support/emulator';
import { productForTests } from './product';
import { setBinaryMode } from './support/binaryMode';
import type { ClientNode } from './support/clientNode';
import { startClientNode } from './support/clientNode';
import type { Answer } from './support/scriptedServer';
import { answer, refuse, serverForTests } from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const CONTENT = Array.from(
	{ length: 20_000 },
	(_, index) => `{"custom_id":"${index}","text":"ä\u2028"}\n`,
).join('');
const BYTES = Buffer.byteLength(CONTENT);

const product = productForTests();
const server = serverForTests();
let node: ClientNode;
let fileId: string;

beforeAll(async () => {
	const { apiKey, url } = product.emulator;
	node = await startClientNode({ apiKey, url });
	fileId = product.emulator.addFile(CONTENT, { filename: 'out.jsonl' }).id;
});

/** Everything that a download delivers. */
async function read(client: OpenAiClient, id: string, expected?: number): Promise<string> {
	const chunks: Uint8Array[] = [];
	for await (const chunk of client.download(id, { bytes: expected })) chunks.push(chunk);
	return Buffer.concat(chunks).toString();
}

const download = async (expected?: number) =>
	await node.run(async (client) => await read(client, fileId, expected));

/** What the scripted server's content becomes. */
const scripted = async (expected?: number) =>
	await node.run(async (client) => await read(client, 'file-1', expected), {}, { url: server.url });

const strike = (fault: Fault, times = 1) =>
	product.emulator.faults.next({ method: 'GET', path: /\/content$/, times, fault });

const fetches = () => product.emulator.ledger.calls('GET', /\/content$/).length;

test('delivers every byte once', async () => {
	expect(await download(BYTES)).toBe(CONTENT);
	expect(fetches()).toBe(1);
});

test.each<[string, Fault, number | undefined]>([
	[
		'ends before its length',
		{ type: 'truncate', bytes: 300_001, keepContentLength: true },
		undefined,
	],
	['hides that it is short', { type: 'truncate', bytes: 300_001, keepContentLength: false }, BYTES],
	['is empty', { type: 'truncate', bytes: 0, keepContentLength: false }, BYTES],
	['is not found at once', { type: 'status', status: 503 }, undefined],
	['never begins', { type: 'stall', when: 'before' }, undefined],
	['is reset', { type: 'reset', when: 'after' }, undefined],
])('is fetched again when it %s', async (_name, fault, expected) => {
	strike(fault, 2);
	expect(await download(expected)).toBe(CONTENT);
	expect(fetches()).toBe(3);
});

test('goes on behind what was delivered, however often it breaks', async () => {
	for (const bytes of [100_000, 50_000, 100_000, 200_000, 200_001, BYTES - 1]) {
		strike({ type: 'truncate', bytes, keepContentLength: bytes % 3 === 0 });
	}
	expect(await download(BYTES)).toBe(CONTENT);
	expect(fetches()).toBe(7);
});

test('delivers a slow file, as long as something arrives', async () => {
	const small = product.emulator.addFile('0123456789'.repeat(3), { filename: 'slow.jsonl' });
	strike({ type: 'slow', bytesPerSecond: 60 });
	const text = await node.run(async (client) => await read(client, small.id, 30));
	expect(text).toBe('0123456789'.repeat(3));
	expect(fetches()).toBe(1);
});

test('begins again when nothing arrives for a minute', async () => {
	server.script(
		(_request, response) => {
			response.writeHead(200, { 'content-length': '10' });
			response.write('01234');
		},
		answer(200, '0123456789'),
	);
	expect(await scripted(10)).toBe('0123456789');
	expect(server.seen).toHaveLength(2);
});

test('waits for a reader that takes longer than a minute', async () => {
	server.script(answer(200, '0123456789'));
	const text = await node.run(
		async (client, context) => {
			let delivered = '';
			for await (const chunk of client.download('file-1', { bytes: 10 })) {
				delivered += Buffer.from(chunk).toString();
				await client.pause(90_000);
			}
			return delivered + context.getMode();
		},
		{},
		{ url: server.url },
	);
	expect(text).toBe('0123456789trigger');
	expect(server.seen).toHaveLength(1);
});

const chunked =
	(...parts: string[]): Answer =>
	(_request, response) => {
		response.writeHead(200, { 'content-type': 'application/octet-stream' });
		for (const part of parts) response.write(part);
		response.end();
	};

test('without any announced length, the end is the end', async () => {
	server.script(chunked('01234', '56789'));
	expect(await scripted()).toBe('0123456789');
});

test('without an announced length, but with a known one, what is short is fetched again', async () => {
	server.script(chunked('01234'), chunked('0123', '456789'));
	expect(await scripted(10)).toBe('0123456789');
});

test('a connection that breaks in a body without a length is noticed', async () => {
	server.script((_request, response) => {
		response.writeHead(200);
		response.write('01234', () => response.socket!.resetAndDestroy());
	}, chunked('0123456789'));
	expect(await scripted()).toBe('0123456789');
});

test('compressed content is unpacked, whatever its length on the wire', async () => {
	const { gzipSync } = await import('node:zlib');
	const packed = gzipSync('0123456789');
	server.script((_request, response) => {
		response.writeHead(200, {
			'content-encoding': 'gzip',
			'content-length': String(packed.length),
		});
		response.end(packed);
	});
	expect(packed.length).toBeGreaterThan(10);
	expect(await scripted()).toBe('0123456789');
	expect(server.seen).toHaveLength(1);
});

test("a proxy's page is no file", async () => {
	const page = answer(200, '<html>Log in</html>', { 'content-type': 'text/html; charset=utf-8' });
	server.script(page, chunked('0123456789'));
	expect(await scripted()).toBe('0123456789');
	server.script(...Array<Answer>(5).fill(page));
	await expect(scripted()).rejects.toThrow(/text\/html; charset=utf-8: <html>Log in<\/html>/);
});

test('what keeps arriving whole by its own length is the file, whatever its description says', async () => {
	server.script(...Array<Answer>(9).fill(answer(200, '[1,2]', { 'content-length': '5' })));
	expect(await scripted(10)).toBe('[1,2]');
	expect(server.seen).toHaveLength(6);
});

test('what keeps arriving short, and ends within a line, is an error', async () => {
	server.script(...Array<Answer>(99).fill(answer(200, '{"a":', { 'content-length': '5' })));
	await expect(scripted(10)).rejects.toThrow('It ended after 5 of 10 bytes');
});

describe('a file of lines that has no length and no line feed at its end', () => {
	const line = (text: string) => JSON.stringify({ custom_id: 'a', text });
	const LONG = `${line('first')}\n${line('ä\u2028"'.repeat(1_000))}`;
	const BROKEN = LONG.slice(0, -2);

	/** What the scripted server's file of lines becomes, and whether it was said to be short. */
	async function lines(hasGuard = true) {
		return await node.run(
			async (client) => {
				const chunks: Uint8Array[] = [];
				let isShort = false;
				const onShort = hasGuard ? () => void (isShort = true) : undefined;
				for await (const chunk of client.download('file-1', { isOfLines: true, onShort })) {
					chunks.push(chunk);
				}
				return { content: Buffer.concat(chunks).toString(), isShort };
			},
			{},
			{ url: server.url },
		);
	}

	const sized = (content: string) =>
		answer(200, content, { 'content-length': String(Buffer.byteLength(content)) });
	const always = (one: Answer) => server.script(...Array<Answer>(99).fill(one));

	test.each<[string, Answer]>([
		['one chunk', chunked(LONG)],
		['chunks within lines', chunked(LONG.slice(0, 9), LONG.slice(9, 90), LONG.slice(90))],
		['a Content-Length', sized(LONG)],
	])('is whole when its last line is, however long: %s', async (_name, once) => {
		always(once);
		expect(await lines(false)).toEqual({ content: LONG, isShort: false });
		expect(server.seen).toHaveLength(1);
	});

	test('is whole as soon as one transfer is', async () => {
		server.script(sized(BROKEN), sized(LONG));
		expect(await lines()).toEqual({ content: LONG, isShort: false });
		expect(server.seen).toHaveLength(2);
	});

	test('is waited for as long as it grows', async () => {
		const growing = [LONG.slice(0, 90), LONG.slice(0, 900), BROKEN].flatMap((content) =>
			Array<Answer>(3).fill(sized(content)),
		);
		server.script(...growing, sized(LONG));
		expect(await lines()).toEqual({ content: LONG, isShort: false });
		expect(server.seen).toHaveLength(10);
	});

	test('is taken as it is, as one that may be short, when its Content-Length is met each time', async () => {
		always(sized(BROKEN));
		expect(await lines()).toEqual({ content: BROKEN, isShort: true });
		expect(server.seen).toHaveLength(5);
	});

	test('is an error for a reader that cannot find out whether something is missing', async () => {
		always(sized(BROKEN));
		await expect(lines(false)).rejects.toThrow(/It ended after \d+ bytes, within a line$/);
		expect(server.seen).toHaveLength(5);
	});

	test('is an error when its Content-Length is not met, or not each time', async () => {
		const unmet: Answer = (_request, response) => {
			response.writeHead(200, { 'content-length': String(Buffer.byteLength(LONG)) });
			response.write(BROKEN, () => response.socket!.destroySoon());
		};
		always(unmet);
		await expect(lines()).rejects.toThrow('The connection to the server broke off');
		server.script(...[sized(BROKEN), sized(BROKEN), unmet], ...Array(9).fill(sized(BROKEN)));
		await expect(lines()).rejects.toThrow(/within a line$/);
	});

	test('is an error when nobody says how long it is, although it ends at the same byte each time', async () => {
		always(chunked(BROKEN));
		await expect(lines()).rejects.toThrow(/within a line$/);
		expect(server.seen).toHaveLength(5);
	});

	test('is not held in memory to look at a line of more than 32 MiB', async () => {
		const huge = line('x'.repeat(33_554_432));
		always(sized(huge));
		const { content, isShort } = await lines();
		expect([content === huge, isShort, server.seen.length]).toEqual([true, true, 5]);
	});
});

describe('gives up with an error', () => {
	test("with the API's message when there is no such file", async () => {
		const error = await node.run(
			async (client) =>
				await read(client, 'file-none').catch((thrown: unknown) => thrown as NodeApiError),
			{ itemIndex: 2 },
		);
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error).toMatchObject({
			message: 'File file-none could not be downloaded: No such File object: file-none',
			httpCode: '404',
			context: { itemIndex: 2, http_status: 404 },
		});
	});

	test('when it never comes further', async () => {
		server.script(...Array<Answer>(9).fill(chunked('01234')));
		await expect(scripted(10)).rejects.toThrow(
			'File file-1 could not be downloaded: It ended after 5 of 10 bytes',
		);
		expect(server.seen).toHaveLength(5);
	});

	test('when it is refused in between', async () => {
		server.script(chunked('01234'), refuse(403, { message: 'Not any more.' }));
		await expect(scripted(10)).rejects.toThrow(
			'File file-1 could not be downloaded: Not any more.',
		);
	});
});

describe.each(['filesystem-v2', 'default'] as const)('into binary data in mode %s', (mode) => {
	beforeAll(() => setBinaryMode(mode));

	afterAll(() => setBinaryMode('filesystem-v2'));

	const run = async () => await product.run('file', 'download', { fileId });

	test('every byte arrives, also after a break', async () => {
		strike({ type: 'truncate', bytes: 300_001, keepContentLength: true });
		const result = await run();
		const [item] = result.items('Node');
		expect(String(await result.binary(item))).toBe(CONTENT);
		expect(item.binary!.data.id === undefined).toBe(mode === 'default');
	});

	test('an error in the middle is the error of the node', async () => {
		strike({ type: 'truncate', bytes: 300_001, keepContentLength: true }, 99);
		const { error, status } = await run();
		expect(status).toBe('error');
		expect(error).toMatchObject({
			name: 'NodeApiError',
			message: `File ${fileId} could not be downloaded: The connection to the server broke off`,
		});
	});

	test("a missing file is told in the API's words", async () => {
		const { error } = await product.run('file', 'download', { fileId: 'file-none' });
		expect(error).toMatchObject({
			message: 'No such File object: file-none',
			context: { http_status: 404, itemIndex: 0 } as IDataObject,
		});
	});
});

import type { ClientNode } from './support/clientNode';
import { startClientNode } from './support/clientNode';
import { serverForTests } from './support/scriptedServer';
import { tryUploadFile, uploadSafely } from '../../nodes/openai/api/files';
import type { UploadSource } from '../../nodes/openai/client';
import type { Emulator, Fault } from '../support/emulator';
import { startEmulator } from '../support/emulator';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

let emulator: Emulator;
const server = serverForTests();
let node: ClientNode;

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual' });
	node = await startClientNode({ apiKey: emulator.apiKey, url: emulator.url });
});

beforeEach(() => {
	emulator.faults.clear();
	emulator.ledger.clear();
});

afterAll(async () => await emulator.close());

/** Lines of JSON as a source, in odd chunks; `change` makes the source lie. */
function source(change: Partial<UploadSource> = {}) {
	const line = JSON.stringify({ custom_id: 'ä\u2028', method: 'POST', body: 'x'.repeat(99) });
	const content = Buffer.from(`${line}\n`.repeat(500));
	let opened = 0;
	async function* open() {
		opened++;
		for (let start = 0; start < content.length; start += 7_777) {
			yield content.subarray(start, start + 7_777);
		}
	}
	return {
		content,
		opened: () => opened,
		source: {
			fileName: 'films.jsonl',
			contentType: 'application/jsonl',
			bytes: content.length,
			open,
			...change,
		},
	};
}

const upload = async (file: UploadSource, more: { expiresAfterSeconds?: number } = {}) =>
	await node.run(
		async (client) => await tryUploadFile(client, { source: file, purpose: 'batch', ...more }),
	);

const uploadOnce = async (file: UploadSource) =>
	await node.run(async (client) => await uploadSafely(client, { source: file, purpose: 'batch' }));

const strike = (method: string, fault: Fault, times = 1) =>
	emulator.faults.next({ method, path: '/files', times, fault });

const posts = () => emulator.ledger.calls('POST', '/files');

describe('an upload', () => {
	test('streams a form with its exact length, the file first', async () => {
		const { content, source: file } = source();
		const result = await upload(file, { expiresAfterSeconds: 7_200 });
		if (!result.ok) throw new Error(result.fault.message);
		const { id, created_at: createdAt, expires_at: expiresAt } = result.value;
		expect(emulator.file(id).text()).toBe(content.toString());
		expect(expiresAt).toBe(createdAt! + 7_200);
		const [{ form, headers }] = posts();
		expect(form).toEqual([
			{ name: 'file', value: 'films.jsonl' },
			{ name: 'purpose', value: 'batch' },
			{ name: 'expires_after[anchor]', value: 'created_at' },
			{ name: 'expires_after[seconds]', value: '7200' },
		]);
		expect(headers['transfer-encoding']).toBeUndefined();
		expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
	});

	test('announces exactly the bytes it sends', async () => {
		server.script();
		const { source: file } = source({ fileName: 'naïve "films".jsonl' });
		await node.run(
			async (client) => await tryUploadFile(client, { source: file, purpose: 'batch' }),
			{},
			{ url: server.url },
		);
		const [{ headers, body }] = server.seen;
		expect(Buffer.byteLength(body)).toBe(Number(headers['content-length']));
		expect(body).toContain('filename="naïve %22films%22.jsonl"');
		expect(body).toMatch(/--\r\n$/);
	});

	test('sends nothing but the fields that are set', async () => {
		await upload(source().source);
		expect(posts()[0].form!.map(({ name }) => name)).toEqual(['file', 'purpose']);
	});

	test('begins at the first byte again when it is repeated', async () => {
		strike('POST', { type: 'reset', when: 'before' });
		strike('POST', { type: 'status', status: 503 });
		const { content, opened, source: file } = source();
		const result = await upload(file);
		expect(result).toMatchObject({ ok: true, value: { bytes: content.length } });
		expect(opened()).toBe(3);
		expect(emulator.ledger.uploads).toHaveLength(1);
		expect(emulator.file(emulator.ledger.uploads[0].id).text()).toBe(content.toString());
	});

	test.each<[string, (content: Buffer) => Partial<UploadSource>, RegExp]>([
		['ends early', ({ length }) => ({ bytes: length + 1 }), /not the 73501 bytes/],
		['goes on too long', ({ length }) => ({ bytes: length - 1 }), /not the 73499 bytes/],
		[
			'breaks',
			(content) => ({
				async *open() {
					yield content.subarray(0, 10_000);
					throw new Error('ENOENT: the binary file is gone');
				},
			}),
			/ENOENT: the binary file is gone/,
		],
		[
			'cannot be opened',
			() => ({
				open: () => {
					throw new Error('No such binary data');
				},
			}),
			/No such binary data/,
		],
	])('whose source %s is an error and stores nothing', async (_name, change, message) => {
		const { content, source: honest } = source();
		const error: Error = await uploadOnce({ ...honest, ...change(content) }).then(
			() => {
				throw new Error('It did not throw');
			},
			(thrown: Error) => thrown,
		);
		expect(error.message).toMatch(message);
		expect(error.message).toMatch(/^Upload of films.jsonl failed: The content to upload could not/);
		expect(emulator.ledger.uploads).toEqual([]);
		expect(posts().length).toBeLessThanOrEqual(1);
	});

	test('shows the answer of a server that refuses before it has read everything', async () => {
		server.script((_request, response) => {
			response.writeHead(413, { 'content-type': 'application/json' });
			response.end(JSON.stringify({ error: { message: 'File is too large.' } }));
		});
		let isClosed = false;
		async function* open() {
			try {
				for (let chunk = 0; chunk < 2_000; chunk++) yield Buffer.alloc(100_000);
			} finally {
				isClosed = true;
			}
		}
		const { source: file } = source({ open, bytes: 200_000_000 });
		const result = await node.run(
			async (client) => await tryUploadFile(client, { source: file, purpose: 'batch' }),
			{},
			{ url: server.url },
		);
		expect(result).toMatchObject({ ok: false, fault: { message: 'File is too large.' } });
		expect(server.seen).toHaveLength(1);
		expect(isClosed).toBe(true);
	});
});

describe('an upload under a name of its own', () => {
	test.each(['reset', 'stall'] as const)(
		'is found when its answer is lost (%s), and not sent again',
		async (type) => {
			strike('POST', { type, when: 'after' });
			const { content, source: file } = source({ fileName: `lost-${type}.jsonl` });
			const stored = await uploadOnce(file);
			expect(stored).toMatchObject({ filename: `lost-${type}.jsonl`, bytes: content.length });
			expect(emulator.ledger.uploads.map(({ id }) => id)).toEqual([stored.id]);
			expect(posts()).toHaveLength(1);
		},
	);

	test('is sent again when it is not there', async () => {
		strike('POST', { type: 'status', status: 500 });
		const stored = await uploadOnce(source({ fileName: 'new.jsonl' }).source);
		expect(emulator.ledger.uploads.map(({ id }) => id)).toEqual([stored.id]);
		expect(posts()).toHaveLength(2);
	});

	test('is not taken for one of another length or of another purpose', async () => {
		emulator.addFile('{}\n', { filename: 'same.jsonl', purpose: 'batch' });
		const { content, source: file } = source({ fileName: 'same.jsonl' });
		emulator.addFile(content, { filename: 'same.jsonl', purpose: 'user_data' });
		strike('POST', { type: 'status', status: 500 });
		const stored = await uploadOnce(file);
		expect(emulator.ledger.uploads.map(({ id }) => id)).toEqual([stored.id]);
	});

	test('is sent again when nobody can tell whether it is there: a copy costs nothing', async () => {
		strike('POST', { type: 'reset', when: 'after' });
		strike('GET', { type: 'status', status: 403 }, 2);
		const stored = await uploadOnce(source({ fileName: 'unlisted.jsonl' }).source);
		expect(emulator.ledger.uploads.at(-1)!.id).toBe(stored.id);
	});

	test('is given up with its name after three tries', async () => {
		strike('POST', { type: 'status', status: 500 }, 9);
		await expect(uploadOnce(source({ fileName: 'never.jsonl' }).source)).rejects.toThrow(
			'Upload of never.jsonl failed, the file may have been stored all the same: The server had an error',
		);
		expect(posts()).toHaveLength(3);
	});

	test('that is refused is not sent again', async () => {
		await expect(uploadOnce(source({ fileName: 'films.txt' }).source)).rejects.toThrow(
			'Upload of films.txt failed: Invalid file format for Batch API. Must be .jsonl',
		);
		expect(posts()).toHaveLength(1);
	});
});

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import OpenAI, { toFile } from 'openai';

import { startEmulator, type Emulator } from '.';
import { requestLine, startWithClient, until, upload } from './client';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient({
		now: 1_790_000_000_000,
		limits: { fileBytes: 100_000 },
	}));
});

afterEach(() => emulator.close());

const JSONL = `${requestLine('one')}\n`;

describe('files', () => {
	it('stores an upload byte for byte and describes it as the real service does', async () => {
		const content = `${requestLine('ä\u2028💡')}\r\n`;
		const { id, ...rest } = await upload(client, content);
		expect(rest).toEqual({
			object: 'file',
			bytes: Buffer.byteLength(content),
			created_at: 1_790_000_000,
			expires_at: 1_790_000_000 + 2_592_000,
			filename: 'requests.jsonl',
			purpose: 'batch',
			status: 'processed',
			status_details: null,
		});
		const answer = await client.files.content(id);
		expect(answer.headers.get('content-length')).toBe(String(rest.bytes));
		expect(await answer.text()).toBe(content);
		expect(emulator.file(id).text()).toBe(content);
		expect(await client.files.retrieve(id)).toEqual({ id, ...rest });
	});

	it('deletes', async () => {
		const { id } = await upload(client, JSONL);
		expect(await client.files.delete(id)).toEqual({ id, object: 'file', deleted: true });
		for (const call of [
			() => client.files.retrieve(id),
			() => client.files.content(id),
			() => client.files.delete(id),
		]) {
			const error = await call().catch((thrown) => thrown);
			expect(error).toBeInstanceOf(OpenAI.NotFoundError);
			expect(error.error).toEqual({
				message: `No such File object: ${id}`,
				type: 'invalid_request_error',
				param: 'id',
				code: null,
			});
		}
	});

	it('expires when asked to', async () => {
		const { id, expires_at } = await client.files.create({
			file: await toFile(Buffer.from(JSONL), 'a.jsonl'),
			purpose: 'batch',
			expires_after: { anchor: 'created_at', seconds: 3600 },
		});
		expect(expires_at).toBe(1_790_000_000 + 3600);
		await emulator.advance(3_599_000);
		expect((await client.files.retrieve(id)).id).toBe(id);
		await emulator.advance(1000);
		await expect(client.files.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError);
		expect((await client.files.list()).data).toEqual([]);
	});

	it('keeps files of other purposes for ever', async () => {
		const file = await toFile(Buffer.from('notes'), 'notes.txt');
		const stored = await client.files.create({ file, purpose: 'user_data' });
		expect(stored.expires_at).toBeNull();
	});

	it.each([
		[
			'another extension',
			JSONL,
			'requests.txt',
			'Invalid file format for Batch API. Must be .jsonl',
		],
		['an empty file', '', 'a.jsonl', 'Invalid file format for Batch API. Must be .jsonl'],
		[
			'a first line that is not JSON',
			'a,b\n',
			'a.jsonl',
			'Invalid file format for Batch API. Must be .jsonl',
		],
		['too many bytes', `${JSONL}${'x'.repeat(100_000)}`, 'a.jsonl', 'File is too large.'],
	])('refuses %s', async (_what, content, filename, message) => {
		const error = await upload(client, content, filename).catch((thrown) => thrown);
		expect(error).toBeInstanceOf(OpenAI.BadRequestError);
		expect(error.error).toEqual({
			message,
			type: 'invalid_request_error',
			param: null,
			code: null,
		});
		expect((await client.files.list()).data).toEqual([]);
	});

	it.each([
		[{ purpose: 'nonsense' }, /'nonsense' is not one of/],
		[{ purpose: 'batch', expires_after: { anchor: 'created_at', seconds: 60 } }, />= 3600/],
		[{ purpose: 'batch', expires_after: { anchor: 'updated_at', seconds: 3600 } }, /created_at/],
	])('refuses the fields %j', async (fields, message) => {
		const file = await toFile(Buffer.from(JSONL), 'a.jsonl');
		const call = client.files.create({ file, ...fields } as OpenAI.FileCreateParams);
		await expect(call).rejects.toThrow(message);
	});

	it('takes the form fields in any order', async () => {
		const form = new FormData();
		form.append('file', new Blob([JSONL]), 'a.jsonl');
		form.append('purpose', 'batch');
		const answer = await fetch(`${emulator.url}/files`, {
			method: 'POST',
			body: form,
			headers: { 'api-key': emulator.apiKey },
		});
		expect(answer.status).toBe(200);
		expect(emulator.ledger.requests[0].form).toEqual([
			{ name: 'file', value: 'a.jsonl' },
			{ name: 'purpose', value: 'batch' },
		]);
	});

	it('keeps nothing of an upload that breaks off', async () => {
		const folder = await mkdtemp(join(tmpdir(), 'upload-'));
		const other = await startEmulator({ folder });
		const broken = request(`${other.url}/files`, {
			method: 'POST',
			headers: {
				authorization: `Bearer ${other.apiKey}`,
				'content-type': 'multipart/form-data; boundary=x',
				'content-length': 1000,
			},
		});
		broken.on('error', () => {});
		broken.write(
			'--x\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{}',
		);
		const stored = async () => (await readdir(folder)).length;
		await until(async () => (await stored()) === 1);
		broken.destroy();
		await until(async () => (await stored()) === 0).finally(() => other.close());
		await rm(folder, { recursive: true });
	});

	it('lists page by page, newest first, filtered and in either order', async () => {
		const ids: string[] = [];
		for (let index = 0; index < 5; index++) ids.push((await upload(client, JSONL)).id);
		emulator.addFile('x', { purpose: 'batch_output' });

		const seen: string[] = [];
		for await (const file of client.files.list({ limit: 2, purpose: 'batch' })) seen.push(file.id);
		expect(seen).toEqual([...ids].reverse());
		expect(emulator.ledger.calls('GET', '/files')).toHaveLength(3);

		const page = await client.files.list({ order: 'asc', limit: 2, after: ids[0] });
		expect(page.has_more).toBe(true);
		expect(page.data.map(({ id }) => id)).toEqual([ids[1], ids[2]]);
		await expect(client.files.list({ limit: 10_001 })).rejects.toThrow(/<= 10000/);
	});
});

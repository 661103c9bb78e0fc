import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INodeExecutionData, NodeParameterValueType } from 'n8n-workflow';
import { userFolder } from '../support/engine';
import { CREDENTIAL, productForTests, startProduct, type Product } from './product';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

/** An item whose binary field keeps its bytes in the workflow, as n8n's memory mode does. */
const inMemory = (content: string, fileName = 'a.jsonl'): INodeExecutionData => ({
	json: {},
	binary: {
		data: {
			data: Buffer.from(content).toString('base64'),
			mimeType: 'application/jsonl',
			fileName,
		},
	},
});

/** Makes n8n's binary storage say that a file has this many bytes. */
function pretendSize(binaryId: string, bytes: number): void {
	const name = `${binaryId.split('/').at(-1)}.metadata`;
	const [found] = readdirSync(userFolder, { recursive: true, encoding: 'utf8' }).filter((path) =>
		path.endsWith(name),
	);
	const path = join(userFolder, found);
	const metadata = JSON.parse(readFileSync(path, 'utf8')) as object;
	writeFileSync(path, JSON.stringify({ ...metadata, fileSize: bytes }));
}

const upload = async (parameters: Parameters = {}, input = [inMemory('{}\n')]) =>
	await product.json('file', 'upload', parameters, input);

const form = () => {
	const [{ form: fields }] = product.emulator.ledger.calls('POST', '/files');
	return Object.fromEntries(fields!.map(({ name, value }) => [name, value]));
};

describe('Upload', () => {
	it('sends the bytes and returns the file, without an expiry unless one is set', async () => {
		const content = '{"a":"Ä\u2028"}\n'.repeat(3);
		const [file] = await upload({}, [inMemory(content, 'rows.jsonl')]);
		expect(file).toMatchObject({
			object: 'file',
			filename: 'rows.jsonl',
			purpose: 'batch',
			bytes: Buffer.byteLength(content),
		});
		expect(product.emulator.file(String(file.id)).text()).toBe(content);
		expect(form()).toEqual({ file: 'rows.jsonl', purpose: 'batch' });
	});

	it('sends any purpose, another file name and the expiry in seconds', async () => {
		const [file] = await upload({
			purpose: ' user_data ',
			options: { expiresAfter: 720, fileName: '={{ "b.txt" }}' },
		});
		expect(file).toMatchObject({ filename: 'b.txt', purpose: 'user_data' });
		expect(form()).toEqual({
			file: 'b.txt',
			purpose: 'user_data',
			'expires_after[anchor]': 'created_at',
			'expires_after[seconds]': '2592000',
		});
	});

	it('reads a file from the binary storage, piece by piece', async () => {
		const content = `${JSON.stringify({ text: 'x'.repeat(3_000_000) })}\n`;
		const { id } = product.emulator.addFile(content, { filename: 'big.jsonl' });
		const result = await product.engine.run({
			nodes: [
				{
					name: 'Download',
					type: 'openAiBatch',
					parameters: {
						resource: 'file',
						operation: 'download',
						fileId: id,
						binaryPropertyName: 'big',
					},
				},
				{
					name: 'Upload',
					type: 'openAiBatch',
					parameters: { resource: 'file', operation: 'upload', binaryPropertyName: 'big' },
				},
			],
		});
		const [{ json }] = result.items('Upload');
		expect(json).toMatchObject({ filename: 'big.jsonl', bytes: Buffer.byteLength(content) });
		expect(product.emulator.file(String(json.id)).text()).toBe(content);
	});

	it.each([
		[
			'a field that is not there',
			{ binaryPropertyName: 'other' },
			/binary (file|data|field) 'other'/,
		],
		['an empty purpose', { purpose: '={{ "" }}' }, /^The purpose is missing$/],
		['half an hour', { options: { expiresAfter: 0.5 } }, /between 1 and 720 hours/],
		['a month and a day', { options: { expiresAfter: '={{ 744 }}' } }, /between 1 and 720 hours/],
		['no number', { options: { expiresAfter: 'soon' } }, /between 1 and 720 hours/],
		[
			'an object as the file name',
			{ options: { fileName: '={{ {} }}' } },
			/^File Name has to be text$/,
		],
		['a list as the purpose', { purpose: '={{ ["batch"] }}' }, /^Purpose has to be text$/],
	])('refuses %s before any request', async (_what, parameters: Parameters, message) => {
		const { error } = await product.run('file', 'upload', parameters, [inMemory('{}')]);
		expect(error?.message).toMatch(message);
		expect(error).toMatchObject({ context: { itemIndex: 0 } });
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	/** A file in n8n's binary storage that seems to have so many bytes. */
	async function fileOf(bytes: number) {
		const { id } = product.emulator.addFile('{}\n', { filename: 'rows.jsonl' });
		const stored = await product.run('file', 'download', { fileId: id });
		const input = stored.items('Node').map(({ json, binary }) => ({ json, binary }));
		product.emulator.ledger.clear();
		pretendSize(String(input[0].binary!.data.id), bytes);
		return input;
	}

	/** A credential for another address. Nothing may be sent there. */
	const at = (url: string) => ({
		credentialData: { [CREDENTIAL]: { apiKey: 'sk-1', url } },
	});
	const LIMITED = [
		'https://api.openai.com/v1',
		'',
		'https://eu.api.openai.com/v1',
		'https://films.openai.azure.com/openai/v1',
	];

	it.each(LIMITED)('at %j refuses more than 512 MB before any request', async (url) => {
		const input = await fileOf(536_870_913);
		const { error } = await product.run('file', 'upload', {}, input, at(url));
		expect(error?.message).toBe('The file is larger than 512 MB');
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('leaves the size to other servers, some of which take gigabytes', async () => {
		const { error } = await product.run('file', 'upload', {}, await fileOf(536_870_913));
		// The file is not as long as it seems, which is found only when it is sent.
		expect(error?.message).toMatch(/The content is not the 536870913 bytes/);
	});

	it('shows the words of the API when it refuses a file', async () => {
		const input = [inMemory('no request', 'rows.jsonl')];
		const { error } = await product.run('file', 'upload', {}, input);
		expect(error?.message).toBe('Invalid file format for Batch API. Must be .jsonl');
	});

	const ODD_NAMES = ['rows.json', 'rows', 'rows.jsonl.txt', '.json'];
	const FILE_NAME = /Set the option File Name, for example to requests\.jsonl/;

	it.each(ODD_NAMES.flatMap((name) => LIMITED.map((url) => [name, url])))(
		'refuses the name %s for requests at %j before any request, and names the option',
		async (name, url) => {
			const input = [inMemory('{}\n', name)];
			const { error } = await product.run('file', 'upload', {}, input, at(url));
			expect(error?.message).toBe(`The name '${name}' does not end with .jsonl`);
			expect(error?.description).toMatch(FILE_NAME);
			expect(product.emulator.ledger.requests).toEqual([]);
		},
	);

	it.each(ODD_NAMES)(
		'leaves the name %s to other servers, and names the option when they refuse it',
		async (name) => {
			const { error } = await product.run('file', 'upload', {}, [inMemory('{}\n', name)]);
			expect(error?.message).toBe('Invalid file format for Batch API. Must be .jsonl');
			expect(error?.description).toMatch(FILE_NAME);
			expect(error?.description).toMatch(/HTTP status: 400/);
			const options = { fileName: 'rows.jsonl' };
			expect(await upload({ options }, [inMemory('{}\n', name)])).toMatchObject([
				{ filename: 'rows.jsonl' },
			]);
			expect(await upload({ purpose: 'user_data' }, [inMemory('{}\n', name)])).toMatchObject([
				{ filename: name },
			]);
		},
	);

	it.each([
		['[{"custom_id":"a"}]', /one JSON document, a list/],
		['id,prompt\n1,Hi\n', /CSV/],
		['[object Object]\n', /JSON\.stringify/],
		["{'custom_id': 'a'}\n", /Python/],
	])('refuses %j as a file of requests before any request', async (content, description) => {
		const { error } = await product.run('file', 'upload', {}, [inMemory(content)]);
		expect(error?.message).toBe('The file is not a request file');
		expect(error?.description).toMatch(description);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('uploads a file for each item', async () => {
		const files = await upload({}, [inMemory('1\n', '1.jsonl'), inMemory('2\n', '2.jsonl')]);
		expect(files.map(({ filename }) => filename)).toEqual(['1.jsonl', '2.jsonl']);
	});
});

describe('Download', () => {
	const download = async (fileId: string, parameters: Parameters = {}) => {
		const result = await product.run('file', 'download', { fileId, ...parameters });
		if (result.error) throw result.error;
		const [item] = result.items('Node');
		return { result, item };
	};

	it.each([
		['rows.jsonl', 'application/jsonl', 'jsonl'],
		['cat.png', 'image/png', 'png'],
		['rows.csv', 'text/csv', 'csv'],
	])('returns the bytes of %s with its name and type', async (filename, mimeType, extension) => {
		const content = Buffer.from([0, 255, 10, 13, 195, 40, ...Buffer.from('Ä\u2028')]);
		const { id } = product.emulator.addFile(content, { filename });
		const { result, item } = await download(id);
		expect(item.json).toMatchObject({ id, filename, bytes: content.length });
		expect(item.binary!.data).toMatchObject({ fileName: filename, mimeType });
		expect(item.binary!.data.fileExtension ?? extension).toBe(extension);
		expect((await result.binary(item)).equals(content)).toBe(true);
		expect(item.pairedItem).toEqual({ item: 0 });
	});

	it('puts the file into the field with the given name', async () => {
		const { id } = product.emulator.addFile('x');
		const { item } = await download(id, { binaryPropertyName: ' rows ' });
		expect(Object.keys(item.binary!)).toEqual(['rows']);
	});

	it('refuses an empty field name before any request', async () => {
		const parameters = { fileId: 'file-1', binaryPropertyName: '={{ "" }}' };
		const { error } = await product.run('file', 'download', parameters);
		expect(error?.message).toBe('The name of the binary field is missing');
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it('shows the words of the API when a file does not exist', async () => {
		const { error } = await product.run('file', 'download', { fileId: 'file-none' });
		expect(error?.message).toMatch(/No such File object: file-none/);
	});
});

describe('Get, Get Many and Delete', () => {
	it('return one file', async () => {
		const { id } = product.emulator.addFile('x', { filename: 'x.jsonl' });
		expect(await product.json('file', 'get', { fileId: id })).toMatchObject([
			{ id, filename: 'x.jsonl' },
		]);
	});

	it('delete a file permanently', async () => {
		const { id } = product.emulator.addFile('x');
		const items: IDataObject[] = [{ id }];
		const fileId = '={{ $json.id }}';
		expect(await product.json('file', 'delete', { fileId }, items)).toEqual([
			{ id, deleted: true },
		]);
		const { error } = await product.run('file', 'delete', { fileId }, items);
		expect(error?.message).toMatch(/No such File object/);
	});

	it('refuse what cannot be an id before any request', async () => {
		for (const operation of ['get', 'delete', 'download']) {
			const { error } = await product.run('file', operation, { fileId: 'a/../../batches' });
			expect(error?.message).toMatch(/^This is not the id of a file: /);
		}
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	describe('of many files', () => {
		let other: Product;

		beforeAll(async () => {
			other = await startProduct();
			for (let index = 0; index < 1_005; index++) {
				const purpose = index % 2 ? 'batch' : 'batch_output';
				other.emulator.addFile('x', { filename: `${index}.jsonl`, purpose });
			}
		});

		beforeEach(() => other.emulator.ledger.clear());

		afterAll(async () => await other.stop());

		const list = async (parameters: Parameters) => {
			const files = await other.json('file', 'getAll', parameters);
			const numbers = files.map(({ filename }) => parseInt(String(filename)));
			return { numbers, queries: other.emulator.ledger.requests.map(({ query }) => query) };
		};

		it('list the newest files', async () => {
			const { numbers, queries } = await list({ limit: 3 });
			expect(numbers).toEqual([1_004, 1_003, 1_002]);
			expect(queries).toEqual([{ limit: '3', order: 'desc' }]);
		});

		it('list all files, page by page', async () => {
			const { numbers, queries } = await list({ returnAll: true });
			expect(numbers).toHaveLength(1_005);
			expect(new Set(numbers).size).toBe(1_005);
			expect(queries).toHaveLength(2);
		});

		it('filter by purpose, and list all files when the filter is empty', async () => {
			const { numbers } = await list({ limit: 2, filters: { purpose: 'batch' } });
			expect(numbers).toEqual([1_003, 1_001]);
			for (const purpose of ['', '={{ undefined }}', ' ']) {
				expect((await list({ limit: 2, filters: { purpose } })).numbers).toEqual([1_004, 1_003]);
			}
		});

		it('refuse an object as the purpose', async () => {
			const filters = { purpose: '={{ {} }}' };
			await expect(list({ filters })).rejects.toMatchObject({ message: 'Purpose has to be text' });
		});
	});
});

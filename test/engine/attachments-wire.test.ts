import fc from 'fast-check';
import type { IDataObject, INodeExecutionData, NodeParameterValueType } from 'n8n-workflow';
import type { FileName } from '../support/sampleFiles';
import { base64, dataUrl, FILES } from '../support/sampleFiles';
import { CHAT, EDITS, MODERATIONS, RESPONSES } from '../support/endpointUrls';
import { productForTests, remarksOf } from './product';
import { line, uploaded } from './submitted';
import { setBinaryMode } from './support/binaryMode';
import type { Storage } from './support/binaryStorage';
import { STORAGES, stored } from './support/binaryStorage';
import { attaching, modelOf } from './support/submitParameters';
import { inBase64 } from '../../nodes/OpenAiBatch/requests/attachedFiles';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

/** What the body has around the parts. */
const BODIES: Record<string, (parts: object[]) => object> = {
	[CHAT]: (parts) => ({
		messages: [{ role: 'user', content: [{ type: 'text', text: 'Look' }, ...parts] }],
	}),
	[RESPONSES]: (parts) => ({
		input: [{ role: 'user', content: [{ type: 'input_text', text: 'Look' }, ...parts] }],
	}),
	[EDITS]: (images) => ({ prompt: 'Look', images }),
	[MODERATIONS]: (parts) => ({ input: [{ type: 'text', text: 'Look' }, ...parts] }),
};

const URL = 'https://example.com/a.png';

async function item(storage: Storage, names: FileName[], json: IDataObject = {}) {
	const binary: INodeExecutionData['binary'] = {};
	for (const [index, fileName] of names.entries()) {
		const { content, mimeType } = FILES[fileName];
		binary[`file${index}`] = await stored(storage, content, { fileName, mimeType });
	}
	return { json, binary };
}

const submit = async (
	endpoint: string,
	values: IDataObject[],
	items: INodeExecutionData[],
	more: Parameters = {},
) => await uploaded(product, attaching(endpoint, values, more), items as never);

const expected = (endpoint: string, parts: object[], id = 'item-0') =>
	line(id, endpoint, { model: modelOf(endpoint), ...BODIES[endpoint](parts) });

const chatImage = (url: string, detail?: string) => ({
	type: 'image_url',
	image_url: { url, ...(detail && { detail }) },
});

/** From binary fields: the files, how they are attached, and the parts that have to arrive. */
const INLINE: Array<[endpoint: string, what: string, FileName[], IDataObject, object[]]> = [
	...(['cat.png', 'cat.jpg', 'cat.webp', 'cat.gif'] as const).flatMap((name): typeof INLINE => [
		[CHAT, name, [name], {}, [chatImage(dataUrl(name))]],
		[RESPONSES, name, [name], {}, [{ type: 'input_image', image_url: dataUrl(name) }]],
		[MODERATIONS, name, [name], {}, [chatImage(dataUrl(name))]],
	]),
	...(['cat.png', 'cat.jpg', 'cat.webp'] as const).map((name): (typeof INLINE)[number] => [
		EDITS,
		name,
		[name],
		{},
		[{ image_url: dataUrl(name) }],
	]),
	...(['low', 'high', 'original'] as const).flatMap((detail): typeof INLINE => [
		[CHAT, detail, ['cat.png'], { detail }, [chatImage(dataUrl('cat.png'), detail)]],
		[
			RESPONSES,
			detail,
			['cat.png'],
			{ detail },
			[{ type: 'input_image', image_url: dataUrl('cat.png'), detail }],
		],
	]),
	[
		CHAT,
		'a PDF file',
		['bill.pdf'],
		{ type: 'file' },
		[{ type: 'file', file: { filename: 'bill.pdf', file_data: dataUrl('bill.pdf') } }],
	],
	[
		RESPONSES,
		'a PDF, a text and a document',
		['bill.pdf', 'sums.csv', 'letter.docx'],
		{ type: 'file', binaryPropertyName: '*' },
		[
			{ type: 'input_file', filename: 'bill.pdf', file_data: dataUrl('bill.pdf') },
			{ type: 'input_file', filename: 'sums.csv', file_data: dataUrl('sums.csv') },
			{
				type: 'input_file',
				filename: 'letter.docx',
				file_data: dataUrl(
					'letter.docx',
					'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
				),
			},
		],
	],
	...(['wav', 'mp3'] as const).map((format): (typeof INLINE)[number] => [
		CHAT,
		format,
		[`call.${format}`],
		{ type: 'audio' },
		[{ type: 'input_audio', input_audio: { data: base64(`call.${format}`), format } }],
	]),
	[
		EDITS,
		'two images by their names',
		['cat.png', 'cat.gif', 'cat.jpg'],
		{ binaryPropertyName: 'file2, file0' },
		[{ image_url: dataUrl('cat.jpg') }, { image_url: dataUrl('cat.png') }],
	],
];

describe.each(STORAGES)('binary fields in the storage %s', (storage) => {
	it.each(INLINE)('%s gets %s to the letter', async (endpoint, _what, names, entry, parts) => {
		const values = [{ type: 'image', source: 'binary', binaryPropertyName: 'file0', ...entry }];
		const sent = await submit(endpoint, values, [await item(storage, names)]);
		expect(sent).toBe(expected(endpoint, parts));
	});

	it('go into the request file that Build makes', async () => {
		setBinaryMode(storage === 'default' ? 'default' : 'filesystem-v2');
		const requestOptions = { attachments: { values: [{ binaryPropertyName: 'file0' }] } };
		const input = [await item(storage, ['cat.png'])];
		const result = await product.run(
			'requestFile',
			'build',
			{ prompt: 'Look', requestOptions } as never,
			input,
		);
		setBinaryMode('filesystem-v2');
		const [built] = result.items('Node');
		const text = expected(CHAT, [chatImage(dataUrl('cat.png'))]);
		expect(String(await result.binary(built))).toBe(text);
		expect(built.json.bytes).toBe(Buffer.byteLength(text));
	});
});

it.each<[endpoint: string, entry: IDataObject, parts: object[]]>([
	[CHAT, { source: 'url', url: URL, detail: 'low' }, [chatImage(URL, 'low')]],
	[RESPONSES, { source: 'url', url: URL }, [{ type: 'input_image', image_url: URL }]],
	[
		RESPONSES,
		{ source: 'fileId', fileId: 'file-1, file-2', detail: 'high' },
		['file-1', 'file-2'].map((file_id) => ({ type: 'input_image', file_id, detail: 'high' })),
	],
	[EDITS, { source: 'url', url: URL }, [{ image_url: URL }]],
	[EDITS, { source: 'fileId', fileId: 'file-1' }, [{ file_id: 'file-1' }]],
	[MODERATIONS, { source: 'url', url: URL }, [chatImage(URL)]],
	[
		CHAT,
		{ type: 'file', source: 'fileId', fileId: 'file-1' },
		[{ type: 'file', file: { file_id: 'file-1' } }],
	],
	[
		RESPONSES,
		{ type: 'file', source: 'fileId', fileId: 'file-1' },
		[{ type: 'input_file', file_id: 'file-1' }],
	],
	[
		RESPONSES,
		{ type: 'file', source: 'url', url: 'https://example.com/a,b.pdf, https://example.com/c.pdf' },
		['https://example.com/a,b.pdf', 'https://example.com/c.pdf'].map((file_url) => ({
			type: 'input_file',
			file_url,
		})),
	],
])('%s gets %j as its part', async (endpoint, entry, parts) => {
	expect(await submit(endpoint, [entry], [{ json: {} }])).toBe(expected(endpoint, parts));
});

it('an image is moderated alone when the prompt is empty, and nothing is refused', async () => {
	const values = [{ source: 'url', url: '={{ $json.url }}' }];
	const sent = await submit(MODERATIONS, values, [{ json: { url: URL } }], { prompt: '' });
	const body = { model: modelOf(MODERATIONS), input: [chatImage(URL)] };
	expect(sent).toBe(line('item-0', MODERATIONS, body));
	const parameters = attaching(MODERATIONS, values, { prompt: '' });
	const { error } = await product.run('batch', 'submit', parameters, [{ json: { url: [] } }]);
	expect(error?.description).toContain('The prompt is empty, and nothing is attached.');
});

it('what is attached stands in the order of the list, each with its own item', async () => {
	const values = [
		{ source: 'url', url: '={{ $json.urls }}' },
		{ type: 'file', source: 'binary', binaryPropertyName: '={{ $json.files }}' },
		{ source: 'binary', binaryPropertyName: '={{ $json.pictures }}' },
	];
	const first = { urls: [URL], files: 'file1', pictures: ['file0', 'file2'] };
	const second = { urls: [], files: [], pictures: 'file0' };
	const sent = await submit(CHAT, values, [
		await item('filesystem-v2', ['cat.jpg', 'bill.pdf', 'cat.gif'], first),
		{ json: { ...second, files: [], pictures: [] } },
		await item('default', ['cat.webp'], second),
	]);
	expect(sent.split('\n', 3)).toEqual(
		[
			expected(CHAT, [
				chatImage(URL),
				{ type: 'file', file: { filename: 'bill.pdf', file_data: dataUrl('bill.pdf') } },
				chatImage(dataUrl('cat.jpg')),
				chatImage(dataUrl('cat.gif')),
			]),
			line('item-1', CHAT, { model: 'gpt-6-luna', messages: [{ role: 'user', content: 'Look' }] }),
			expected(CHAT, [chatImage(dataUrl('cat.webp'))], 'item-2'),
		].map((text) => text.trimEnd()),
	);
});

it('a binary that an expression returns is attached, as in a tool call that has no fields', async () => {
	const values = [{ binaryPropertyName: '={{ $("Items").first().binary.file0 }}' }];
	const sent = await submit(CHAT, values, [await item('filesystem-v2', ['cat.png'])]);
	expect(sent).toBe(expected(CHAT, [chatImage(dataUrl('cat.png'))]));
});

it('values that only n8n can evaluate are the same in both passes', async () => {
	const values = [{ binaryPropertyName: '={{ $json.name.toLowerCase() }}' }];
	const sent = await submit(CHAT, values, [
		await item('filesystem-v2', ['cat.png'], { name: 'FILE0' }),
		await item('filesystem-v2', ['cat.gif'], { name: 'File0' }),
	]);
	expect(sent.trimEnd().split('\n')).toEqual(
		(['cat.png', 'cat.gif'] as const).map((name, index) =>
			expected(CHAT, [chatImage(dataUrl(name))], `item-${index}`).trimEnd(),
		),
	);
});

it('values that only n8n can evaluate are counted once for an item', async () => {
	const { binary } = await item('default', ['cat.gif']);
	const items = Array.from({ length: 1_000 }, () => ({ json: { name: 'FILE0' }, binary }));
	const values = [{ binaryPropertyName: '={{ $json.name.toLowerCase() }}' }];
	const result = await product.run(
		'batch',
		'submit',
		attaching(CHAT, values, { options: { dryRun: true } }),
		items,
	);
	expect(result.items('Node')[0].json).toMatchObject({ requests: 1_000 });
	// From 2,000 evaluations on, there is a hint.
	expect(remarksOf(result)).toEqual([]);
});

it.each<[what: string, fileName: string | undefined, mimeType: string, sent: string]>([
	['named like another type', 'scan.jpg', 'image/jpeg', 'scan.jpg.pdf'],
	['without an extension', 'scan', 'application/pdf', 'scan.pdf'],
	['without a name', undefined, 'application/octet-stream', 'file0.pdf'],
])('a PDF file %s is sent as what it is', async (_what, fileName, mimeType, filename) => {
	const { content } = FILES['bill.pdf'];
	const file0 = await stored('filesystem-v2', content, { fileName, mimeType });
	const sent = await submit(
		CHAT,
		[{ type: 'file', binaryPropertyName: 'file0' }],
		[{ json: {}, binary: { file0 } }],
	);
	const file = { filename, file_data: dataUrl('bill.pdf') };
	expect(sent).toBe(expected(CHAT, [{ type: 'file', file }]));
});

it('an image is sent as the type that its bytes are', async () => {
	const { content } = FILES['cat.jpg'];
	const names = { fileName: 'cat.png', mimeType: 'image/png' };
	const file0 = await stored('filesystem-v2', content, names);
	const sent = await submit(
		CHAT,
		[{ binaryPropertyName: 'file0' }],
		[{ json: {}, binary: { file0 } }],
	);
	expect(sent).toBe(expected(CHAT, [chatImage(dataUrl('cat.jpg'))]));
});

it('any bytes in any chunks become the base64 of these bytes', async () => {
	const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 12 });
	const large = fc.nat(400_000).map((bytes) => [Buffer.alloc(bytes, 'abc')]);
	await fc.assert(
		fc.asyncProperty(fc.oneof(chunks, large), async (given) => {
			let text = '';
			for await (const piece of inBase64(
				(async function* () {
					yield* given;
				})(),
			)) {
				text += Buffer.from(piece).toString('latin1');
			}
			expect(text).toBe(Buffer.concat(given).toString('base64'));
		}),
	);
});

it('any files in any of the fields arrive as they are', async () => {
	const sizes = fc.array(fc.nat(5_000), { minLength: 1, maxLength: 4 });
	await fc.assert(
		fc.asyncProperty(
			sizes,
			fc.constantFrom(...STORAGES),
			fc.string({ unit: 'binary' }),
			async (lengths, storage, prompt) => {
				const header = Buffer.from('%PDF-1.7\n');
				const files = lengths.map((bytes) =>
					Buffer.concat([header, Buffer.alloc(bytes, prompt || 'x')]),
				);
				const binary: INodeExecutionData['binary'] = {};
				for (const [index, content] of files.entries()) {
					const names = { fileName: `${index}.pdf`, mimeType: 'application/pdf' };
					binary[`f${index}`] = await stored(storage, content, names);
				}
				const sent = await submit(
					RESPONSES,
					[{ type: 'file', binaryPropertyName: '*' }],
					[{ json: { prompt: `.${prompt}` }, binary }],
					{ prompt: '={{ $json.prompt }}' },
				);
				const { input } = (
					JSON.parse(sent) as { body: { input: Array<{ content: IDataObject[] }> } }
				).body;
				const [text, ...parts] = input[0].content;
				expect(text.text).toBe(`.${prompt}`);
				expect(
					parts.map((part) => Buffer.from(String(part.file_data).split(',')[1], 'base64')),
				).toEqual(files);
			},
		),
		{ numRuns: 15 },
	);
});

it('all files of an item are attached where the workflow keeps them in its JSON', async () => {
	const { items, error } = await product.run(
		'batch',
		'submit',
		attaching(CHAT, [{ binaryPropertyName: '*' }]),
		[await item('filesystem-v2', ['cat.png', 'cat.jpg'])] as never,
		{ binaryMode: 'combined' },
	);
	expect(error).toBeUndefined();
	const [{ json }] = items('Node');
	expect(product.emulator.file(String(json.input_file_id)).text()).toBe(
		expected(CHAT, [chatImage(dataUrl('cat.png')), chatImage(dataUrl('cat.jpg'))]),
	);
});

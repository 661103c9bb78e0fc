import type { IDataObject, INodeExecutionData, NodeParameterValueType } from 'n8n-workflow';
import { FILES, noise, png } from '../support/sampleFiles';
import { CHAT, EDITS, MODERATIONS, RESPONSES } from '../support/endpointUrls';
import { CREDENTIAL, productForTests, remarksOf } from './product';
import { line } from './submitted';
import { replaceOnceRead, stored } from './support/binaryStorage';
import { attaching, modelOf } from './support/submitParameters';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

interface Attached {
	fileName?: string;
	mimeType?: string;
	content: Buffer;
}

async function item(files: Record<string, Attached>): Promise<INodeExecutionData> {
	const binary: INodeExecutionData['binary'] = {};
	for (const [name, { fileName, content, mimeType = '' }] of Object.entries(files)) {
		binary[name] = await stored('filesystem-v2', content, { fileName, mimeType });
	}
	return { json: {}, binary };
}

/** A dry run with the address of a server; nothing is sent. */
async function planned(
	url: string,
	endpoint: string,
	values: IDataObject[],
	items: INodeExecutionData[],
	more: Parameters = {},
) {
	const result = await product.run(
		'batch',
		'submit',
		attaching(endpoint, values, { options: { dryRun: true }, ...more }),
		items,
		{ credentialData: { [CREDENTIAL]: { apiKey: 'sk-1', url } } },
	);
	expect(product.emulator.ledger.requests).toEqual([]);
	const parts = result.items('Node').map(({ json }) => json);
	return { error: result.error, parts, hints: remarksOf(result).map(({ message }) => message) };
}

type Given = [values: IDataObject[], items: INodeExecutionData[], more?: Parameters];

const atOpenAi = async (endpoint: string, ...given: Given) =>
	await planned('https://api.openai.com/v1', endpoint, ...given);
const elsewhere = async (endpoint: string, ...given: Given) =>
	await planned('https://llm.example.org/v1', endpoint, ...given);

const refused = async (endpoint: string, ...given: Given) => {
	const { error } = await atOpenAi(endpoint, ...given);
	return error?.message.replace('Item 0 cannot be submitted: ', '');
};

const TIFF = { fileName: 'a.tif', mimeType: 'image/tiff', content: Buffer.from('II*\0and more') };
const HTML = Buffer.from('<!doctype html><title>Not found</title>');
const HEIC = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1');
const EXE = Buffer.from('MZ\x90\0\x03\0\0\0 and more', 'latin1');
const gif = (images: number) =>
	Buffer.from(
		`GIF89a\x01\0\x01\0\x80\0\0......${',\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0'.repeat(images)};`,
		'latin1',
	);

it('OpenAI gets a GIF that is repeated and long, with a hint', async () => {
	const loop = '!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0';
	const block = `\xff${'\x01'.repeat(255)}`;
	const image = `,\0\0\0\0\x01\0\x01\0\0\x02${block.repeat(300)}\0`;
	const start = 'GIF89a\x01\0\x01\0\x80\0\0......';
	const content = Buffer.from(`${start}${loop}${image};`, 'latin1');
	const { error, hints } = await atOpenAi(CHAT, [{}], [await item({ data: { content } })]);
	expect(error).toBeUndefined();
	expect(hints).toEqual([
		'OpenAI may refuse 1 of 1 requests, the first in item 0: GIF images must not be animated, and a GIF image that is repeated may be.',
	]);
});

it.each([
	['patients.csv', 'ID3,name,age\n1,Ada,36'],
	['README.md', '<svg width="1"/>\n# A'],
	['drawing.xml', '<svg/>'],
])('%s is text, although it begins as another file', async (fileName, content) => {
	const file = { data: { fileName, content: Buffer.from(content) } };
	const { error } = await atOpenAi(RESPONSES, [{ type: 'file' }], [await item(file)]);
	expect(error).toBeUndefined();
});

describe('every server refuses', () => {
	const anywhere: Array<[string, string, IDataObject, Record<string, Attached>, string]> = [
		[
			'a field that is not there',
			CHAT,
			{ binaryPropertyName: 'photo' },
			{ data: FILES['cat.png'], bill: FILES['bill.pdf'] },
			"The item has no binary field 'photo' to attach. It has: data, bill. Check that the nodes before this one pass their files on.",
		],
		[
			'a field by a name that every object has',
			CHAT,
			{ binaryPropertyName: 'toString' },
			{ data: FILES['cat.png'] },
			"The item has no binary field 'toString' to attach. It has: data. Check that the nodes before this one pass their files on.",
		],
		[
			'a field where there is none',
			CHAT,
			{},
			{},
			"The item has no binary field 'data' to attach. It has none at all. Check that the nodes before this one pass their files on.",
		],
		[
			'all fields where there are none',
			CHAT,
			{ binaryPropertyName: '*' },
			{},
			'The item has no binary fields to attach. It has none at all. Check that the nodes before this one pass their files on.',
		],
		[
			'an empty file',
			CHAT,
			{},
			{ data: { fileName: 'cat.png', content: Buffer.alloc(0) } },
			"The file 'cat.png' in the binary field 'data' is empty. Check the node that loads it, or leave the item out.",
		],
		[
			'a page with an error that is called an image',
			CHAT,
			{},
			{ data: { fileName: 'cat.png', mimeType: 'image/png', content: HTML } },
			"The file 'cat.png' in the binary field 'data' has the name of a PNG image, but contains text. Check the node that loads it.",
		],
		[
			'a page with an error that is called a PDF file',
			RESPONSES,
			{ type: 'file' },
			{ data: { fileName: 'bill.pdf', mimeType: 'text/html', content: HTML } },
			"The file 'bill.pdf' in the binary field 'data' has the name of a PDF file, but contains HTML. Check the node that loads it.",
		],
		[
			'a program that is called a table',
			RESPONSES,
			{ type: 'file' },
			{ data: { fileName: 'sums.csv', content: EXE } },
			"The file 'sums.csv' in the binary field 'data' has the name of a CSV file, but its content begins with the bytes 4d 5a 90 00 03 00 00 00. Check the node that loads it.",
		],
		[
			'a photo of a phone with the wrong name',
			CHAT,
			{},
			{ data: { mimeType: 'image/jpeg', content: HEIC } },
			"The file in the binary field 'data' has the name of a JPEG image, but contains a HEIC image. Check the node that loads it.",
		],
		[
			'two files, each by its own name',
			CHAT,
			{ binaryPropertyName: 'a, b' },
			{
				a: { fileName: 'a.png', content: Buffer.alloc(0) },
				b: { fileName: 'b.gif', content: EXE },
			},
			"The file 'a.png' in the binary field 'a' is empty. Check the node that loads it, or leave the item out. The file 'b.gif' in the binary field 'b' has the name of a GIF image, but its content begins with the bytes 4d 5a 90 00 03 00 00 00. Check the node that loads it.",
		],
	];
	it.each(anywhere)('%s', async (_what, endpoint, entry, files, reason) => {
		expect(await refused(endpoint, [entry], [await item(files)])).toBe(reason);
		const { error } = await elsewhere(endpoint, [entry], [await item(files)]);
		expect(error?.message).toBe(`Item 0 cannot be submitted: ${reason}`);
	});

	it.each<[endpoint: string, entry: IDataObject, reason: string]>([
		[
			CHAT,
			{ source: 'fileId', fileId: 'file-1' },
			'The endpoint Chat Completions does not take images from a file ID. Use a binary field or a URL.',
		],
		[
			CHAT,
			{ type: 'file', source: 'url', url: 'https://example.com/a.pdf' },
			'The endpoint Chat Completions does not take files from a URL. Use a binary field or a file ID.',
		],
		[
			CHAT,
			{ type: 'audio', source: 'url', url: 'https://example.com/a.wav' },
			'The endpoint Chat Completions does not take audio from a URL. Use a binary field.',
		],
		[
			RESPONSES,
			{ type: 'audio' },
			'The endpoint Responses does not take audio. Attach images or files, or choose another endpoint.',
		],
		[
			EDITS,
			{ type: 'file' },
			'The endpoint Image Edits does not take files. Attach images, or choose another endpoint.',
		],
		[
			MODERATIONS,
			{ source: 'fileId', fileId: 'file-1' },
			'The endpoint Moderations does not take images from a file ID. Use a binary field or a URL.',
		],
		[
			'/v1/embeddings',
			{ source: 'url', url: 'https://example.com/a.png' },
			'The endpoint Embeddings does not take images. Remove the option Attachments.',
		],
		[
			CHAT,
			{ source: 'url', url: '' },
			'An attachment has no URL. For items without an attachment, use an expression that returns an empty list.',
		],
		[
			RESPONSES,
			{ source: 'fileId', fileId: '={{ $json.none }}' },
			'An attachment has no file ID. For items without an attachment, use an expression that returns an empty list.',
		],
		[
			CHAT,
			{ binaryPropertyName: ' , ' },
			'An attachment has no binary field. For items without an attachment, use an expression that returns an empty list.',
		],
		[
			CHAT,
			{ binaryPropertyName: '={{ $json }}' },
			'Input Binary Field of an attachment has to be the name of a binary field.',
		],
		[
			CHAT,
			{ type: '={{ "video" }}' },
			"Type of an attachment is 'video'. It has to be one of: image, audio, file.",
		],
		[
			CHAT,
			{ source: '={{ "ftp" }}' },
			"Source of an attachment is 'ftp'. It has to be one of: binary, fileId, url.",
		],
		[
			CHAT,
			{ detail: '={{ "max" }}' },
			"Detail of an attachment is 'max'. It has to be one of: auto, high, low, original.",
		],
	])('%s: %j', async (endpoint, entry, reason) => {
		// A path that is typed shows all fields.
		const more = { otherEndpoint: endpoint, model: modelOf(endpoint) };
		const { error } = await elsewhere('other', [entry], [{ json: {} }], more);
		expect(error?.message).toBe(`Item 0 cannot be submitted: ${reason}`);
	});
});

const BIG = { fileName: 'big.png', content: png(10, 10, 15_728_620) };
const LARGEST = { fileName: 'big.png', content: png(10, 10, 15_728_560) };

describe('OpenAI refuses, and other servers may accept', () => {
	it.each<[string, string, IDataObject, Record<string, Attached>, message: string, rule: string]>([
		[
			'an image of another type',
			CHAT,
			{},
			{ data: TIFF },
			"The file 'a.tif' in the binary field 'data' cannot be attached: Chat Completions takes only PNG, JPEG, WebP and GIF images; this is a TIFF image. Convert it first.",
			'Chat Completions takes only PNG, JPEG, WebP and GIF images, not a TIFF image.',
		],
		[
			'a PDF file as an image',
			RESPONSES,
			{},
			{ data: FILES['bill.pdf'] },
			"The file in the binary field 'data' cannot be attached: Responses takes only PNG, JPEG, WebP and GIF images; this is a PDF file. Attach it with the Type File.",
			'Responses takes only PNG, JPEG, WebP and GIF images, not a PDF file.',
		],
		[
			'an image as a file',
			RESPONSES,
			{ type: 'file' },
			{ data: FILES['cat.png'] },
			"The file in the binary field 'data' cannot be attached: Responses takes only PDF, Word, PowerPoint, Excel, OpenDocument, RTF and text files; this is a PNG image. Attach it with the Type Image.",
			'Responses takes only PDF, Word, PowerPoint, Excel, OpenDocument, RTF and text files, not a PNG image.',
		],
		[
			'a table in a chat',
			CHAT,
			{ type: 'file' },
			{ data: { ...FILES['sums.csv'], fileName: 'sums.csv' } },
			"The file 'sums.csv' in the binary field 'data' cannot be attached: Chat Completions takes only PDF files; this is a CSV file. Convert it first.",
			'Chat Completions takes only PDF files, not a CSV file.',
		],
		[
			'a GIF image to edit',
			EDITS,
			{},
			{ data: { fileName: 'a.gif', content: gif(1) } },
			"The file 'a.gif' in the binary field 'data' cannot be attached: Image Edits takes only PNG, JPEG and WebP images; this is a GIF image. Convert it first.",
			'Image Edits takes only PNG, JPEG and WebP images, not a GIF image.',
		],
		[
			'an animated GIF',
			MODERATIONS,
			{},
			{ data: { fileName: 'a.gif', content: gif(2) } },
			"The file 'a.gif' in the binary field 'data' is an animated GIF image. GIF images must not be animated. Send one of its frames.",
			'GIF images must not be animated.',
		],
		[
			'an image that is too long as base64',
			RESPONSES,
			{},
			{ data: BIG },
			"The file 'big.png' in the binary field 'data' has 15.01 MB. Responses takes images of at most 14.99 MB.",
			'Responses takes images of at most 14.99 MB.',
		],
		[
			'sound',
			CHAT,
			{ type: 'audio' },
			{ data: FILES['call.wav'] },
			"The file in the binary field 'data' cannot be sent: OpenAI offers none of its models for audio in the Batch API. Turn the audio into text first.",
			'OpenAI offers none of its models for audio in the Batch API.',
		],
		[
			'several images to moderate',
			MODERATIONS,
			{ binaryPropertyName: '*' },
			{ a: FILES['cat.png'], b: FILES['cat.gif'] },
			'Moderations takes one image per request, and this one has 2. Make an item of each image.',
			'Moderations takes one image per request, and this one has 2. Make an item of each image.',
		],
	])('%s', async (_what, endpoint, entry, files, message, rule) => {
		expect(await refused(endpoint, [entry], [await item(files)])).toBe(message);
		const { error, parts, hints } = await elsewhere(endpoint, [entry], [await item(files)]);
		expect(error).toBeUndefined();
		expect(parts).toHaveLength(1);
		expect(hints[0]).toBe(
			`OpenAI would refuse 1 of 1 requests, the first in item 0: ${rule} Another server may accept them.`,
		);
	});

	it.each<[string, IDataObject, message: string]>([
		[
			CHAT,
			{ source: 'url', url: 'gs://bucket/a.png' },
			"URL of an attachment has to be a web address or a data URL, but 'gs://bucket/a.png' is neither.",
		],
		[
			RESPONSES,
			{ source: 'url', url: 'file:///data/a.png' },
			"URL of an attachment has to be a web address or a data URL, but 'file:///data/a.png' is neither.",
		],
		[
			RESPONSES,
			{ type: 'file', source: 'url', url: 's3://bucket/a.pdf' },
			"URL of an attachment has to be a web address, but 's3://bucket/a.pdf' is none.",
		],
		[
			RESPONSES,
			{ type: 'file', source: 'fileId', fileId: 'files/abc' },
			"File ID of an attachment has to be the id of an uploaded file, such as file-abc123, and 'files/abc' is not one.",
		],
		[
			RESPONSES,
			{ source: 'fileId', fileId: 'https://example.com/a' },
			"File ID of an attachment has to be the id of an uploaded file, such as file-abc123, and 'https://example.com/a' is not one.",
		],
		[
			RESPONSES,
			{ type: 'file', source: 'url', url: 'data:application/pdf;base64,JVBERi0=' },
			"URL of an attachment has to be a web address, but 'data:application/pdf;base64,JVBERi0=' is none.",
		],
	])('%s: %j', async (endpoint, entry, message) => {
		expect(await refused(endpoint, [entry], [{ json: {} }])).toBe(message);
		const { error, parts } = await elsewhere(endpoint, [entry], [{ json: {} }]);
		expect(error).toBeUndefined();
		expect(parts).toHaveLength(1);
	});

	it('more than 50 MB of files together', async () => {
		const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), noise(32)]);
		const large = Buffer.concat([content, Buffer.alloc(26_214_400 - content.length)]);
		const files = { a: { content: large }, b: { content: large } };
		const entry = { type: 'file', binaryPropertyName: '*' };
		const ok = await atOpenAi(RESPONSES, [entry], [await item(files)]);
		expect(ok.error).toBeUndefined();
		const more = { ...files, c: { content } };
		expect(await refused(RESPONSES, [entry], [await item(more)])).toBe(
			'The attached files have 50.01 MB. The files of one request may have at most 50 MB together. Attach fewer.',
		);
	});
});

it('the largest image that OpenAI takes is planned with all its bytes', async () => {
	const { error, parts } = await atOpenAi(RESPONSES, [{}], [await item({ data: LARGEST })]);
	expect(error).toBeUndefined();
	expect(Number(parts[0].bytes)).toBeGreaterThan(20_971_000);
});

it('a GIF with one image is not animated', async () => {
	const { error } = await atOpenAi(CHAT, [{}], [await item({ data: { content: gif(1) } })]);
	expect(error).toBeUndefined();
});

it('models for audio are refused in ready-made bodies too', async () => {
	const content = [{ type: 'input_audio', input_audio: { data: 'SUQz', format: 'mp3' } }];
	const body = { messages: [{ role: 'user', content }] };
	const submit = async (model: string) =>
		await refused(CHAT, [], [{ json: {} }], {
			requestSource: 'json',
			body: JSON.stringify({ ...body, model }),
		});
	expect(await submit('gpt-audio-1.5')).toBe(
		'OpenAI does not offer gpt-audio-1.5 in the Batch API.',
	);
	expect(await submit('gpt-6-luna')).toBe(
		'gpt-6-luna does not take audio, and OpenAI offers none of its audio models in the Batch API. Turn the audio into text first.',
	);
});

it('only bad items are left out when the node continues, each with its reason and custom id', async () => {
	const values = [{ binaryPropertyName: 'data' }];
	const result = await product.run(
		'batch',
		'submit',
		attaching(CHAT, values, {
			customId: '={{ "row-" + $itemIndex }}',
			options: { dryRun: true },
		}),
		[
			await item({ data: FILES['cat.png'] }),
			await item({ data: { fileName: 'b.png', content: Buffer.alloc(0) } }),
			await item({ photo: FILES['cat.png'] }),
		],
		{ onError: 'continueRegularOutput' },
	);
	const [part, empty, none] = result.items('Node').map(({ json }) => json);
	expect(part).toMatchObject({ requests: 1 });
	expect(empty).toMatchObject({ custom_id: 'row-1', param: 'requestOptions.attachments' });
	expect(empty.error).toContain("The file 'b.png' in the binary field 'data' is empty.");
	expect(none.error).toContain("The item has no binary field 'data' to attach. It has: photo.");
});

it('a request that is larger than a part is refused with its real bytes', async () => {
	const content = png(10, 10, 300_000);
	const { error } = await atOpenAi(CHAT, [{}], [await item({ data: { content } })], {
		options: { dryRun: true, maxBytesPerBatch: 400_000 } as never,
	});
	const url = `data:image/png;base64,${content.toString('base64')}`;
	const parts = [
		{ type: 'text', text: 'Look' },
		{ type: 'image_url', image_url: { url } },
	];
	const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content: parts }] };
	const bytes = Buffer.byteLength(line('item-0', CHAT, body));
	expect(error?.message).toBe(
		`Item 0 cannot be submitted: A single request has ${bytes} bytes, more than the 400000 that a batch may have. Make the request smaller.`,
	);
});

describe('estimates', () => {
	it('count inline images by the model and the detail, and say what they leave out', async () => {
		const values = [
			{ binaryPropertyName: 'data' },
			{ type: 'file', binaryPropertyName: 'bill' },
			{ source: 'url', url: 'https://example.com/a.png' },
		];
		const items = [
			await item({ data: { content: png(1_024, 1_024) }, bill: FILES['bill.pdf'] }),
			await item({ data: { content: png(1_920, 1_080) }, bill: FILES['bill.pdf'] }),
		];
		const { parts } = await atOpenAi(CHAT, values, items);
		// Both images, and for each request 'user' and 'Look': a token each.
		expect(parts).toEqual([
			expect.objectContaining({
				estimated_tokens: 1_229 + 2_448 + 2 * 2,
				attachments_not_estimated: 4,
				method: expect.stringContaining('Not included: 4 attachments') as string,
			}),
		]);
	});

	it('cut parts', async () => {
		const items = [1, 2, 3].map(async () => await item({ data: { content: png(1_024, 1_024) } }));
		const { parts } = await atOpenAi(CHAT, [{ detail: 'high' }], await Promise.all(items), {
			options: { dryRun: true, maxTokensPerBatch: 2_500 } as never,
		});
		expect(parts.map(({ requests }) => requests)).toEqual([2, 1]);
	});

	it('read data URLs in ready-made bodies and request files', async () => {
		const url = `data:image/png;base64,${png(1_024, 1_024).toString('base64')}`;
		const content = [{ type: 'image_url', image_url: { url } }];
		const body = { model: 'gpt-6-luna', messages: [{ role: 'user', content }] };
		const { parts } = await atOpenAi(CHAT, [], [{ json: {} }], {
			requestSource: 'json',
			body: JSON.stringify(body),
		});
		expect(parts[0]).toMatchObject({ estimated_tokens: 1_230, attachments_not_estimated: 0 });
		const line = JSON.stringify({ custom_id: 'a', method: 'POST', url: CHAT, body });
		const binary = await item({ data: { content: Buffer.from(line) } });
		const { items } = await product.run('requestFile', 'estimateCost', {}, [binary]);
		expect(items('Node')[0].json).toMatchObject({
			estimated_tokens: 1_230,
			attachments_not_estimated: 0,
		});
	});
});

it.each([400, 900])(
	'a file that changes between the passes to %d more bytes stops the upload, and is named',
	async (bytes) => {
		const names = { fileName: 'cat.png', mimeType: 'image/png' };
		const data = await stored('s3', png(10, 10, 500), names);
		replaceOnceRead(data, png(10, 10, bytes));
		const { error } = await product.run('batch', 'submit', attaching(CHAT, [{}]), [
			{ json: {}, binary: { data } },
		]);
		expect(`${error?.message} ${error?.description}`).toContain(
			"The file 'cat.png' in the binary field 'data' has changed since it was checked. Run the workflow again.",
		);
		expect(product.emulator.ledger.batches).toEqual([]);
	},
);

it('the same images are one batch in an execution, and other images of the same length are not', async () => {
	const submit = async (seed: number) => {
		const content = Buffer.concat([png(10, 10), Buffer.alloc(100, seed)]);
		const result = await product.run(
			'batch',
			'submit',
			attaching(CHAT, [{}]),
			[await item({ data: { content } })],
			{ executionId: 'twice' },
		);
		const [{ json }] = result.items('Node');
		return { id: json.id, adopted: json.adopted };
	};
	const first = await submit(1);
	expect(await submit(1)).toEqual({ id: first.id, adopted: true });
	expect(await submit(2)).toMatchObject({ adopted: false });
});

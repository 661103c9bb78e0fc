import type { Server } from '../../../../nodes/endpoints/endpoint';
import { chosenAttachments } from '../../../../nodes/OpenAiBatch/requests/attachmentsOption';

const read = (entry: object, server: Server = 'openai') =>
	chosenAttachments({ values: [entry] }, 'Attachments', server);
const urlsOf = (url: unknown, type = 'image', server: Server = 'openai') => {
	const [chosen] = read({ type, source: 'url', url }, server)!;
	return chosen.source === 'url' ? chosen.urls : undefined;
};

it.each<[url: unknown, urls: string[]]>([
	['https://x.com/a.png', ['https://x.com/a.png']],
	['https://x.com/a.png,', ['https://x.com/a.png']],
	['https://x.com/a.png , \n https://x.com/b.png,', ['https://x.com/a.png', 'https://x.com/b.png']],
	['https://x/a.png,HTTPS://y/b.png', ['https://x/a.png', 'HTTPS://y/b.png']],
	['https://x/a,b.png', ['https://x/a,b.png']],
	[
		'data:image/png;base64,AAAA, https://x/b.png',
		['data:image/png;base64,AAAA', 'https://x/b.png'],
	],
	[
		['https://x/a?to=1,https://y', 'https://x/a,'],
		['https://x/a?to=1,https://y', 'https://x/a,'],
	],
])('%j is the addresses %j', (url, urls) => {
	expect(urlsOf(url)).toEqual(urls);
});

const NO_ENTRY =
	'An attachment has no URL in entry 2 of its list. For items without an attachment, use an expression that returns an empty list.';

it.each<[url: unknown, reason: string]>([
	[
		'https://x.com/a.png, b.png',
		"URL of an attachment has white space in the address 'https://x.com/a.png, b.png'. Write %20 for a space. Begin each of several addresses with https://.",
	],
	[
		['https://x.com/my cat.png'],
		"URL of an attachment has white space in the address 'https://x.com/my cat.png'. Write %20 for a space. Begin each of several addresses with https://.",
	],
	['http:', "URL of an attachment has to be a complete web address, but 'http:' is not."],
	['https://[x', "URL of an attachment has to be a complete web address, but 'https://[x' is not."],
	[
		'https:x.com',
		"URL of an attachment has to be a complete web address, but 'https:x.com' is not.",
	],
	['data:image/png;base64,', expect.stringContaining('which is not base64') as unknown as string],
	[['https://x/a', undefined], NO_ENTRY],
	[['https://x/a', ''], NO_ENTRY],
	[
		[{ url: 'https://x/a' }],
		"URL of an attachment has to be a web address or a data URL, but 'an object' is neither.",
	],
])('%j is refused', (url, reason) => {
	expect(() => urlsOf(url)).toThrow(expect.objectContaining({ message: reason }) as Error);
});

it('an empty entry in a list of file IDs or binary fields is called by its place', () => {
	expect(() => read({ source: 'fileId', fileId: [null] })).toThrow(
		'An attachment has no file ID in entry 1 of its list.',
	);
	expect(() => read({ source: 'binary', binaryPropertyName: ['a', ''] })).toThrow(
		'An attachment has no binary field in entry 2 of its list.',
	);
});

describe('another server than OpenAI', () => {
	it.each<[url: unknown, urls: string[]]>([
		['gs://bucket/a.png', ['gs://bucket/a.png']],
		['s3://bucket/a.png, gs://bucket/b.png,', ['s3://bucket/a.png', 'gs://bucket/b.png']],
		['file:///data/a,b.png\nhttps://x/c.png', ['file:///data/a,b.png', 'https://x/c.png']],
		['gs://b/a.png,data:image/png;base64,AAAA', ['gs://b/a.png', 'data:image/png;base64,AAAA']],
	])('gets the addresses of %j', (url, urls) => {
		expect(urlsOf(url, 'image', 'compatible')).toEqual(urls);
		expect(() => urlsOf(url)).toThrow('URL of an attachment has to be a web address or a data URL');
	});

	it.each<[url: unknown, type: string, reason: string]>([
		['images/a.png', 'image', 'has to be a web address or a data URL'],
		['gs://bucket/my cat.png', 'image', 'has white space in the address'],
		['https://', 'image', 'has to be a complete web address'],
		['data:image/png;base64,', 'image', 'which is not base64'],
		['data:application/pdf;base64,{}', 'file', 'which is not base64'],
		['', 'file', 'An attachment has no URL.'],
		[[{ url: 'gs://b/a' }], 'file', "has to be a web address, but 'an object' is none"],
	])('does not get %j', (url, type, reason) => {
		expect(() => urlsOf(url, type, 'compatible')).toThrow(reason);
	});

	it('has file IDs of its own', () => {
		const entry = (fileId: string) => ({ source: 'fileId', fileId });
		expect(read(entry('files/abc, gs://b/c.pdf'), 'compatible')).toEqual([
			{ type: 'image', source: 'fileId', fileIds: ['files/abc', 'gs://b/c.pdf'] },
		]);
		const refused = 'File ID of an attachment has to be the id of an uploaded file';
		expect(() => read(entry('files/abc'))).toThrow(refused);
		expect(() => read(entry('my file'), 'compatible')).toThrow(refused);
	});
});

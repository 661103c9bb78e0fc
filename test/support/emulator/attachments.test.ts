import { createHash } from 'node:crypto';

import type OpenAI from 'openai';

import type { Emulator } from '.';
import { attachmentsOf } from './attachments';
import { answerTo, startWithClient } from './client';
import { PICTURES, type PictureFormat } from './pictures';

let emulator: Emulator;
let client: OpenAI;

beforeAll(async () => {
	({ emulator, client } = await startWithClient());
});

afterAll(() => emulator.close());

const ask = (url: string, body: Record<string, unknown>) => answerTo(emulator, client, url, body);

const url = (type: string, base64: string) => `data:${type};base64,${base64}`;
const PDF = Buffer.from('%PDF-1.7 a file of no pages').toString('base64');
const WAV = Buffer.from('RIFF\x24\0\0\0WAVEfmt and silence', 'latin1').toString('base64');
const hash = (base64: string) =>
	createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex').slice(0, 12);
const size = (base64: string) => Buffer.from(base64, 'base64').length;

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });

describe('what is attached', () => {
	it('to chats is named in the answer, with type, size and hash', async () => {
		const body = user(
			{ type: 'text', text: 'Look' },
			{ type: 'image_url', image_url: { url: url('image/jpeg', PICTURES.png), detail: 'low' } },
			{ type: 'file', file: { filename: 'a.pdf', file_data: url('application/pdf', PDF) } },
			{ type: 'input_audio', input_audio: { data: WAV, format: 'wav' } },
			{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
			{ type: 'file', file: { file_id: 'file-a' } },
		);
		const { choices, usage } = await ask('/v1/chat/completions', body);
		expect(choices[0].message.content).toMatch(/to: Look \[/);
		expect(/\[(.*)\]$/.exec(choices[0].message.content)![1].split('; ')).toEqual([
			`image/png ${size(PICTURES.png)} bytes ${hash(PICTURES.png)}`,
			`a.pdf application/pdf ${size(PDF)} bytes ${hash(PDF)}`,
			`wav audio/wav ${size(WAV)} bytes ${hash(WAV)}`,
			'address https://example.com/a.png',
			'file id file-a',
		]);
		expect(usage.prompt_tokens).toBeGreaterThan(5 * 85);
	});

	it('to responses is, too, and larger files cost more', async () => {
		const ofSize = async (bytes: number) => {
			const png = Buffer.concat([Buffer.from(PICTURES.png, 'base64'), Buffer.alloc(bytes)]);
			const image = { type: 'input_image', image_url: url('image/png', png.toString('base64')) };
			return await ask('/v1/responses', { input: [{ role: 'user', content: [image] }] });
		};
		const [small, large] = [await ofSize(0), await ofSize(100_000)];
		const { text } = small.output[0].content[0];
		expect(text).toContain(`[image/png ${size(PICTURES.png)} bytes ${hash(PICTURES.png)}]`);
		expect(large.usage.input_tokens).toBeGreaterThan(small.usage.input_tokens + 500);
		const file = { type: 'input_file', filename: 'a.csv', file_data: url('text/csv', 'YSxi') };
		const csv = await ask('/v1/responses', { input: [{ role: 'user', content: [file] }] });
		expect(csv.output[0].content[0].text).toContain('[a.csv text/csv 3 bytes ');
	});

	it.each(['png', 'jpeg', 'webp', 'gif'] as PictureFormat[])(
		'is known as %s by its bytes',
		async (format) => {
			const image = { type: 'image_url', image_url: { url: url('image/x', PICTURES[format]) } };
			const { choices } = await ask('/v1/chat/completions', user(image));
			expect(choices[0].message.content).toContain(
				`[image/${format} ${size(PICTURES[format])} bytes`,
			);
		},
	);

	it('to image edits comes back as the picture', async () => {
		const images = [{ image_url: url('image/webp', PICTURES.webp) }];
		const body = { model: 'gpt-image-1.5', prompt: 'A hat', images };
		expect((await ask('/v1/images/edits', body)).data[0].b64_json).toBe(PICTURES.webp);
	});

	it('to image edits cannot be a GIF image', async () => {
		const images = [{ image_url: url('image/gif', PICTURES.gif) }];
		const body = { model: 'gpt-image-1.5', prompt: 'A hat', images };
		expect((await ask('/v1/images/edits', body)).error).toMatchObject({
			code: 'invalid_image_file',
		});
	});

	it('is found in every body, with its place', () => {
		const image = url('image/png', PICTURES.png);
		const found = attachmentsOf({
			input: [
				{ type: 'image_url', image_url: { url: image } },
				{ role: 'user', content: [{ type: 'input_file', file_id: 'f' }] },
			],
			images: [{ image_url: image }, { file_id: 'g' }],
			mask: { image_url: image },
		});
		expect(found.map(({ param, source }) => [param, source])).toEqual([
			['input[0].image_url.url', 'data URL'],
			['input[1].content[0].file_id', 'file id'],
			['images[0].image_url', 'data URL'],
			['images[1].file_id', 'file id'],
			['mask.image_url', 'data URL'],
		]);
	});
});

describe('what is refused', () => {
	const PLACE = 'messages[0].content[0]';
	const image = (value: string) => user({ type: 'image_url', image_url: { url: value } });
	const file = (value: string) =>
		user({ type: 'file', file: { filename: 'a.pdf', file_data: value } });
	const audio = (data: string, format: string) =>
		user({ type: 'input_audio', input_audio: { data, format } });

	it.each<[string, string, Record<string, unknown>, string | null, string, RegExp]>([
		[
			'another format of picture',
			'/v1/chat/completions',
			image(url('image/svg+xml', PICTURES.svg)),
			null,
			'invalid_image_format',
			/unsupported image/,
		],
		[
			'a picture that lost bytes at its start',
			'/v1/chat/completions',
			image(url('image/png', PICTURES.png.slice(4))),
			null,
			'invalid_image_format',
			/unsupported image/,
		],
		[
			'an undefined field',
			'/v1/chat/completions',
			image('data:image/png;base64,undefined'),
			null,
			'invalid_image_format',
			/unsupported image/,
		],
		[
			'no base64',
			'/v1/chat/completions',
			image('data:image/png;base64,#'),
			`${PLACE}.image_url.url`,
			'invalid_value',
			/invalid base64-encoded value/,
		],
		[
			'bare base64 of a picture',
			'/v1/responses',
			{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: PICTURES.png }] }] },
			'input[0].content[0].image_url',
			'invalid_value',
			/without the 'data:' prefix/,
		],
		[
			'bare base64 of a file, in chats',
			'/v1/chat/completions',
			file(PDF),
			`${PLACE}.file.file_data`,
			'invalid_value',
			/without the 'data:' prefix/,
		],
		[
			'a file that is no PDF, in chats',
			'/v1/chat/completions',
			file(url('text/plain', 'YWJj')),
			`${PLACE}.file.file_data`,
			'invalid_value',
			/unsupported MIME type 'text\/plain'/,
		],
		[
			'audio as a data URL',
			'/v1/chat/completions',
			audio(url('audio/wav', WAV), 'wav'),
			`${PLACE}.input_audio.data`,
			'invalid_value',
			/Expected base64-encoded wav data/,
		],
		[
			'audio of another format than it says',
			'/v1/chat/completions',
			audio(WAV, 'mp3'),
			`${PLACE}.input_audio.data`,
			'invalid_value',
			/Expected base64-encoded mp3 data/,
		],
		[
			'two pictures of one moderation',
			'/v1/moderations',
			{
				input: [PICTURES.png, PICTURES.gif].map((picture) => ({
					type: 'image_url',
					image_url: { url: url('image/png', picture) },
				})),
			},
			'input',
			'too_many_images',
			/one image/,
		],
		[
			'a picture of an edit with both keys',
			'/v1/images/edits',
			{ prompt: 'x', images: [{ file_id: 'f', image_url: url('image/png', PICTURES.png) }] },
			'images[0]',
			'invalid_value',
			/expected 'image_url' or 'file_id'/,
		],
	])('%s', async (_what, endpoint, body, param, code, message) => {
		const { error } = await ask(endpoint, body);
		expect(error).toMatchObject({ type: 'invalid_request_error', param, code });
		expect(error.message).toMatch(message);
	});
});

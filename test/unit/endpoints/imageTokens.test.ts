import fc from 'fast-check';
import { endpointOf, estimateTokens } from '../../../nodes/endpoints';
import { imageSize, imageTokens, sizeOfDataUrl } from '../../../nodes/endpoints/imageTokens';
import { PICTURES } from '../../support/emulator/pictures';
import { jpeg, png } from '../../support/sampleFiles';

const tokens = (model: string, width: number, height: number, detail?: string) =>
	imageTokens(model, { width, height }, detail);

describe('imageTokens', () => {
	// The figures of OpenAI's guide to images and vision, and what its rules make of them.
	it.each<[model: string, width: number, height: number, detail: string | undefined, number]>([
		['gpt-5.6-sol', 1_024, 1_024, 'auto', 1_229],
		['gpt-5.6-sol', 1_920, 1_080, undefined, 2_448],
		['gpt-5.6-terra', 4_032, 3_024, 'auto', 14_364],
		['gpt-5.6-terra', 4_032, 3_024, 'original', 14_364],
		['gpt-6-luna', 4_032, 3_024, 'auto', 14_364],
		['gpt-6.1-sol', 1_024, 1_024, 'high', 1_229],
		['gpt-6-luna', 1_024, 1_024, 'low', 308],
		['gpt-6-luna', 100, 100, 'low', 20],
		['gpt-6-luna', 1, 1, 'auto', 2],
		['gpt-6-luna', 33, 32, 'auto', 3],
		['gpt-4.1-mini', 1_024, 1_024, undefined, Math.ceil(1_024 * 1.62)],
		// The example of the guide: 1,800 by 2,400 becomes 1,056 by 1,408.
		['gpt-4.1-mini', 1_800, 2_400, undefined, Math.ceil(33 * 44 * 1.62)],
		['o4-mini', 1_800, 2_400, 'high', Math.ceil(33 * 44 * 1.72)],
		['gpt-5-nano-2025-08-07', 1_800, 2_400, 'original', Math.ceil(33 * 44 * 2.46)],
		['gpt-5.4', 1_024, 1_024, 'auto', 1_229],
		['gpt-4o', 1_024, 1_024, 'high', 765],
		['gpt-4o', 2_048, 4_096, undefined, 1_105],
		['gpt-4o-2024-11-20', 4_096, 8_192, 'low', 85],
		['gpt-4o', 512, 512, 'high', 255],
		['gpt-4o', 768, 768, 'high', 765],
		['gpt-4.1', 1_024, 1_024, 'auto', 765],
		['gpt-4o-mini', 1_024, 1_024, 'auto', 25_501],
		['gpt-5', 1_024, 1_024, 'auto', 630],
		['o3', 1_024, 1_024, 'auto', 675],
		['o1', 1_024, 1_024, 'low', 75],
	])('%s: %d by %d, detail %s', (model, width, height, detail, expected) => {
		expect(tokens(model, width, height, detail)).toBe(expected);
		expect(tokens(model, height, width, detail)).toBe(expected);
	});

	it('has an upper limit for every detail', () => {
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: 65_535 }),
				fc.integer({ min: 1, max: 65_535 }),
				(w, h) => {
					expect(tokens('gpt-6-luna', w, h, 'high')).toBeLessThanOrEqual(3_000);
					expect(tokens('gpt-6-luna', w, h, 'low')).toBeLessThanOrEqual(308);
					expect(tokens('gpt-6-luna', w, h)).toBeLessThanOrEqual(36_000);
					expect(tokens('gpt-5.5', w, h)).toBeLessThanOrEqual(12_000);
					expect(tokens('gpt-4o-mini', w, h)).toBeLessThanOrEqual(48_169);
					for (const model of ['gpt-6-luna', 'gpt-5-mini', 'gpt-4o', 'gpt-5.5']) {
						expect(tokens(model, w, h, 'high')).toBeGreaterThan(0);
					}
				},
			),
		);
	});

	it.each(['gpt-5.2', 'gpt-6-audio', 'gpt-image-1.5', 'omni-moderation-latest', 'my-gpt-4o', ''])(
		'does not know the rule of %s',
		(model) => expect(tokens(model, 10, 10)).toBeUndefined(),
	);
});

describe('imageSize', () => {
	const webp = (chunk: string, data: number[]) =>
		Buffer.concat([Buffer.from(`RIFF....WEBP${chunk}....`, 'latin1'), Buffer.from(data)]);

	it.each<[string, Buffer, number, number]>([
		['PNG', png(1_920, 1_080), 1_920, 1_080],
		['JPEG', jpeg(4_032, 3_024), 4_032, 3_024],
		['JPEG behind long EXIF data', jpeg(4_032, 3_024, 400_000), 4_032, 3_024],
		['GIF', Buffer.from('GIF89a\x40\x01\xf0\0...', 'latin1'), 320, 240],
		['WebP, extended', webp('VP8X', [0, 0, 0, 0, 0x7f, 0x07, 0, 0x37, 0x04, 0]), 1_920, 1_080],
		['WebP, lossy', webp('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 0x41, 0xf0, 0]), 320, 240],
		['WebP, lossless', webp('VP8L', [0x2f, 0x3f, 0xc1, 0x3b, 0]), 320, 240],
	])('%s', (_what, bytes, width, height) => {
		expect(imageSize(bytes)).toEqual({ width, height });
	});

	it.each(['png', 'jpeg', 'webp', 'gif'] as const)('a %s of one pixel', (format) => {
		const url = `data:image/${format};base64,${PICTURES[format]}`;
		expect(sizeOfDataUrl(url)).toEqual({ width: 1, height: 1 });
	});

	it('is read out of a data URL, also behind long EXIF data', () => {
		const url = `data:image/jpeg;base64,${jpeg(300, 200, 500_000).toString('base64')}`;
		expect(sizeOfDataUrl(url)).toEqual({ width: 300, height: 200 });
		expect(sizeOfDataUrl('https://example.com/a.png')).toBeUndefined();
		expect(sizeOfDataUrl('data:image/png;base64,')).toBeUndefined();
	});

	it('never throws, whatever the bytes and wherever they end', () => {
		const starts = [
			png(3, 4),
			jpeg(5, 6, 100),
			...Object.values(PICTURES).map((text) => Buffer.from(text, 'base64')),
		];
		fc.assert(
			fc.property(
				fc.constantFrom(...starts),
				fc.nat(200),
				fc.uint8Array({ maxLength: 60 }),
				(start, length, more) => {
					const size = imageSize(Buffer.concat([start.subarray(0, length), more]));
					expect(size === undefined || (size.width > 0 && size.height > 0)).toBe(true);
				},
			),
		);
	});
});

describe('estimateTokens', () => {
	const url = `data:image/png;base64,${png(1_024, 1_024).toString('base64')}`;

	it.each<[string, object, tokens: number, unknown: number]>([
		[
			'/chat/completions',
			{
				messages: [
					{
						content: [
							{ type: 'text', text: 'abcd' },
							{ type: 'image_url', image_url: { url, detail: 'low' } },
							{ type: 'image_url', image_url: { url } },
							{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
							{ type: 'file', file: { filename: 'a.pdf', file_id: 'file-1' } },
						],
					},
				],
			},
			1 + 308 + 1_229,
			2,
		],
		[
			'/responses',
			{
				input: [
					{
						content: [
							{ type: 'input_image', image_url: url, detail: 'high' },
							{ type: 'input_image', file_id: 'file-1' },
							{ type: 'input_file', file_data: url, filename: 'a.pdf' },
						],
					},
				],
			},
			1_229,
			2,
		],
	])('%s: inline images count by the model', (path, body, expected, unknown) => {
		expect(estimateTokens({ model: 'gpt-6-luna', ...body }, endpointOf(path))).toMatchObject({
			input_tokens: expected,
			attachments_not_estimated: unknown,
		});
		const other = estimateTokens({ model: 'llava', ...body }, endpointOf(path));
		expect(other.attachments_not_estimated).toBeGreaterThan(unknown);
	});
});

import {
	imageFormat,
	soundFormat,
} from '../../../../../nodes/OpenAiBatch/batch/getResults/mediaFormat';
import { PICTURES } from '../../../../support/emulator/pictures';

const hex = (digits: string) => Buffer.from(digits.replace(/ /g, ''), 'hex');
const text = (value: string) => Buffer.from(value);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>';

describe('the format of an image', () => {
	it.each([
		['png', 'image/png', Buffer.from(PICTURES.png, 'base64')],
		['jpg', 'image/jpeg', Buffer.from(PICTURES.jpeg, 'base64')],
		['webp', 'image/webp', Buffer.from(PICTURES.webp, 'base64')],
		['gif', 'image/gif', Buffer.from(PICTURES.gif, 'base64')],
		['gif', 'image/gif', text('GIF87a')],
		['svg', 'image/svg+xml', Buffer.from(PICTURES.svg, 'base64')],
		['svg', 'image/svg+xml', text(`<?xml version="1.0"?>\n<!-- A cat. -->\n${SVG}`)],
		['svg', 'image/svg+xml', text(`\ufeff\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN">${SVG}`)],
		['svg', 'image/svg+xml', text('<svg\n  width="1"/>')],
	])('is %s by its bytes, whatever the answer calls it (%s)', (extension, mimeType, bytes) => {
		for (const named of [undefined, 'png', 'webp', 1]) {
			expect(imageFormat(bytes, named)).toEqual({ extension, mimeType });
		}
	});

	it('is what the answer calls it when the bytes do not say it', () => {
		const bytes = hex('00 01 02 03');
		expect(imageFormat(bytes, 'jpeg')).toEqual({ extension: 'jpg', mimeType: 'image/jpeg' });
		expect(imageFormat(bytes, 'svg')).toEqual({ extension: 'svg', mimeType: 'image/svg+xml' });
	});

	it('is not guessed', () => {
		const unknown = { extension: 'bin', mimeType: 'application/octet-stream' };
		for (const named of [undefined, null, 'constructor', 'tiff', {}]) {
			expect(imageFormat(hex('00 01 02 03'), named)).toEqual(unknown);
		}
		expect(imageFormat(text('RIFF\0\0\0\0WAVE'))).toEqual(unknown);
		expect(imageFormat(text('An svg is a picture.'))).toEqual(unknown);
	});
});

describe('the format of a sound', () => {
	it.each([
		['wav', 'audio/wav', text('RIFF\x24\0\0\0WAVEfmt ')],
		['mp3', 'audio/mpeg', text('ID3\x04')],
		['mp3', 'audio/mpeg', hex('ff fb 90 64')],
		['mp3', 'audio/mpeg', hex('ff f3 84 c4')],
		['flac', 'audio/flac', text('fLaC')],
		['opus', 'audio/ogg', text('OggS\0')],
		['aac', 'audio/aac', hex('ff f1 50 80')],
		['aac', 'audio/aac', hex('ff f9 50 80')],
		['pcm', 'audio/pcm', hex('00 00 01 00 ff ff')],
		['pcm', 'audio/pcm', hex('ff ff fe ff')],
	])('is %s by its bytes (%s)', (extension, mimeType, bytes) => {
		expect(soundFormat(bytes)).toEqual({ extension, mimeType });
	});

	it('is what the answer calls it when the bytes do not say it', () => {
		const bytes = hex('00 00 01 00');
		expect(soundFormat(bytes, 'mp3')).toEqual({ extension: 'mp3', mimeType: 'audio/mpeg' });
		expect(soundFormat(bytes, 'pcm16')).toEqual({ extension: 'pcm', mimeType: 'audio/pcm' });
	});
});

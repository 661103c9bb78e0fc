import fc from 'fast-check';

import { LineTooLongError, readLineBatches } from '../../../nodes/jsonl/lines';
import { chunksOf, linesOf, readLines } from './bytes';

const texts = async (content: string | Uint8Array, sizes?: number[]) =>
	(await linesOf(content, sizes)).map((line) => line.text);

describe('the lines of a file', () => {
	it('yields each line with its number', async () => {
		expect(await linesOf('{"a":1}\n{"b":2}\n')).toEqual([
			{ line: 1, text: '{"a":1}' },
			{ line: 2, text: '{"b":2}' },
		]);
	});

	it('needs no line break at the end', async () => {
		expect(await texts('1\n2')).toEqual(['1', '2']);
	});

	it('skips blank lines but counts them', async () => {
		expect(await linesOf('\n  \t\n1\n\r\n\n2\n \n')).toEqual([
			{ line: 3, text: '1' },
			{ line: 6, text: '2' },
		]);
	});

	it('drops the carriage return of CRLF and no other', async () => {
		expect(await texts('a\rb\r\nc\r\r\nd\r', [1])).toEqual(['a\rb', 'c\r', 'd']);
	});

	it('drops a BOM at the start only, also when chunks cut it', async () => {
		expect(await texts('\ufeff1\n\ufeff2', [1])).toEqual(['1', '\ufeff2']);
		expect(await texts('\ufeff')).toEqual([]);
		expect(await linesOf('\ufeff\r\n1')).toEqual([{ line: 2, text: '1' }]);
	});

	it('has no lines for an empty file or empty chunks', async () => {
		expect(await texts('')).toEqual([]);
		const lines = [];
		for await (const line of readLines([new Uint8Array(), Buffer.from('1'), new Uint8Array()])) {
			lines.push(line.text);
		}
		expect(lines).toEqual(['1']);
	});

	it('does not split at the line separators that JSON strings may contain', async () => {
		const text = '{"a":"\u2028 \u2029 \u0085 \u000b \u000c"}';
		expect(await texts(`${text}\n`, [1])).toEqual([text]);
	});

	it('keeps characters that are cut by chunk borders', async () => {
		const text = '"žluťoučký 日本語 🐎"';
		for (const size of [1, 2, 3, 5])
			expect(await texts(`${text}\n${text}`, [size])).toEqual([text, text]);
	});

	it('replaces and flags bytes that are not UTF-8, and loses no line', async () => {
		const bytes = Buffer.concat([
			Buffer.from('"a'),
			Buffer.from([0xff, 0xc3]),
			Buffer.from('"\n"\ufffd"\n"b"'),
		]);
		expect(await linesOf(bytes, [2])).toEqual([
			{ line: 1, text: '"a\ufffd\ufffd"', invalidUtf8: true },
			{ line: 2, text: '"\ufffd"' },
			{ line: 3, text: '"b"' },
		]);
	});

	it('reads a line of 10 MB', async () => {
		const long = 'x'.repeat(10 * 1024 * 1024);
		const lines = await linesOf(`1\n${long}\n2`);
		expect(lines.map((line) => line.text.length)).toEqual([1, long.length, 1]);
	});

	it('refuses a line over the limit, with its number', async () => {
		const read = linesOf('1234\n\n12345', [2], { maxLineBytes: 4 });
		await expect(read).rejects.toThrow(LineTooLongError);
		await expect(read).rejects.toMatchObject({ line: 3, maxLineBytes: 4 });
	});

	it('stops at the limit without waiting for the end of the line', async () => {
		let given = 0;
		async function* endless() {
			for (;;) {
				given++;
				yield Buffer.alloc(100, 'x');
			}
		}
		const read = async () => {
			for await (const line of readLines(endless(), { maxLineBytes: 1_000 })) return line;
			return undefined;
		};
		await expect(read()).rejects.toMatchObject({ line: 1 });
		expect(given).toBe(11);
	});

	it('does not depend on a chunk after the producer reuses it', async () => {
		async function* reusing() {
			const chunk = Buffer.from('ab');
			yield chunk;
			chunk.write('c\n');
			yield chunk;
		}
		const lines = [];
		for await (const line of readLines(reusing())) lines.push(line.text);
		expect(lines).toEqual(['abc']);
	});

	it('closes its source when the reader stops early', async () => {
		let closed = false;
		async function* source() {
			try {
				yield Buffer.from('1\n2\n');
				yield Buffer.from('3\n');
			} finally {
				closed = true;
			}
		}
		for await (const line of readLines(source())) {
			expect(line.text).toBe('1');
			break;
		}
		expect(closed).toBe(true);
	});

	it('reads the same lines however the bytes are cut', async () => {
		const line = fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text));
		await fc.assert(
			fc.asyncProperty(
				fc.array(line),
				fc.constantFrom('\n', '\r\n', '\n\n'),
				fc.boolean(),
				fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
				async (lines, lineBreak, last, sizes) => {
					const content = lines.join(lineBreak) + (last ? lineBreak : '');
					expect(await texts(content, sizes)).toEqual(lines);
				},
			),
		);
	});
});

describe('readLineBatches', () => {
	it('yields the lines that a chunk completes, and no empty batch', async () => {
		const batches = [];
		for await (const batch of readLineBatches(chunksOf('1\n2\n3333\n4', [5, 1, 4]))) {
			batches.push(batch.map((line) => line.text));
		}
		expect(batches).toEqual([['1', '2'], ['3333'], ['4']]);
	});

	it('bounds a batch when the whole file is one chunk', async () => {
		const line = `${'x'.repeat(1023)}\n`;
		const sizes = [];
		for await (const batch of readLineBatches([Buffer.from(line.repeat(4096))])) {
			sizes.push(batch.length);
		}
		expect(sizes).toEqual(Array(256).fill(16));
	});
});

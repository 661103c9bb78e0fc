import { gzipSync } from 'node:zlib';
import fc from 'fast-check';

import { FormatGuard, foreignFormat, readHead, unparseable } from '../../../nodes/jsonl/fileFormat';
import { tryParseJson } from '../../../nodes/jsonl/json';
import { request } from '../endpoints/requests';
import { chunksOf } from './bytes';

const bytes = (text: string) => Buffer.from(text);
const LINE = JSON.stringify(request('a'));

/** What a guard passes on of a file, and what it says about it. */
async function guarded(content: Uint8Array, sizes?: number[]) {
	const guard = new FormatGuard();
	const passed: Uint8Array[] = [];
	for await (const chunk of guard.pass(chunksOf(content, sizes))) passed.push(chunk);
	return { passed: Buffer.concat(passed), foreign: guard.foreign };
}

/** Files that people take for JSONL, and words of what they are told. */
const FOREIGN: Array<[string, Uint8Array, RegExp]> = [
	['gzip', gzipSync(`${LINE}\n`), /gzip/],
	['a ZIP archive', bytes('PK\x03\x04....'), /ZIP/],
	['a PDF', bytes('%PDF-1.7\n'), /PDF/],
	['UTF-16', Buffer.from(`\ufeff${LINE}\n`, 'utf16le'), /UTF-16/],
	[
		'what Convert to JSON makes',
		bytes(JSON.stringify([request('a'), request('b')])),
		/Convert to JSON of n8n's Convert to File node.*Ready-Made Lines.*Convert to Text File/,
	],
	['an empty list', bytes('[]'), /list/],
	[
		'a document over lines',
		bytes(JSON.stringify(request('a'), null, 2)),
		/one JSON document over several lines/,
	],
	[
		'a list over lines',
		bytes(JSON.stringify([request('a')], null, 2)),
		/one JSON document, a list/,
	],
	['objects as text', bytes('[object Object]\n[object Object]\n'), /JSON\.stringify\(\)/],
	['CSV', bytes('custom_id,prompt\na,"Hi, you"\n'), /looks like CSV.*set to Rows File/],
	['CSV with semicolons', bytes('id;Titel (deutsch);Jahr\r\n1;Alien;1979\r\n'), /CSV/],
	['CSV with quotes', bytes('"id","the title"\n1,2'), /CSV/],
	['tabs between columns', bytes('id\ttitle\n1\tAlien\n'), /CSV/],
	[
		'Python dictionaries',
		bytes("{'custom_id': 'a', 'body': {'model': 'm'}}\n"),
		/Python.*json\.dumps\(\)/,
	],
	['HTML', bytes('<!doctype html>\n<html>'), /HTML/],
	['a BOM before a list', bytes('\ufeff[1]'), /list/],
	['blank lines before a list', bytes('\n \n[1]'), /list/],
];

describe('a file', () => {
	it.each(FOREIGN)(
		'that is %s is named, however it is cut, and not passed on',
		async (_, content, said) => {
			expect(foreignFormat(content)).toMatch(said);
			expect(foreignFormat(content)).toMatch(/\.$/);
			for (const size of [1, 2, 7, 65_536]) {
				const { passed, foreign } = await guarded(content, [size]);
				expect(foreign).toMatch(said);
				expect(passed).toHaveLength(0);
			}
			expect(foreignFormat(await readHead(chunksOf(content)))).toMatch(said);
		},
	);

	it.each([
		['a request', LINE],
		['a request behind a BOM', `\ufeff${LINE}`],
		['a request behind blank lines', `\n\r\n  \n${LINE}\n`],
		['a brace behind a kilobyte of blanks', `${' '.repeat(1_023)}${LINE}\n`],
		['a brace that is cut off', '{'],
		['nothing', ''],
		['blanks', ' \n\n'],
		['other JSON', '"a"\n1\nnull\n'],
		['a text', 'not JSON'],
		['a text with a comma and more', 'Error: a, b\n'],
	])('that is %s passes', async (_, text) => {
		for (const size of [1, 3, 65_536]) {
			const { passed, foreign } = await guarded(bytes(text), [size]);
			expect(foreign).toBeUndefined();
			expect(passed.toString()).toBe(text);
		}
	});

	it('of objects on lines passes as it is, however it is cut', async () => {
		const line = fc.dictionary(fc.string(), fc.jsonValue()).map((one) => JSON.stringify(one));
		const blank = fc.constantFrom('', ' ', '\r');
		const sizes = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1 });
		await fc.assert(
			fc.asyncProperty(fc.array(fc.oneof(line, line, blank)), sizes, async (lines, chunkSizes) => {
				const content = bytes(lines.join('\n'));
				const { passed, foreign } = await guarded(content, chunkSizes);
				expect(foreign).toBeUndefined();
				expect(passed.equals(content)).toBe(true);
			}),
		);
	});

	it('that is one document is named, whatever is in it', async () => {
		const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), {
			minLength: 1,
		});
		const indent = fc.constantFrom<number | string>(0, 1, 2, 4, '\t');
		await fc.assert(
			fc.asyncProperty(objects, indent, fc.boolean(), async (rows, space, isOne) => {
				const text = JSON.stringify(isOne ? rows[0] : rows, null, space);
				const { foreign } = await guarded(bytes(text));
				// One object on one line is a line of JSONL.
				if (isOne && space === 0) expect(foreign).toBeUndefined();
				else expect(foreign).toMatch(/one JSON document/);
			}),
		);
	});

	it('of rows and columns is CSV, whatever the columns are called', async () => {
		const name = fc.stringMatching(/^[\p{L}][\p{L}\p{N}_ -]{0,20}$/u);
		const header = fc.array(name, { minLength: 2, maxLength: 12 });
		await fc.assert(
			fc.asyncProperty(header, fc.constantFrom(',', ';', '\t'), async (names, separator) => {
				const row = names.map((_, index) => `${index}`).join(separator);
				const content = bytes(`${names.join(separator)}\n${row}\n`);
				expect((await guarded(content)).foreign).toMatch(/CSV/);
			}),
		);
	});

	it('is read no further than needed for its head', async () => {
		let read = 0;
		function* endless() {
			for (;;) {
				read++;
				yield bytes(`${LINE}\n`);
			}
		}
		expect((await readHead(endless())).toString()).toBe(`${LINE}\n`);
		expect(read).toBe(1);
	});
});

const said = (text: string) => {
	const parsed = tryParseJson(text);
	return parsed.ok ? undefined : unparseable(text, parsed.message);
};

describe('a line', () => {
	it.each([
		['[object Object]', /JSON\.stringify\(\)/],
		["{'custom_id': 'a'}", /Python/],
		['{"custom_id": "a", "body": None}', /Python/],
		['{"a": True, "b": 1}', /Python/],
		['{"a": NaN}', /no NaN/],
		['{"a": 1},', /Remove the commas/],
		['{"a":1} {"b":2}', /line break between/],
		['[', /one JSON document/],
		['Hello', /starts with \{/],
	])('%s gets the way out', (text, hint) => {
		expect(said(text)).toMatch(hint);
	});

	it('has no other line number in its message', () => {
		expect(said("{'a': 1}")).not.toMatch(/\(line/);
		fc.assert(
			fc.property(
				fc.oneof(
					fc.string({ unit: 'binary' }),
					fc.json().map((text) => text.slice(1)),
				),
				(text) => {
					const message = said(text);
					if (message === undefined) return;
					expect(message).not.toMatch(/\(line \d+ column \d+\)/);
					expect(message).toMatch(/\.$/);
				},
			),
		);
	});

	it('of a hundred megabytes is answered at once', () => {
		const long = `{"a":"${'}{'.repeat(5_000_000)}`;
		const start = performance.now();
		expect(unparseable(long, 'x')).toMatch(/^This line is not parseable/);
		expect(performance.now() - start).toBeLessThan(2_000);
	});
});

import fc from 'fast-check';
import { cellsOf, csvCell } from '../../../nodes/jsonl/csv';

/** Text with what matters in CSV, and anything else. */
const text = fc.oneof(
	fc.string({
		unit: fc.constantFrom('"', ',', ';', '\t', '\r', '\n', ' ', '=', '-', '1', 'ä', '\ufeff'),
	}),
	fc.string({ unit: 'grapheme' }),
);

test('any cells are read as they were written', () => {
	fc.assert(
		fc.property(fc.array(text, { minLength: 1 }), (cells) => {
			const row = cells.map((cell) => csvCell(cell, false)).join(',');
			expect(cellsOf(row, ',')).toEqual({ cells });
		}),
	);
});

test('a cell has line breaks and separators of any program in quotes only', () => {
	fc.assert(
		fc.property(text, fc.boolean(), (value, escapes) => {
			const cell = csvCell(value, escapes);
			if (!/^".*"$/s.test(cell)) expect(cell).not.toMatch(/[",;\t\r\n]/);
		}),
	);
});

test('no text begins as a formula, unless it is a number', () => {
	fc.assert(
		fc.property(text, (value) => {
			const [cell] = cellsOf(csvCell(value, true), ',').cells;
			expect(cell === value || cell === `'${value}`).toBe(true);
			if (/^[=+\-@\t\r\n]/.test(cell)) expect(cell).toMatch(/^[+-][\d.,]*\d(e[+-]?\d+)?%?$/i);
		}),
	);
});

test.each([
	['-5', '-5'],
	['+1.5e-3', '+1.5e-3'],
	['-1.234,56', '-1.234,56'],
	['-5%', '-5%'],
	['-', "'-"],
	['-5+cmd|x', "'-5+cmd|x"],
	['--5', "'--5"],
	['=5', "'=5"],
	['5', '5'],
	["'=5", "'=5"],
])('the text %s becomes %s', (value, cell) => {
	expect(cellsOf(csvCell(value, true), ',').cells).toEqual([cell]);
});

test('what is no text stays what it is', () => {
	expect(
		[-5, 1e21, true, null, undefined, [1, 'a,b'], { a: '"' }].map((v) => csvCell(v, true)),
	).toEqual(['-5', '1e+21', 'true', '', '', '"[1,""a,b""]"', '"{""a"":""\\""""}"']);
});

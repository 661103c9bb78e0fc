import { readArguments } from '../../bench/arguments';

test('a million rows are the default of --million, and --rows takes fewer', () => {
	expect(readArguments([]).million).toBeUndefined();
	expect(readArguments(['--million']).million).toBe(1_000_000);
	expect(readArguments(['--million', '--rows', '50000']).million).toBe(50_000);
});

test.each([
	[['--million', '--rows', '0'], 'whole number from 1'],
	[['--million', '--rows', '1e7'], 'whole number from 1'],
	[['--million', '--rows', 'many'], 'whole number from 1'],
	[['--rows', '50000'], 'belongs to --million'],
])('%j is refused', (args, message) => {
	expect(() => readArguments(args)).toThrow(message);
});

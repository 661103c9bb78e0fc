import { checkMetadata } from '../../../../nodes/OpenAiBatch/shared/batchOptions';

const pairs = (count: number) =>
	Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));
const OURS = ['submission_key', 'submission_part'];
const one = (key: string, value: unknown) => checkMetadata([{ key, value }], OURS);

describe('checkMetadata', () => {
	it.each([
		[OURS, 14],
		[[...OURS, 'retry_of'], 13],
		[[], 16],
	])('leaves the user what %j reserved pairs leave of 16: %d', (reserved, free) => {
		expect(checkMetadata(pairs(free), reserved)).toEqual([]);
		expect(checkMetadata(pairs(free + 1), reserved)).toEqual([
			{
				code: 'too_many_metadata_pairs',
				param: 'metadata',
				message: expect.stringContaining(`There are ${free + 1} metadata pairs`) as string,
			},
		]);
	});

	it('accepts keys of 64 and values of 512 characters, also when they are emoji', () => {
		expect(one('k'.repeat(64), 'v'.repeat(512))).toEqual([]);
		expect(one('🐎'.repeat(64), '🐎'.repeat(512))).toEqual([]);
		expect(one('k', '')).toEqual([]);
	});

	it.each([
		['a longer key', 'k'.repeat(65), 'v', /has 65 characters, more than 64/],
		['an empty key', '', 'v', /empty key/],
		['a longer value', 'k', 'v'.repeat(513), /has 513 characters, more than 512/],
		['a number', 'k', 1, /'metadata.k': expected a string, but got a number/],
		['null', 'k', null, /but got null/],
		['a list', 'k', ['v'], /but got an array/],
		['the key __proto__', '__proto__', 'v', /'__proto__' would be lost/],
		['the key constructor', 'constructor', 'v', /'constructor' would be lost/],
		['the key prototype', 'prototype', 'v', /'prototype' would be lost/],
	])('refuses %s', (_, key, value, message) => {
		const issues = one(key, value);
		expect(issues).toHaveLength(1);
		expect(issues[0].message).toMatch(message);
		expect(issues[0].param).toBe(key ? `metadata.${key}` : 'metadata');
	});

	it('refuses a key given twice', () => {
		const twice = [
			{ key: 'k', value: '1' },
			{ key: 'k', value: '2' },
		];
		expect(checkMetadata(twice, OURS)).toMatchObject([{ param: 'metadata.k' }]);
	});

	it('refuses the keys that the node sets itself', () => {
		const issues = checkMetadata([{ key: 'retry_of', value: 'v' }], ['retry_of']);
		expect(issues).toMatchObject([{ param: 'metadata.retry_of', code: 'invalid_value' }]);
	});
});

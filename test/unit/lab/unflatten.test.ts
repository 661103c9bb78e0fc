import { unflatten } from '../../support/lab/unflatten';

describe('unflatten', () => {
	it('reads objects, arrays, texts that look like numbers, and other values', () => {
		const text = '[{"a":"1","b":"2","c":3,"d":null,"e":true},"17",["3",4],"x"]';
		expect(unflatten(text)).toEqual({ a: '17', b: ['x', 4], c: 3, d: null, e: true });
	});

	it('gives back what occurs twice as one, cycles too', () => {
		const value = unflatten('[{"one":"1","two":"1"},{"back":"0"}]') as Record<string, unknown>;
		expect(value.one).toBe(value.two);
		expect((value.one as Record<string, unknown>).back).toBe(value);
	});
});

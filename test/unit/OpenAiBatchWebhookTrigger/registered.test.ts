import fc from 'fast-check';

import { seal, unseal } from '../../../nodes/OpenAiBatchWebhookTrigger/registration/registered';

describe('a sealed secret', () => {
	it('can be read only with its key', () => {
		fc.assert(
			fc.property(fc.string(), fc.string(), fc.string(), (secret, key, other) => {
				const sealed = seal(secret, key);
				expect(unseal(sealed, key)).toBe(secret);
				if (other !== key) expect(unseal(sealed, other)).toBeUndefined();
			}),
			{ numRuns: 50 },
		);
	});

	it('is a different text each time', () => {
		expect(seal('whsec_abc', 'sk-key')).not.toBe(seal('whsec_abc', 'sk-key'));
	});

	it('cannot be read when it is damaged', () => {
		const bytes = Buffer.from(seal('whsec_abc', 'sk-key'), 'base64');
		for (let place = 0; place < bytes.length; place++) {
			const damaged = Buffer.from(bytes);
			damaged[place] ^= 1;
			expect(unseal(damaged.toString('base64'), 'sk-key')).toBeUndefined();
			expect(unseal(bytes.subarray(0, place).toString('base64'), 'sk-key')).toBeUndefined();
		}
	});
});

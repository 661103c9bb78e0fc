const base = require('../../../jest.config.js');

/** The example workflows in a real n8n: they wait for triggers that look once a minute. */
module.exports = {
	...base,
	rootDir: '../../..',
	testMatch: ['<rootDir>/test/realN8n/examples/**/*.test.ts'],
	testTimeout: 10 * 60_000,
};

const base = require('../../../jest.config');

/** Both triggers in a real n8n, one file after the other: each has an n8n of its own. */
module.exports = {
	...base,
	rootDir: '../../..',
	testMatch: ['<rootDir>/test/realN8n/triggers/**/*.test.ts'],
	globalSetup: '<rootDir>/test/realN8n/triggers/setUp.ts',
	globalTeardown: '<rootDir>/test/realN8n/triggers/tearDown.ts',
	maxWorkers: 1,
	testTimeout: 300_000,
};

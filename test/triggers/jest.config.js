const base = require('../../jest.config');

/** Both triggers in a real n8n, one file after the other: each has an n8n of its own. */
module.exports = {
	...base,
	rootDir: '../..',
	testMatch: ['<rootDir>/test/triggers/**/*.test.ts'],
	globalSetup: '<rootDir>/test/triggers/setUp.ts',
	globalTeardown: '<rootDir>/test/triggers/tearDown.ts',
	maxWorkers: 1,
	testTimeout: 300_000,
};

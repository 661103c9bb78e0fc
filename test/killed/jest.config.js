const base = require('../../jest.config');

/** n8n killed in the middle of the operations. */
module.exports = {
	...base,
	rootDir: '../..',
	testMatch: ['<rootDir>/test/killed/**/*.test.ts'],
	globalSetup: '<rootDir>/test/triggers/setUp.ts',
	globalTeardown: '<rootDir>/test/triggers/tearDown.ts',
	maxWorkers: 1,
	testTimeout: 300_000,
};

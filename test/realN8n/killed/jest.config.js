const base = require('../../../jest.config');

/** n8n killed in the middle of the operations. */
module.exports = {
	...base,
	rootDir: '../../..',
	testMatch: ['<rootDir>/test/realN8n/killed/**/*.test.ts'],
	globalSetup: '<rootDir>/test/realN8n/triggers/setUp.ts',
	globalTeardown: '<rootDir>/test/realN8n/triggers/tearDown.ts',
	maxWorkers: 1,
	testTimeout: 300_000,
};

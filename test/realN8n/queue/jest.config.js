const base = require('../../../jest.config');

/** n8n's queue mode. One file, since all proofs share one cluster: its start takes a minute. */
module.exports = {
	...base,
	rootDir: '../../..',
	testMatch: ['<rootDir>/test/realN8n/queue/**/*.test.ts'],
	globalSetup: '<rootDir>/test/realN8n/triggers/setUp.ts',
	globalTeardown: '<rootDir>/test/realN8n/triggers/tearDown.ts',
	maxWorkers: 1,
	testTimeout: 300_000,
};

/**
 * Browser tests: a real n8n with the packed package, and the emulator, started once for all tests.
 * They run one after another, in the process that has started them.
 */
const { transform } = require('../../../jest.config');

module.exports = {
	rootDir: __dirname,
	testEnvironment: 'node',
	testMatch: ['<rootDir>/*.test.ts'],
	globalSetup: '<rootDir>/setup.ts',
	globalTeardown: '<rootDir>/teardown.ts',
	maxWorkers: 1,
	testTimeout: 120_000,
	transform,
};

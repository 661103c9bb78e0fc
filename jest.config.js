/** Unit and engine tests share one configuration; SWC only transpiles, `npm run typecheck` checks types. */
module.exports = {
	testEnvironment: 'node',
	testMatch: ['<rootDir>/test/{unit,engine,support/emulator}/**/*.test.ts'],
	transform: {
		'^.+\\.ts$': [
			'@swc/jest',
			{
				jsc: {
					target: 'es2022',
					parser: { syntax: 'typescript', decorators: true },
				},
				module: { type: 'commonjs' },
			},
		],
	},
	testTimeout: 30_000,
};

const { availableParallelism } = require('node:os');

/** SWC only removes the types; `npm run typecheck` checks them. */
const swc = [
	'@swc/jest',
	{
		jsc: {
			target: 'es2022',
			parser: { syntax: 'typescript', decorators: true },
		},
		module: { type: 'commonjs' },
	},
];

/** One suite. */
const project = (displayName, options) => ({
	displayName,
	rootDir: __dirname,
	testEnvironment: 'node',
	sandboxInjectedGlobals: ['Array', 'JSON', 'Math', 'Number', 'Object', 'String'],
	testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
	transform: { '^.+\\.ts$': swc },
	...options,
});

/** A suite in a real n8n, which is installed before its first test. */
const realN8n = (displayName, options) =>
	project(displayName, {
		testMatch: [`<rootDir>/test/realN8n/${displayName}/**/*.test.ts`],
		globalSetup: '<rootDir>/test/support/lab/setUp.ts',
		globalTeardown: '<rootDir>/test/support/lab/tearDown.ts',
		setupFilesAfterEnv: ['<rootDir>/test/support/lab/patience.ts'],
		...options,
	});

/** The engine tests with an older n8n; `npm run test:compat` installs it and names its folder. */
const older = process.env.OLDER_N8N && `${process.env.OLDER_N8N}/node_modules`;
const compat = project('compat', {
	testMatch: ['<rootDir>/test/engine/**/*.test.ts'],
	// The version of LangChain that it loads needs packages that are ES modules only.
	transform: { '^.+\\.ts$': swc, '/node_modules/.+\\.js$': swc },
	transformIgnorePatterns: ['/node_modules/(?!(p-retry|is-network-error)/)'],
	setupFiles: ['<rootDir>/test/compat/older.ts'],
	moduleNameMapper: {
		'^n8n-workflow/dist/cjs/expression-sandboxing$': '<rootDir>/test/compat/noIsolates.ts',
		'^@n8n/expression-runtime$': '<rootDir>/test/compat/noIsolates.ts',
		'^(n8n-core|n8n-workflow)(/.*)?$': `${older}/$1$2`,
	},
});

module.exports = {
	// Each file of tests loads n8n's engine anew, and jest keeps most of it: in one process, the whole
	// suite needs more than a heap of 4 GB. So tests run in workers, also on a machine with two
	// processors, and a worker that has grown is replaced.
	maxWorkers: Math.max(2, availableParallelism() - 1),
	workerIdleMemoryLimit: '1500MB',
	// Only guards against hanging: a busy machine may be slow.
	testTimeout: 5 * 60_000,
	projects: [
		project('unit'),
		project('engine'),
		project('emulator', { testMatch: ['<rootDir>/test/support/emulator/**/*.test.ts'] }),
		realN8n('triggers'),
		realN8n('killed'),
		realN8n('examples'),
		realN8n('queue'),
		realN8n('e2e', {
			globalSetup: '<rootDir>/test/realN8n/e2e/setup.ts',
			globalTeardown: '<rootDir>/test/realN8n/e2e/teardown.ts',
		}),
		...(older ? [compat] : []),
	],
};

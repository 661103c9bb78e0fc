const base = require('../../jest.config.js');

/** Set by main.ts: where the older packages are installed. */
const modules = `${process.env.OLDER_N8N}/node_modules`;

/** The engine tests, with an older n8n-core and n8n-workflow in place of the project's own. */
module.exports = {
	...base,
	rootDir: '../..',
	testMatch: ['<rootDir>/test/engine/**/*.test.ts'],
	// The version of LangChain that it loads needs packages that are ES modules only.
	transform: { ...base.transform, '/node_modules/.+\\.js$': Object.values(base.transform)[0] },
	transformIgnorePatterns: ['/node_modules/(?!(p-retry|is-network-error)/)'],
	setupFiles: ['<rootDir>/test/compat/older.ts'],
	moduleNameMapper: {
		'^n8n-workflow/dist/cjs/expression-sandboxing$': '<rootDir>/test/compat/noIsolates.ts',
		'^@n8n/expression-runtime$': '<rootDir>/test/compat/noIsolates.ts',
		'^(n8n-core|n8n-workflow)(/.*)?$': `${modules}/$1$2`,
	},
};

import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { config } from '@n8n/node-cli/eslint';

// n8n's rules for what runs inside n8n: no Node modules, no globals, n8n's own errors. Tests and
// tools are ordinary programs, so of n8n's defaults only these are off there.
const onlyInsideN8n = Object.keys(n8nCommunityNodesPlugin.rules).map((rule) => [
	`@n8n/community-nodes/${rule}`,
	'off',
]);

// What suites share is in test/support, so that each suite can be read and changed alone.
const suites = ['bench', 'chaos', 'compat', 'engine', 'leaks', 'unit'].concat(
	['e2e', 'examples', 'killed', 'queue', 'triggers'].map((name) => `realN8n/${name}`),
);
const alone = suites.map((suite) => ({
	target: `./test/${suite}`,
	from: './test',
	// The unit tests test the benchmark's own logic too.
	except: [`./${suite}`, './support', ...(suite === 'unit' ? ['./bench'] : [])],
	message: 'Suites do not import each other: what they share belongs in test/support.',
}));
const zones = [
	...alone,
	{ target: './tools', from: './test', except: ['./support'] },
	{ target: './test/!(unit)/**/*', from: './tools' },
];

export default [
	...config,
	{
		files: ['test/**/*.ts', 'tools/**/*.ts'],
		rules: {
			...Object.fromEntries(onlyInsideN8n),
			'no-console': 'off',
			'import-x/no-restricted-paths': ['error', { zones }],
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
			],
		},
	},
];

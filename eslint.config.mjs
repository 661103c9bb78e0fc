import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { config } from '@n8n/node-cli/eslint';

// n8n's rules for what runs inside n8n: no Node modules, no globals, n8n's own errors. Tests,
// the emulator and the demo are ordinary programs, so of n8n's defaults only these are off there.
const onlyInsideN8n = Object.keys(n8nCommunityNodesPlugin.rules).map((rule) => [
	`@n8n/community-nodes/${rule}`,
	'off',
]);

export default [
	...config,
	{
		files: ['test/**/*.ts', 'tools/**/*.ts'],
		rules: {
			...Object.fromEntries(onlyInsideN8n),
			'no-console': 'off',
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
			],
		},
	},
];

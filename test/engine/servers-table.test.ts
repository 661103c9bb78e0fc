import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENDPOINTS } from '../../nodes/endpoints';
import { versionedPath } from '../../nodes/endpoints/endpoint';
import { DIALECTS, type DialectName } from '../support/emulator';

/** The dialects in which the servers of the table in docs/servers.md are tested, here and in `servers*`. */
const ROWS: Record<string, readonly DialectName[]> = {
	OpenAI: ['openai'],
	'Azure OpenAI': ['azure', 'azure-iso'],
	Groq: ['groq'],
	'LiteLLM proxy': ['litellm', 'litellm-bedrock', 'litellm-vertex'],
	Alibaba: ['alibaba'],
	DeepInfra: ['deepinfra'],
	Doubleword: ['doubleword'],
	Nebius: ['nebius'],
	Novita: ['novita'],
	SiliconFlow: ['siliconflow'],
};

const page = readFileSync(join(__dirname, '../../docs/servers.md'), 'utf8');

/** The cells of the table of servers, a list for each row. */
const table = page
	.slice(page.indexOf('## Servers'), page.indexOf('The facts about other servers'))
	.split('\n')
	.filter((line) => line.startsWith('|'))
	.slice(2)
	.map((line) =>
		line
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim()),
	);

const code = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);

/** Endpoints by the first word of their label, as the table calls them. */
const pathOf = (name: string) => {
	const endpoint = ENDPOINTS.find(({ label }) => label.replace(' (Legacy)', '') === name);
	return endpoint && versionedPath(endpoint.path);
};

it('has a row for every server that is tested, and no other', () => {
	expect(table.map(([name]) => name)).toEqual(Object.keys(ROWS));
});

describe.each(table)('%s', (name, baseUrl, endpoints, windows, differences) => {
	const dialects = (ROWS[name] ?? []).map((dialect) => DIALECTS[dialect]);

	it('has the base URL in which the emulator speaks', () => {
		const { pathname } = new URL(code(baseUrl)[0].replace(/<\w+>/, 'name'));
		for (const { basePath } of dialects) expect(pathname).toBe(basePath);
	});

	it('has the endpoints that the server takes', () => {
		if (/^(all of the list|that of the model)$/.test(endpoints)) return;
		const named = endpoints.split(', ').map(pathOf);
		for (const { rules } of dialects) {
			const taken = ENDPOINTS.map(({ path }) => versionedPath(path)).filter(
				(path) => path in rules.endpoints,
			);
			expect([...named].sort()).toEqual(taken.sort());
		}
	});

	it('has a completion window that the server takes', () => {
		for (const window of code(windows)) {
			for (const { rules } of dialects) expect(rules.window(window)).toBe(window);
		}
		expect(code(windows).length > 0 || windows === 'that of the provider').toBe(true);
	});

	it('has the limits of the server, where they are not those of OpenAI', () => {
		const number = (text: string | undefined) => Number(text?.replaceAll(',', ''));
		const [, requests] = /([\d,]+) requests/.exec(differences) ?? [];
		const [, bytes] = /([\d,]+) bytes/.exec(differences) ?? [];
		for (const { rules } of dialects) {
			if (requests) expect(rules.limits.batchRequests).toBe(number(requests));
			if (bytes) expect(rules.limits.fileBytes).toBe(number(bytes));
		}
	});
});

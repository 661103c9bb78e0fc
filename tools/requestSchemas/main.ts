import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { OVERLAYS, type Overlay } from './overlays';
import { plainSchema, type Schema } from './plain';

/**
 * Writes the schemas by which the emulator judges request bodies. They are made from the types of
 * the official SDK in `node_modules`: `tsx tools/requestSchemas/main.ts`, after each update of the
 * SDK. The generator is not a dependency of the project: npx fetches it.
 */
const GENERATOR = 'ts-json-schema-generator@2.4.0';
const SDK = resolve('node_modules/openai');
const TARGET = resolve('test/support/emulator/judge/schemas');

function main(): void {
	const folder = mkdtempSync(join(tmpdir(), 'schemas-'));
	const { version } = JSON.parse(readFileSync(join(SDK, 'package.json'), 'utf8'));
	try {
		for (const [name, overlay] of Object.entries(OVERLAYS)) {
			const schema = plainSchema(generated(folder, overlay), overlay);
			const source = `openai ${version}, ${overlay.type} of ${overlay.module}`;
			writeFileSync(join(TARGET, `${name}.json`), oneLineEach({ $comment: source, ...schema }));
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
}

/** The JSON schema of one type of the SDK, as the generator gives it. */
function generated(folder: string, { type, module, without }: Overlay): Schema {
	const path = join(folder, 'types.ts');
	const omitted = without.map((key) => `'${key}'`).join(' | ') || 'never';
	writeFileSync(
		path,
		`import type { ${type} } from '${SDK}/resources/${module}';\n` +
			`export interface Body extends Omit<${type}, ${omitted}> {}\n`,
	);
	const options = ['--path', path, '--type', 'Body', '--no-type-check', '--no-top-ref'];
	const output = execFileSync(
		'npx',
		['--yes', '-p', GENERATOR, 'ts-json-schema-generator', ...options, '--jsDoc', 'none'],
		{ maxBuffer: 64 * 1024 * 1024, encoding: 'utf8' },
	);
	return JSON.parse(output);
}

/** JSON with a line for each parameter and each definition, so that changes can be read. */
function oneLineEach({ properties, $defs, ...rest }: Schema): string {
	const block = (map: object) =>
		`{\n${Object.entries(map)
			.map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
			.join(',\n')}\n  }`;
	const head = Object.entries(rest).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
	return `{\n  ${[...head, `"properties": ${block(properties!)}`, `"$defs": ${block($defs!)}`].join(',\n  ')}\n}\n`;
}

main();

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Puts a program in npm's place, as `npm_execpath`, that does what the given code does. The code
 * sees `args`, `fs` and `path`. Returns how to put the real npm back.
 */
export async function fakeNpm(folder: string, code: string): Promise<() => void> {
	await mkdir(folder, { recursive: true });
	const file = join(folder, 'npm-cli.js');
	await writeFile(
		file,
		`const fs = require('fs'), path = require('path'), args = process.argv.slice(2);\n${code}`,
	);
	const real = process.env.npm_execpath;
	process.env.npm_execpath = file;
	return () => {
		if (real === undefined) delete process.env.npm_execpath;
		else process.env.npm_execpath = real;
	};
}

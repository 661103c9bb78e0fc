import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const TESTS = join(__dirname, '..');
const NODE = join(__dirname, 'node');

/** A module that the node imports from outside of its folder. */
const SHARED = join(TESTS, 'support', 'processes', 'facts.ts');

/**
 * Compiles the benchmark's own node into a folder for `N8N_CUSTOM_EXTENSIONS`, from where n8n loads
 * it as `CUSTOM.bench`.
 */
export async function compileCustomNode(folder: string): Promise<void> {
	const compilerOptions = {
		module: ModuleKind.CommonJS,
		target: ScriptTarget.ES2022,
		esModuleInterop: true,
	};
	const own = (await readdir(NODE)).map((name) => join(NODE, name));
	for (const file of [...own, SHARED]) {
		const { outputText } = transpileModule(await readFile(file, 'utf8'), { compilerOptions });
		const target = join(folder, relative(TESTS, file).replace(/\.ts$/, '.js'));
		await mkdir(dirname(target), { recursive: true });
		await writeFile(target, outputText);
	}
}

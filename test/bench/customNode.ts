import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const SOURCE = join(__dirname, 'node');

/**
 * Compiles the benchmark's own node into a folder for `N8N_CUSTOM_EXTENSIONS`, from where n8n loads
 * it as `CUSTOM.bench`.
 */
export async function compileCustomNode(folder: string): Promise<void> {
	await mkdir(folder, { recursive: true });
	const compilerOptions = {
		module: ModuleKind.CommonJS,
		target: ScriptTarget.ES2022,
		esModuleInterop: true,
	};
	for (const name of await readdir(SOURCE)) {
		const source = await readFile(join(SOURCE, name), 'utf8');
		const { outputText } = transpileModule(source, { compilerOptions });
		await writeFile(join(folder, name.replace(/\.ts$/, '.js')), outputText);
	}
}

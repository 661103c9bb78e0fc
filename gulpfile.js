const { spawn } = require('node:child_process');
const { mkdir, rm, writeFile } = require('node:fs/promises');
const { dirname, join } = require('node:path');
const { dest, parallel, series, src } = require('gulp');

const clean = () => rm('dist', { recursive: true, force: true });

/** Runs the project's own TypeScript, so the build needs no compiler on the machine. */
const compile = () =>
	spawn(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
		stdio: 'inherit',
	});

const icons = () =>
	src('{nodes,credentials}/**/*.{png,svg}', { encoding: false }).pipe(dest('dist'));

/** The codex files: what n8n's nodes panel knows of categories, aliases and links. */
const codex = () => src('nodes/**/*.node.json').pipe(dest('dist/nodes'));

/**
 * The fields of the output of each operation, which n8n's editor and its AI builder read from a
 * folder beside the node: `__schema__/v<version of the node>/<resource>/<operation>.json`.
 */
const schemas = async () => {
	const { outputSchemas } = require('./dist/nodes/OpenAiBatch/outputSchemas.js');
	for (const [path, schema] of Object.entries(outputSchemas())) {
		const file = join('dist/nodes/OpenAiBatch/__schema__', path);
		await mkdir(dirname(file), { recursive: true });
		await writeFile(file, JSON.stringify(schema));
	}
};

exports.clean = clean;
exports.build = series(clean, parallel(compile, icons, codex), schemas);
exports.default = exports.build;

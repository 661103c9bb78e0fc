const { spawn } = require('node:child_process');
const { rm } = require('node:fs/promises');
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

exports.clean = clean;
exports.build = series(clean, parallel(compile, icons, codex));
exports.default = exports.build;

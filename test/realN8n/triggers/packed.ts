/** The environment variable by which the tests learn of the packed package. */
const VARIABLE = 'N8N_OPENAI_BATCH_TARBALL';

export function rememberTarball(path: string): void {
	process.env[VARIABLE] = path;
}

/** The packed package that all test files install. */
export function tarball(): string {
	const path = process.env[VARIABLE];
	if (!path)
		throw new Error('The package was not packed: run the tests by "npm run test:triggers"');
	return path;
}

import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { WorkflowJson } from '../../support/lab/n8n/types';

const FOLDER = resolve(__dirname, '..', '..', '..', 'examples');

/** The names of all examples, without their ending. */
export async function exampleNames(): Promise<string[]> {
	const files = await readdir(FOLDER);
	return files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
}

/** Reads an example, as a user would import it. */
export async function readExample(name: string): Promise<WorkflowJson> {
	return JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as WorkflowJson;
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowJson } from '../../test/support/lab/n8n/types';

/** Reads one of the demo's workflows, as a user would import it. */
export async function readWorkflow(name: string): Promise<WorkflowJson> {
	const file = join(__dirname, 'workflows', `${name}.json`);
	return JSON.parse(await readFile(file, 'utf8')) as WorkflowJson;
}

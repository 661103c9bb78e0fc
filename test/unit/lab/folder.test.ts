import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { labFolder } from '../../support/lab/folder';
import { temporaryFolder } from './temporaryFolder';

describe('labFolder', () => {
	const parent = temporaryFolder();

	it('removes the folders of runs that were killed, and only those', async () => {
		const dead = 'n8n-nodes-openai-batch-lab-1073741824-abc';
		for (const name of [dead, 'n8n-nodes-openai-batch-lab-x', 'other']) {
			mkdirSync(join(parent(), name, 'deep'), { recursive: true });
		}
		const first = await labFolder(parent());
		const second = await labFolder(parent());
		const expected = [first, second].map((folder) => basename(folder));
		expect(readdirSync(parent()).sort()).toEqual(
			[...expected, 'n8n-nodes-openai-batch-lab-x', 'other'].sort(),
		);
	});
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../support/lab/lab';
import { pdf } from '../../support/sampleFiles';
import { responseText } from './content';
import { Scene } from './scene';

const TEXTS = ['file', 'supplier', 'invoice_number', 'invoice_date', 'currency', 'status', 'error'];

const INVOICES: Record<string, Buffer> = {
	'anvils.pdf': pdf(['ACME Corporation', 'Invoice 17', '3 anvils', 'To pay: 240.00 EUR']),
	'rent (May).pdf': pdf(['Old Mill Ltd', 'Rent for May', 'To pay: 1,200.00 GBP']),
};

/** Every PDF of the folder arrives byte for byte, and becomes one row with its own columns. */
export async function invoices(lab: Lab, files: string): Promise<void> {
	const folder = join(files, 'invoices');
	await mkdir(folder);
	for (const [name, content] of Object.entries(INVOICES)) {
		await writeFile(join(folder, name), content);
	}
	await writeFile(join(folder, 'notes.txt'), 'not an invoice');

	const scene = await Scene.open(lab);
	const rows = await scene.table('invoices', [...TEXTS, { name: 'total', type: 'number' }]);
	const workflow = await scene.import('invoices', {
		parameters: { 'Read invoices': { fileSelector: join(folder, '*.pdf') } },
	});
	await scene.run(workflow, 'Start');
	await scene.run(workflow, 'Start');

	expect(scene.batches).toHaveLength(1);
	const [{ id }] = scene.batches;
	const requests = scene.requests(id);
	const answers = scene.answers(id);
	expect([...requests.keys()].sort()).toEqual(Object.keys(INVOICES));
	for (const [name, content] of Object.entries(INVOICES)) {
		const data = `data:application/pdf;base64,${content.toString('base64')}`;
		const file = { type: 'input_file', filename: name, file_data: data };
		expect(requests.get(name)).toHaveProperty('input.0.content.1', file);
	}
	const found = await rows();
	expect(found.sort((a, b) => String(a.file).localeCompare(String(b.file)))).toMatchObject(
		Object.keys(INVOICES).map((file) => ({
			file,
			status: 'succeeded',
			error: null,
			...JSON.parse(responseText(answers.get(file))),
		})),
	);
	expect(found.map(({ total }) => typeof total)).toEqual(['number', 'number']);
}

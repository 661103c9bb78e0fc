import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cellsOf } from '../../../nodes/jsonl/csv';
import { readFilms } from '../../support/films';
import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { chatText } from './content';
import { readExample } from './files';
import { Scene } from './scene';

const MARK = '\ufeff';

/** A cell as spreadsheet programs write it. */
function cell(value: unknown): string {
	const text = String(value ?? '');
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The cells of a CSV whose cells have no line breaks. */
const rowsIn = (csv: string) =>
	csv
		.split('\r\n')
		.slice(0, -1)
		.map((line) => cellsOf(line, ',').cells);

/** The answer of one request, as the columns of the file have it. */
function answerCells(body: unknown): string[] {
	const { genre, reason } = JSON.parse(chatText(body)) as Record<string, string>;
	const { choices, usage } = body as {
		choices: Array<{ finish_reason: string }>;
		usage: { prompt_tokens: number; completion_tokens: number };
	};
	const tokens = [usage.prompt_tokens, usage.completion_tokens].map(String);
	return ['succeeded', genre, reason, choices[0].finish_reason, '', '', ...tokens];
}

/**
 * 3,201 films go in as a CSV file, through the form and as four batches. The same rows come out in
 * the same order, each with its own answer or with the reason why there is none.
 */
export async function spreadsheet(lab: Lab, files: string): Promise<void> {
	const folder = join(files, 'spreadsheets');
	await mkdir(folder);
	const films = await readFilms();
	const columns = Object.keys(films[0]);
	const lines = [columns, ...films.map((film) => columns.map((column) => film[column]))];
	const csv = MARK + lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');

	const scene = await Scene.open(lab, STILL);
	// The header is line 1, so this is the second film.
	const refused = new Set(['line-3']);
	scene.emulator.control.requests({
		match: ({ custom_id: customId }) => refused.delete(customId),
		outcome: { type: 'fail', status: 400, code: 'context_length_exceeded' },
	});
	const example = await readExample('spreadsheet');
	const node = (name: string) => example.nodes.find((one) => one.name === name)!;
	const { fileName } = node('Write the file').parameters;
	const { options } = node('Submit rows').parameters;
	const workflow = await scene.import('spreadsheet', {
		parameters: {
			'Submit rows': { options: { ...(options as object), maxRequestsPerBatch: 1_000 } },
			'Write the file': { fileName: String(fileName).replace('/home/node/.n8n-files', folder) },
		},
	});
	await lab.rest.activate(workflow);

	const form = new FormData();
	form.set('field-0', new File([csv], 'My films.csv', { type: 'text/csv' }));
	const url = `${lab.n8n.url}/form/${String(node('Upload a spreadsheet').webhookId)}`;
	const { status } = await fetch(url, { method: 'POST', body: form });
	expect(status).toBe(200);
	const succeeded = async (count: number) =>
		await scene.until(workflow, async () => {
			const all = await lab.rest.executions(workflow);
			return all.filter((one) => one.status === 'success').length >= count || undefined;
		});
	await succeeded(1);
	expect(scene.batches.map(({ status: is }) => is)).toEqual(Array(4).fill('validating'));
	for (const { id } of scene.batches) await scene.emulator.step(id, 'completed');
	await succeeded(2);

	const submission = scene.batches[0].metadata!.submission_key.slice(0, 16);
	expect(await readdir(folder)).toEqual([`My films-${submission}.csv`]);
	const text = await readFile(join(folder, `My films-${submission}.csv`), 'utf8');
	expect(text.startsWith(MARK)).toBe(true);
	const [header, ...rows] = rowsIn(text.slice(MARK.length));
	expect(header).toEqual([
		...columns,
		'custom_id',
		'status',
		'genre',
		'reason',
		'finish_reason',
		'error_code',
		'error_message',
		'input_tokens',
		'output_tokens',
	]);
	const answers = new Map(scene.batches.flatMap(({ id }) => [...scene.answers(id)]));
	expect(answers.size).toBe(films.length - 1);
	const expected = rowsIn(csv.slice(MARK.length)).slice(1);
	for (const [index, row] of rows.entries()) {
		const id = `line-${index + 2}`;
		const answer = answers.get(id);
		if (answer) expect(row).toEqual([...expected[index], id, ...answerCells(answer)]);
	}
	expect(rows).toHaveLength(films.length);
	expect(rows[1].slice(0, -2)).toEqual([
		...expected[1],
		'line-3',
		'failed',
		...['', '', ''],
		'context_length_exceeded',
		expect.stringMatching(/./),
	]);
}

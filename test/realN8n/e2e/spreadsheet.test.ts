import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { Canvas } from '../../support/lab/editor/canvas';
import type { NodePanel } from '../../support/lab/editor/nodePanel';
import type { Step } from '../../support/lab/workflows/steps';
import { itSeen, keep } from './seen';
import { addAction, prepare } from './workflows';
import { clientOf, type World } from './world';

const COLUMNS = ['film', 'year', 'director'];

/** Cells as people have them: with accents, with each separator, and with quotes. */
const FILMS = [
	['Alien', '1979', 'Scott, Ridley'],
	['Amélie', '2001', 'Jeunet; Jean-Pierre'],
	['The "Best" Years', '1946', ''],
];

/** A spreadsheet as a program of this separator writes it. */
function csv(rows: Array<Array<string | number>>, separator: string): string {
	const cell = (value: string | number) =>
		/[",;]/.test(`${value}`) ? `"${`${value}`.replaceAll('"', '""')}"` : value;
	return rows.map((cells) => `${cells.map(cell).join(separator)}\r\n`).join('');
}

/** A form that takes a file. */
const FORM: Step = {
	name: 'Form',
	type: 'n8n-nodes-base.formTrigger',
	typeVersion: 2.2,
	webhookId: randomUUID(),
	parameters: {
		formTitle: 'Films',
		formFields: {
			values: [{ fieldLabel: 'Spreadsheet', fieldType: 'file', multipleFiles: false }],
		},
	},
};

async function setUpSubmit(page: Page, submit: NodePanel): Promise<void> {
	await submit.choose('requestSource', 'Rows File');
	await submit.fill('binaryPropertyName', 'Spreadsheet');
	await submit.fill('prompt', 'Which genre is the film {film} by {director}?');
	await keep(page, 'spreadsheet 1 rows from a file');
	await submit.addOption('Options', 'Keep Fields');
	await submit.fill('keepFields', '*');
	await keep(page, 'spreadsheet 2 kept fields');
}

async function setUpResults(page: Page, results: NodePanel): Promise<void> {
	await results.choose('returnAs', 'CSV File');
	await results.addOption('Options', 'Include Row');
	await results.addOption('Options', 'Input Order');
	await keep(page, 'spreadsheet 3 results as a file');
}

/** Fills in the form that opens when the workflow is executed. */
async function upload(page: Page, text: string): Promise<void> {
	const opened = page.waitForEvent('popup');
	await page.getByTestId('execute-workflow-button').first().click();
	const form = await opened;
	const file = { name: 'My films.csv', mimeType: 'text/csv', buffer: Buffer.from(text) };
	await form.locator('input[type="file"]').setInputFiles(file);
	await keep(form, 'spreadsheet 4 form');
	await form.getByRole('button', { name: 'Submit' }).click();
}

interface Answer {
	custom_id: string;
	response: {
		body: {
			choices: Array<{ finish_reason: string; message: { content: string } }>;
			usage: { prompt_tokens: number; completion_tokens: number };
		};
	};
}

/** What the service answered in its newest batch, by custom id. */
async function answersOf(world: World): Promise<Map<string, Answer['response']['body']>> {
	const client = clientOf(world);
	const [{ output_file_id: file }] = (await client.batches.list({ limit: 1 })).data;
	const lines = (await (await client.files.content(file!)).text()).trim().split('\n');
	const answers = lines.map((line) => JSON.parse(line) as Answer);
	return new Map(answers.map(({ custom_id: id, response }) => [id, response.body]));
}

/** The spreadsheet with the answers of the service. */
async function expectedCsv(world: World): Promise<string> {
	const answers = await answersOf(world);
	const rows = FILMS.map((cells, index) => {
		// The header is line 1.
		const id = `line-${index + 2}`;
		const { choices, usage } = answers.get(id)!;
		const { finish_reason: reason, message } = choices[0];
		const tokens = [usage.prompt_tokens, usage.completion_tokens];
		return [...cells, id, 'succeeded', message.content, reason, '', '', ...tokens];
	});
	const added = ['custom_id', 'status', 'content', 'finish_reason', 'error_code', 'error_message'];
	return csv([[...COLUMNS, ...added, 'input_tokens', 'output_tokens'], ...rows], ',');
}

describe('a spreadsheet', () => {
	itSeen('goes in as CSV, and comes out with the answers', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Spreadsheet', [FORM]);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		const submit = await addAction(canvas, 'Submit items as a batch');
		await setUpSubmit(page, submit);
		await submit.close();
		await (await addAction(canvas, 'Wait for a batch to finish')).close();
		const results = await addAction(canvas, 'Get the results of a batch');
		await setUpResults(page, results);
		await results.close();

		await upload(page, csv([COLUMNS, ...FILMS], ';'));
		await page.getByText('Workflow executed successfully').first().waitFor();
		await keep(page, 'spreadsheet 5 executed');
		const panel = await canvas.openNode('Get the results of a batch');
		const file = await panel.download();
		await keep(page, 'spreadsheet 6 file');
		expect(file.suggestedFilename()).toMatch(/\.csv$/);
		expect(await readFile(await file.path(), 'utf8')).toBe(await expectedCsv(world));
	});
});

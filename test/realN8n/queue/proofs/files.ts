import { randomUUID } from 'node:crypto';
import { requestLine } from '../../../support/emulator/client';
import type { Account } from '../../../support/lab/account';
import { assertSucceeded, binaryOf, itemsOf } from '../../../support/lab/n8n/executions';
import { until } from '../../../support/lab/until';
import { byId, type Step } from '../../../support/lab/workflows/steps';
import type { Stage } from '../stage';

const MARK = '\ufeff';

type Table = string[][];

/** A cell as RFC 4180 says. */
const cell = (text: string) => (/[",;\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const csvOf = (rows: Table) =>
	MARK + rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');

/** Rows with all that cells of CSV may have. */
const TABLE: Table = [
	['id', 'Text', 'amount'],
	...Array.from({ length: 1_000 }, (_, index) => [
		`row-${index}`,
		`Größe ${index}, "quoted"; two\nlines 𝄞`,
		String(-index / 4),
	]),
];

const FROM_ROWS: Step['parameters'] = {
	endpoint: '/v1/chat/completions',
	requestSource: 'rowsFile',
	model: byId('gpt-6-luna'),
	prompt: 'Shorten: {Text}',
	customId: '{id}',
};

/** Holds an execution until its address is called. */
const untilCalled: Step = {
	name: 'Hold',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { resume: 'webhook', httpMethod: 'POST', options: {} },
	webhookId: randomUUID(),
};

interface Answered {
	custom_id: string;
	response: {
		body: {
			choices: Array<{ message: { content: string } }>;
			usage: { prompt_tokens: number; completion_tokens: number };
		};
	};
}

/** The table with what the service answered to each row. */
function withAnswers({ emulator }: Account): Table {
	const answers = new Map<string, string[]>();
	for (const { output_file_id: output } of emulator.ledger.batches) {
		for (const line of emulator.file(String(output)).text().trim().split('\n')) {
			const { custom_id: id, response } = JSON.parse(line) as Answered;
			const { choices, usage } = response.body;
			const tokens = [usage.prompt_tokens, usage.completion_tokens].map(String);
			answers.set(id, ['succeeded', choices[0].message.content, 'stop', '', '', ...tokens]);
		}
	}
	const [columns, ...rows] = TABLE;
	const result = ['status', 'content', 'finish_reason', 'error_code', 'error_message'];
	return [
		[...columns, 'custom_id', ...result, 'input_tokens', 'output_tokens'],
		...rows.map((cells) => [...cells, cells[0], ...answers.get(cells[0])!]),
	];
}

/** More than n8n stores in its database: 512 MiB, unless it is set otherwise. */
const LARGE_RESULTS = 60;
const LARGE_ANSWER = 'x'.repeat(9 * 1024 * 1024);

/** A batch at the service whose results are larger than n8n stores in its database. */
function largeBatch({ emulator }: Account) {
	const ids = Array.from({ length: LARGE_RESULTS }, (_, index) => `row-${index}`);
	const lines = ids.map((custom_id) => {
		const message = { role: 'assistant', content: LARGE_ANSWER };
		const body = { object: 'chat.completion', choices: [{ index: 0, message }] };
		const response = { status_code: 200, request_id: custom_id, body };
		// All of them are more than a text may have.
		return Buffer.from(`${JSON.stringify({ id: custom_id, custom_id, response, error: null })}\n`);
	});
	const input = ids.map((id) => `${requestLine(id)}\n`).join('');
	return emulator.addBatch({
		status: 'completed',
		input_file_id: emulator.addFile(input, { purpose: 'batch' }).id,
		output_file_id: emulator.addFile(Buffer.concat(lines), { purpose: 'batch_output' }).id,
		request_counts: { total: LARGE_RESULTS, completed: LARGE_RESULTS, failed: 0 },
	});
}

/** Files of rows and of results that processes hand each other in the database. */
export function files(stage: () => Stage): void {
	it('submits a CSV that a webhook stored, and returns a CSV that another worker reads', async () => {
		const { rest } = stage().cluster;
		const account = await stage().account();
		const batch = { batchId: byId('={{ $json.id }}') };
		const { workflowId, call } = await stage().callable('Rows there and back', [
			account.step('Submit', 'batch', 'submit', {
				...FROM_ROWS,
				options: { keepFields: '*', maxRequestsPerBatch: 300 },
			}),
			account.step('Wait', 'batch', 'wait', batch),
			account.step('Results', 'batch', 'getResults', {
				...batch,
				returnAs: 'csv',
				binaryPropertyName: 'answers',
				options: { wholeSubmission: true, includeRow: true, inputOrder: true, byteOrderMark: true },
			}),
			untilCalled,
			account.step('Upload', 'file', 'upload', {
				// What called the execution is the input.
				binaryPropertyName: "={{ $('Results').first().binary.answers }}",
				purpose: 'user_data',
			}),
		]);
		const form = new FormData();
		form.set('data', new File([csvOf(TABLE)], 'rows.csv', { type: 'text/csv' }));
		await call(form);
		const held = await until('the results', async () => {
			const [newest] = await rest.executions(workflowId);
			if (newest?.stoppedAt && newest.status !== 'waiting') {
				assertSucceeded(await rest.execution(newest.id));
			}
			return newest?.status === 'waiting' ? await rest.execution(newest.id) : undefined;
		});
		const first = stage().cluster.workerOf(held.id)!;
		await first.kill();
		try {
			await stage().post(`/webhook-waiting/${held.id}?signature=${held.data.resumeToken}`, {});
			const execution = await rest.finished(workflowId, held.id);
			assertSucceeded(execution);

			expect(binaryOf(execution, 'Start', 'data')).toMatchObject({
				id: expect.stringMatching(/^database:/),
			});
			expect(itemsOf(execution, 'Submit')).toHaveLength(4);
			expect(itemsOf(execution, 'Results')).toMatchObject([{ requests: 1_000, returned: 1_000 }]);
			const [copy] = itemsOf(execution, 'Upload');
			const content = account.emulator.file(String(copy.id)).text();
			expect(content).toBe(csvOf(withAnswers(account)));
		} finally {
			await first.restart();
		}
	});

	it('says what to do when the results are larger than n8n stores, and loses none', async () => {
		const account = await stage().account();
		const { id, output_file_id: output } = largeBatch(account);
		const results = (options: object) =>
			account.step('Results', 'batch', 'getResults', {
				batchId: byId(id),
				returnAs: 'csv',
				binaryPropertyName: 'data',
				options,
			});
		const tooLarge = await stage().callable('Too large', [results({ deleteFiles: true })]);
		await tooLarge.call({});
		const [{ data }] = await stage().ended(tooLarge.workflowId, 1);

		expect(data.resultData.error?.message).toMatch(
			/^n8n cannot store the file 'results-\S+\.csv': it has 540(\.\d+)? MB, and n8n stores at most 512 MB in its database$/,
		);
		expect(data.resultData.error?.description).toMatch(/Set Offset and Limit .* S3\./);
		await account.client.files.retrieve(String(output));
		const part = await stage().run('A part', [results({ limit: 5 })], {});
		expect(itemsOf(part, 'Results')).toMatchObject([{ returned: 5 }]);
		expect(binaryOf(part, 'Results', 'data')).toMatchObject({
			id: expect.stringMatching(/^database:/),
		});
	});
}

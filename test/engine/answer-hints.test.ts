import type { IDataObject } from 'n8n-workflow';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForTests } from './product';

const product = productForTests();

/** A line of an output file: a chat completion with this choice. */
function choiceLine(id: string, choice: IDataObject): string {
	const line = JSON.parse(answerLine(id)) as { response: { body: IDataObject } };
	line.response.body.choices = [{ index: 0, finish_reason: 'stop', ...choice }];
	return JSON.stringify(line);
}

const said = (id: string, content: string | null, more: IDataObject = {}) =>
	choiceLine(id, { message: { role: 'assistant', content, ...more } });

const cut = (id: string) =>
	choiceLine(id, {
		message: { role: 'assistant', content: '{"a":' },
		finish_reason: 'length',
	});

const LINES: Record<string, (id: string) => string> = {
	good: (id) => said(id, '{"a":1}'),
	cut,
	prose: (id) => said(id, 'A drama.'),
	refused: (id) => said(id, null, { refusal: 'No.' }),
	blank: (id) => said(id, ' \n'),
	none: (id) => said(id, null),
	call: (id) => said(id, null, { tool_calls: [{ id: 'c', type: 'function', function: {} }] }),
};

function batchOf(kinds: string[], more: object = {}): string {
	const ids = kinds.map((kind, index) => `${kind}-${index}`);
	return addHistory(product, {
		status: 'completed',
		input: ids.map((id) => requestLine(id)),
		output: kinds.map((kind, index) => LINES[kind](ids[index])),
		request_counts: { total: kinds.length, completed: kinds.length, failed: 0 },
		...more,
	}).id;
}

async function hintsFor(batchId: string, parameters: IDataObject = {}): Promise<string[]> {
	const result = await product.run('batch', 'getResults', { batchId, ...parameters } as never);
	if (result.error) throw result.error;
	expect(result.items('Node').some((item) => 'fault' in item)).toBe(false);
	return result.hints('Node').map(({ message }) => message);
}

const CUT_OFF =
	'Raise Max Tokens for the next batch. For this one, use Retry Unfinished: choose Cut Off under Include, and set a higher limit in Body Fields.';

describe.each(['items', 'jsonl', 'csv'])('after Get Results as %s, a hint says', (returnAs) => {
	const hints = async (batchId: string, options: IDataObject = {}) =>
		await hintsFor(batchId, { returnAs, options });

	it('that answers were cut off, and what to do', async () => {
		expect(await hints(batchOf(['cut', 'cut']))).toEqual([
			`2 of 2 answers were cut off at their token limit. ${CUT_OFF}`,
		]);
		expect(await hints(batchOf(['good', 'cut', 'good']))).toEqual([
			`1 of 3 answers was cut off at its token limit. ${CUT_OFF}`,
		]);
	});

	it('that answers are not JSON, where they are parsed', async () => {
		const batch = batchOf(['prose', 'good', 'prose']);
		expect(await hints(batch)).toEqual([]);
		const [hint, ...none] = await hints(batch, { parseJson: true });
		expect(hint).toMatch(
			/^2 of 3 answers are not JSON\. The field parse_error says why\. .*Not JSON/,
		);
		expect(none).toEqual([]);
	});

	it('that answers were refused, or are empty, but not that tools are called', async () => {
		const [hint] = await hints(batchOf(['refused', 'blank', 'none', 'call']), { parseJson: true });
		expect(hint).toMatch(
			/^2 of 4 answers are empty\. .*Custom IDs.* 1 of 4 answers was refused by the model or by a filter\. .*Refused/,
		);
	});

	it('that all answers are JSON, where they are not parsed', async () => {
		const parse = 'The answers are JSON as text. To get their fields, add the option Parse JSON.';
		expect(await hints(batchOf(['good', 'good']))).toEqual([parse]);
		expect(await hints(batchOf(['good', 'prose']))).toEqual([]);
		expect(await hints(batchOf(['good', 'good']), { include: ['failed'] })).toEqual([]);
	});

	it('nothing when all is well, or about answers that are not returned', async () => {
		expect(await hints(batchOf(['good', 'good']), { parseJson: true })).toEqual([]);
		const options = { limit: 1, parseJson: true };
		expect(await hints(batchOf(['good', 'cut']), options)).toEqual([]);
	});

	it('this of the answers that count after a retry', async () => {
		const original = batchOf(['cut', 'good'], { created_at: 1_000 });
		addHistory(product, {
			status: 'completed',
			created_at: 2_000,
			metadata: { retry_of: original },
			input: [requestLine('cut-0')],
			output: [said('cut-0', '{"a":2}')],
			request_counts: { total: 1, completed: 1, failed: 0 },
		});
		expect(await hints(original, { followRetries: true, parseJson: true })).toEqual([]);
	});

	it('what did not succeed first', async () => {
		const { id } = addHistory(product, {
			status: 'completed',
			input: ['a', 'b'].map((one) => requestLine(one)),
			output: [cut('a')],
			error: [failureLine('b', 400, 'context_length_exceeded')],
			request_counts: { total: 2, completed: 1, failed: 1 },
		});
		const [hint] = await hints(id);
		expect(hint).toMatch(/^1 of the 2 requests .* did not succeed .* 1 of 1 answer was cut off /);
	});
});

test('content is the third column', async () => {
	const [item] = await product.json('batch', 'getResults', { batchId: batchOf(['good']) });
	expect(Object.keys(item)).toEqual([
		'custom_id',
		'status',
		'content',
		'finish_reason',
		'error',
		'model',
		'usage',
		'batch_id',
		'status_code',
		'request_id',
	]);
});

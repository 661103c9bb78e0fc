import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { productForTests, startProduct, type Product } from './product';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const rows = (count: number, more: IDataObject = {}) =>
	Array.from({ length: count }, (_, id) => ({ id, text: `Text ${id}`, ...more }));
const PARAMETERS = { prompt: '={{ $json.text }}', customId: '={{ $json.id }}' };

const submit = async (options: Parameters, items: IDataObject[], more: Parameters = {}) => {
	const parameters = { ...PARAMETERS, options, ...more };
	const result = await product.run('batch', 'submit', parameters, items);
	if (result.error) throw result.error;
	return result.items('Node').map(({ json, pairedItem }) => {
		const file = json.input_file_id as string | undefined;
		const text = file === undefined ? '' : product.emulator.file(file).text();
		const ids = text.split('\n').slice(0, -1);
		return {
			json,
			ids: ids.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id),
			items: (pairedItem as Array<{ item: number }>).map(({ item }) => item),
		};
	});
};

describe('parts', () => {
	it('are cut by the number of requests', async () => {
		const parts = await submit({ maxRequestsPerBatch: 2 }, rows(5));
		expect(parts.map(({ ids }) => ids)).toEqual([['0', '1'], ['2', '3'], ['4']]);
		expect(parts.map(({ items }) => items)).toEqual([[0, 1], [2, 3], [4]]);
		expect(parts.map(({ json }) => [json.part, json.parts, json.requests])).toEqual([
			[1, 3, 2],
			[2, 3, 2],
			[3, 3, 1],
		]);
		for (const { json } of parts) {
			expect(json.metadata).toMatchObject({ submission_part: `${Number(json.part)}/3` });
		}
	});

	it('are cut by bytes, and say how many they have', async () => {
		const [whole] = await submit({}, rows(4));
		const bytes = Number(whole.json.bytes);
		expect(bytes).toBe(product.emulator.file(String(whole.json.input_file_id)).object.bytes);
		const parts = await submit({ maxBytesPerBatch: bytes / 2 }, rows(4));
		expect(parts.map(({ ids }) => ids)).toEqual([
			['0', '1'],
			['2', '3'],
		]);
	});

	it('are cut by estimated tokens, with the output that was allowed', async () => {
		// Three tokens of prompt each.
		const requestOptions = { maxTokens: 97 };
		const parts = await submit({ maxTokensPerBatch: 200 }, rows(3), { requestOptions });
		expect(parts.map(({ ids }) => ids)).toEqual([['0', '1'], ['2']]);
	});

	it('have one model each, whatever the order of the items', async () => {
		const items = rows(4).map((row, index) => ({ ...row, model: index % 2 ? 'b' : 'a' }));
		const parts = await submit({}, items, { model: '={{ $json.model }}' });
		expect(parts.map(({ ids, items: indexes }) => [ids, indexes])).toEqual([
			[
				['0', '2'],
				[0, 2],
			],
			[
				['1', '3'],
				[1, 3],
			],
		]);
		for (const { json } of parts) {
			await product.finish(String(json.id));
			expect(product.emulator.batch(String(json.id))).toMatchObject({ errors: null });
		}
	});

	it('cannot hold a request that alone is too large', async () => {
		const result = product.run('batch', 'submit', {
			...PARAMETERS,
			options: { maxBytesPerBatch: 100 },
		});
		expect((await result).error?.message).toMatch(/^Item 0 cannot be submitted: /);
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

describe('a part that fails', () => {
	const parameters = { ...PARAMETERS, options: { maxRequestsPerBatch: 1 } };
	const refusal = { error: { message: 'Billing hard limit reached', code: 'billing_hard_limit' } };

	let own: Product;

	beforeEach(async () => {
		own = await startProduct();
		// From the first batch on, no other is created.
		own.emulator.onBatch(() => {
			const fault = { type: 'status' as const, status: 400, body: refusal };
			own.emulator.faults.next({ method: 'POST', path: '/batches', fault });
		});
	});

	afterEach(async () => await own.stop());

	it('ends the submission, and says what is there already', async () => {
		const { error } = await own.run('batch', 'submit', parameters, rows(3));
		const [{ id }, ...others] = own.emulator.ledger.batches;
		expect(others).toEqual([]);
		expect(error?.message).toMatch(/^Part 2 of 3: .*Billing hard limit reached$/);
		expect(error?.description).toMatch(new RegExp(`^Created so far: ${id} \\(1/3\\)\\. `));
		expect(error).toMatchObject({ context: { itemIndex: 0, created_batch_ids: [id] } });
	});

	it('leaves the batches before it as items when the node continues', async () => {
		const onError = 'continueRegularOutput' as const;
		const result = await own.run('batch', 'submit', parameters, rows(3), { onError });
		expect(result.items('Node').map(({ json }) => json)).toMatchObject([
			{ status: 'validating', part: 1, parts: 3 },
			{ error: expect.stringMatching(/^Part 2 of 3: /), code: 'billing_hard_limit' },
		]);
	});
});

it('keeps part, counts and rows of a batch that is behind a part that fails', async () => {
	const options = { maxRequestsPerBatch: 1, submissionKey: 'films' };
	const parameters = { ...PARAMETERS, options };
	const onError = 'continueRegularOutput' as const;
	const own = await startProduct();
	try {
		const first = await own.json('batch', 'submit', parameters, rows(3));
		await own.emulator.step(String(first[1].id), 'failed');
		own.emulator.faults.next({
			method: 'POST',
			path: '/batches',
			fault: { type: 'status', status: 400 },
		});
		const { items } = await own.run('batch', 'submit', parameters, rows(3), { onError });
		expect(items('Node')).toMatchObject([
			{ json: { id: first[0].id, part: 1, adopted: true }, pairedItem: [{ item: 0 }] },
			{ json: { id: first[2].id, part: 3, adopted: true }, pairedItem: [{ item: 2 }] },
			{ json: { error: expect.stringMatching(/^Part 2 of 3: /) } },
		]);
	} finally {
		await own.stop();
	}
});

describe('a dry run', () => {
	it('returns parts, sizes, tokens and cost, and sends nothing', async () => {
		const options = {
			dryRun: true,
			maxRequestsPerBatch: 2,
			inputPricePerMillion: 1_000_000,
			outputPricePerMillion: 2_000_000,
		};
		const requestOptions = { maxTokens: 10 };
		const parts = await submit(options, rows(3), { requestOptions });
		expect(product.emulator.ledger.requests).toEqual([]);
		expect(parts.map(({ json, items }) => ({ ...json, items }))).toEqual([
			{
				dry_run: true,
				part: 1,
				parts: 2,
				model: 'gpt-6-luna',
				bytes: expect.any(Number),
				requests: 2,
				estimated_tokens: expect.any(Number),
				attachments_not_estimated: 0,
				regular_cost: expect.any(Number),
				batch_cost: Number(parts[0].json.regular_cost) / 2,
				savings: Number(parts[0].json.regular_cost) / 2,
				method: expect.stringContaining('Prices: as given, 50% less in a batch.'),
				items: [0, 1],
			},
			expect.objectContaining({ part: 2, requests: 1, items: [2] }),
		]);
		const tokens = Number(parts[0].json.estimated_tokens);
		expect(parts[0].json.regular_cost).toBe(tokens - 20 + 20 * 2);

		const [first] = await submit({ maxRequestsPerBatch: 2 }, rows(3), { requestOptions });
		expect(first.json.bytes).toBe(parts[0].json.bytes);
	});

	it('has no costs without prices, but one price is enough', async () => {
		const [free] = await submit({ dryRun: true }, rows(1));
		expect(free.json).toMatchObject({ regular_cost: null, batch_cost: null, savings: null });
		const requestOptions = { maxTokens: 10 };
		const options = { dryRun: true, outputPricePerMillion: 1_000_000 };
		const [priced] = await submit(options, rows(1), { requestOptions });
		expect(priced.json).toMatchObject({ regular_cost: 10, batch_cost: 5 });
	});

	it('also names bad items when the node continues', async () => {
		const parameters = { ...PARAMETERS, options: { dryRun: true } };
		const items = [{ id: 1, text: 'a' }, { id: 2 }];
		const onError = 'continueRegularOutput' as const;
		const result = await product.run('batch', 'submit', parameters, items, { onError });
		expect(result.items('Node').map(({ json }) => json)).toMatchObject([
			{ dry_run: true, requests: 1 },
			{ error: 'The prompt is empty. The item has no $json.text.', custom_id: '2' },
		]);
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

describe('options on the wire', () => {
	it('sends expiries in seconds, the window and the name of the file', async () => {
		const options = {
			completionWindow: ' 24h ',
			inputExpiresAfter: 1,
			outputExpiresAfter: '={{ 720 }}',
			fileName: '=films "{{ 1 }}"/ä.jsonl',
		};
		const metadata = { pairs: [{ key: 'job', value: '=films {{ 1 }}' }] };
		await submit(options, rows(1), { metadata });
		const [upload] = product.emulator.ledger.calls('POST', '/files');
		const form = Object.fromEntries(upload.form!.map(({ name, value }) => [name, value]));
		expect(form).toMatchObject({
			purpose: 'batch',
			'expires_after[anchor]': 'created_at',
			'expires_after[seconds]': '3600',
		});
		expect(product.emulator.ledger.uploads[0].filename).toMatch(
			/^films -1-ä-[0-9a-f]{8}-1-of-1\.jsonl$/,
		);
		const [create] = product.emulator.ledger.calls('POST', '/batches');
		expect(create.body).toEqual({
			input_file_id: product.emulator.ledger.uploads[0].id,
			endpoint: '/v1/chat/completions',
			completion_window: '24h',
			metadata: {
				job: 'films 1',
				submission_key: expect.stringMatching(/^[0-9a-f]{32}$/),
				submission_part: '1/1',
			},
			output_expires_after: { anchor: 'created_at', seconds: 2_592_000 },
		});
	});

	it('sends nothing that was not set', async () => {
		await submit({}, rows(1));
		const [upload] = product.emulator.ledger.calls('POST', '/files');
		expect(upload.form!.map(({ name }) => name)).toEqual(['file', 'purpose']);
		const [create] = product.emulator.ledger.calls('POST', '/batches');
		expect(Object.keys(create.body as object)).toEqual([
			'input_file_id',
			'endpoint',
			'completion_window',
			'metadata',
		]);
		expect(product.emulator.ledger.uploads[0].filename).toMatch(/^n8n-batch-/);
	});
});

test('a compatible server gets its own endpoint, window and model names', async () => {
	const options = { completionWindow: '7d' };
	const parameters = {
		...PARAMETERS,
		endpoint: 'other',
		otherEndpoint: '/chat/completions',
		model: 'my deployment/v2',
		requestOptions: { systemMessage: 'S', maxTokens: 5 },
		options,
	};
	const { error } = await product.run('batch', 'submit', parameters, rows(1));
	// The emulator is as strict as OpenAI; what reached it is what counts here.
	expect(error?.message).toContain("Invalid value: '/chat/completions'");
	const [create] = product.emulator.ledger.calls('POST', '/batches');
	expect(create.body).toMatchObject({ endpoint: '/chat/completions', completion_window: '7d' });
	const [upload] = product.emulator.ledger.uploads;
	expect(upload.bytes).toBe(
		Buffer.byteLength(
			`${JSON.stringify({
				custom_id: '0',
				method: 'POST',
				url: '/chat/completions',
				body: {
					model: 'my deployment/v2',
					messages: [
						{ role: 'system', content: 'S' },
						{ role: 'user', content: 'Text 0' },
					],
					max_completion_tokens: 5,
				},
			})}\n`,
		),
	);
	expect(product.emulator.ledger.calls('DELETE', `/files/${upload.id}`)).toHaveLength(1);
});

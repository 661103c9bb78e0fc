import type { IDataObject } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import { ASK_TEXT } from './support/submitParameters';

const product = productForTests();

/** Each message has 100 tokens by the estimate, its role included, and each answer up to 50. */
const ROWS = Array.from({ length: 10 }, (_, row) => ({ id: `row ${row}`, text: 'a'.repeat(396) }));
const PRICES = { inputPricePerMillion: 2_000, outputPricePerMillion: 8_000 };

const submit = async (
	options: IDataObject,
	requestOptions: IDataObject = { maxTokens: 50 },
	more: IDataObject = {},
) =>
	await product.run(
		'batch',
		'submit',
		{
			...ASK_TEXT,
			requestOptions,
			options,
		} as never,
		ROWS,
		more,
	);

const isUntouched = () => expect(product.emulator.ledger.requests).toEqual([]);

/** (10 × 100 × 2,000 + 10 × 50 × 8,000) / 1,000,000, half of it. */
const COST = 3;

describe('Max Total Tokens', () => {
	it('refuses the whole submission above it, with the figures, before anything is sent', async () => {
		const { error } = await submit({ maxTotalTokens: 1_499, maxRequestsPerBatch: 3 });
		expect(error?.message).toBe(
			'The submission is estimated at 1500 tokens, more than Max Total Tokens allows: 1499',
		);
		isUntouched();
	});

	it('lets a submission pass that is just within it', async () => {
		const { error, items } = await submit({ maxTotalTokens: 1_500, maxRequestsPerBatch: 3 });
		expect(error).toBeUndefined();
		expect(items('Node')).toHaveLength(4);
	});

	it('refuses what cannot be estimated, and says what is missing', async () => {
		const { error } = await submit({ maxTotalTokens: 1e9 }, {});
		expect(error).toMatchObject({
			message: 'Max Total Tokens cannot be checked, because the submission cannot be estimated',
			description: expect.stringContaining('Add the request option Max Tokens.'),
		});
		isUntouched();
	});

	it('refuses attachments that cannot be estimated', async () => {
		const { error } = await submit(
			{ maxTotalTokens: 1e9 },
			{
				maxTokens: 50,
				attachments: {
					values: [{ type: 'image', source: 'url', url: 'https://example.com/a.png' }],
				},
			},
		);
		expect((error as { description?: string }).description).toContain(
			'10 attachments cannot be estimated',
		);
		isUntouched();
	});

	it('is an error item with On Error: Continue', async () => {
		const { error, items } = await submit({ maxTotalTokens: 1 }, undefined, {
			onError: 'continueRegularOutput',
		});
		expect(error).toBeUndefined();
		expect(items('Node')[0].json.error).toMatch(/more than Max Total Tokens allows: 1/);
		isUntouched();
	});
});

describe('Max Cost', () => {
	it('refuses the whole submission above it, with the figures', async () => {
		const { error } = await submit({ ...PRICES, maxCost: 2.99 });
		expect(error?.message).toBe(
			`The submission is estimated at a cost of ${COST}, more than Max Cost allows: 2.99`,
		);
		isUntouched();
	});

	it('lets a submission pass that is just within it', async () => {
		const { error } = await submit({ ...PRICES, maxCost: COST });
		expect(error).toBeUndefined();
	});

	it('needs prices, and says so', async () => {
		const { error } = await submit({ maxCost: 100 });
		expect((error as { description?: string }).description).toContain(
			'Add the options Input Price and Output Price per Million Tokens.',
		);
		isUntouched();
	});

	it.each([
		['Input', 'outputPricePerMillion'],
		['Output', 'inputPricePerMillion'],
	])('is not checked without an %s price, which would count as 0', async (of, given) => {
		const { error } = await submit({ maxCost: 100, [given]: 1 });
		expect((error as { description?: string }).description).toContain(
			`Add the option ${of} Price per Million Tokens.`,
		);
		isUntouched();
	});

	it('needs no price of an output that there is not', async () => {
		const parameters = {
			...ASK_TEXT,
			endpoint: '/v1/embeddings',
			model: 'text-embedding-3-small',
			options: { maxCost: 100, inputPricePerMillion: 1 },
		};
		const { error } = await product.run('batch', 'submit', parameters as never, ROWS);
		expect(error).toBeUndefined();
	});

	it.each(['much', -1, {}, Number.NaN])('refuses %j', async (maxCost) => {
		const { error } = await submit({ ...PRICES, maxCost: maxCost as never });
		expect(error?.message).toBe('Max Cost has to be a number of at least 0');
	});
});

it('a dry run shows estimates and ceilings, and says in a hint that it would be refused', async () => {
	const result = await submit({
		...PRICES,
		dryRun: true,
		maxCost: 1,
		maxTotalTokens: 5_000,
		maxRequestsPerBatch: 5,
	});
	expect(result.error).toBeUndefined();
	expect(result.items('Node').map(({ json }) => json)).toEqual(
		[1, 2].map((part) =>
			expect.objectContaining({
				part,
				estimated_tokens: 750,
				total_tokens: 1_500,
				max_total_tokens: 5_000,
				total_cost: COST,
				max_cost: 1,
			}),
		),
	);
	expect(remarksOf(result).map(({ message }) => message)).toEqual([
		expect.stringMatching(/^The submission would be refused\. .* more than Max Cost allows: 1/),
	]);
	isUntouched();
});

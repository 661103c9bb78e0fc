import { productForTests } from './product';
import { line } from './submitted';

const product = productForTests();

const films = [
	{ id: 7, title: 'Alien' },
	{ id: 8, title: 'Heat' },
	{ id: 9, title: 'Amélie \u2028 "quoted"' },
];

test('rows become a batch, and the batch becomes a row for each', async () => {
	const [batch] = await product.json(
		'batch',
		'submit',
		{
			endpoint: '/v1/chat/completions',
			requestSource: 'fields',
			model: 'gpt-6-luna',
			prompt: '=Which genre is {{ $json.title }}?',
			customId: '={{ $json.id }}',
			requestOptions: { systemMessage: 'You classify films.', maxTokens: 50 },
			metadata: { pairs: [{ key: 'job', value: 'films' }] },
		},
		films,
	);
	expect(batch).toMatchObject({
		status: 'validating',
		part: 1,
		parts: 1,
		requests: 3,
		adopted: false,
		metadata: { job: 'films', submission_part: '1/1', submission_key: batch.submission_key },
	});
	expect(product.emulator.file(batch.input_file_id as string).text()).toBe(
		films
			.map(({ id, title }) =>
				line(String(id), '/v1/chat/completions', {
					model: 'gpt-6-luna',
					messages: [
						{ role: 'system', content: 'You classify films.' },
						{ role: 'user', content: `Which genre is ${title}?` },
					],
					max_completion_tokens: 50,
				}),
			)
			.join(''),
	);

	await product.finish(batch.id as string);

	const results = await product.json('batch', 'getResults', { batchId: batch.id as string });
	expect(results.map(({ custom_id }) => custom_id).sort()).toEqual(['7', '8', '9']);
	for (const result of results) {
		expect(result).toMatchObject({ batch_id: batch.id, status: 'succeeded', status_code: 200 });
		expect(typeof result.content).toBe('string');
	}
});

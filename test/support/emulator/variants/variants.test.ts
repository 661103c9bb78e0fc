import type OpenAI from 'openai';
import type { ChatCompletion } from 'openai/resources/chat/completions';

import type { Emulator, Outcome } from '..';
import { download, requestLine, startWithClient, submit } from '../client';
import { VARIANTS, type VariantName } from '.';

let emulator: Emulator;
let client: OpenAI;

beforeEach(async () => {
	({ emulator, client } = await startWithClient());
});

afterEach(() => emulator.close());

const NAMES = Object.keys(VARIANTS) as VariantName[];

/** The text of both result files after one request with this outcome, or with a marker. */
async function results(outcome: Outcome | undefined, text = 'Hello', url = '/v1/chat/completions') {
	if (outcome !== undefined) emulator.control.requests({ match: () => true, outcome });
	const body =
		url === '/v1/responses' ? { input: text } : { messages: [{ role: 'user', content: text }] };
	const batch = await submit(client, [requestLine('a', body, url)], {
		endpoint: url as OpenAI.BatchCreateParams['endpoint'],
	});
	await emulator.step(batch.id, 'completed');
	const { output_file_id: output, error_file_id: error, request_counts } = emulator.batch(batch.id);
	const read = (id: string | null) => (id === null ? '' : emulator.file(id).text());
	return { output: read(output), error: read(error), counts: request_counts };
}

const endpointOf = (name: VariantName) => {
	const variant = VARIANTS[name];
	return 'endpoint' in variant ? variant.endpoint : '/v1/chat/completions';
};

describe('variants', () => {
	it.each(NAMES)('%s, by a rule and by a marker', async (name) => {
		const { fails } = VARIANTS[name];
		const one = await results(undefined, `[[emulator:variant ${name}]]`, endpointOf(name));
		expect(one.counts).toMatchObject(fails ? { failed: 1 } : { completed: 1 });
		expect((fails ? one.error : one.output).length).toBeGreaterThan(10);
		expect(fails ? one.output : one.error).toBe('');
		const other = await results({ type: 'variant', name }, 'Hello', endpointOf(name));
		expect(other.counts).toEqual(one.counts);
		expect(other.output === '').toBe(one.output === '');
	});

	it('have the shapes of the SDK: messages with a phase', async () => {
		const { output } = await results(
			{ type: 'variant', name: 'responses.phases' },
			'Hi',
			'/v1/responses',
		);
		expect(JSON.parse(output).response.body.output).toMatchObject([
			{ type: 'message', phase: 'commentary', content: [{ text: 'Let me check the catalogue.' }] },
			{ type: 'message', phase: 'final_answer', content: [{ text: expect.stringMatching(/Hi$/) }] },
		]);
	});

	it.each([
		['png', '\x89PNG'],
		['jpeg', '\xff\xd8\xff'],
		['webp', 'RIFF'],
		['gif', 'GIF89a'],
		['svg', '<svg'],
	])('have real pictures: %s', async (format, magic) => {
		const name = `responses.image_${format}` as VariantName;
		const { output } = await results({ type: 'variant', name }, 'Hi', '/v1/responses');
		const [call] = JSON.parse(output).response.body.output;
		expect(call).toMatchObject({ type: 'image_generation_call', output_format: format });
		expect(Buffer.from(call.result, 'base64').toString('latin1')).toMatch(new RegExp(`^${magic}`));
	});

	it('write lines that no server should', async () => {
		const lines = async (name: VariantName) =>
			(await results({ type: 'variant', name })).output.trimEnd().split('\n');
		const [first, second] = (await lines('line.twice')).map((line) => JSON.parse(line));
		expect(first).toEqual(second);
		expect(JSON.parse((await lines('line.without_id'))[0])).not.toHaveProperty('custom_id');
		expect(JSON.parse((await lines('line.bedrock'))[0])).toMatchObject({ recordId: 'a' });
		expect(JSON.parse((await lines('line.direct'))[0]).response.object).toBe('chat.completion');
		expect((await lines('line.text'))[0]).toBe('This is no JSON.');
	});
});

describe('outcomes of a test', () => {
	it('a body word for word, with its status', async () => {
		const body = { detail: 'Model Not Found' };
		const { error, counts } = await results({ type: 'body', status: 404, body });
		expect(JSON.parse(error).response).toMatchObject({ status_code: 404, body });
		expect(counts).toMatchObject({ completed: 0, failed: 1 });
		expect(JSON.parse((await results({ type: 'body', body: 'text' })).output).response.body).toBe(
			'text',
		);
	});

	it('lines as they are', async () => {
		const lines = [{ custom_id: 'a', anything: true }, 'text'];
		expect((await results({ type: 'lines', lines })).output).toBe(
			'{"custom_id":"a","anything":true}\ntext\n',
		);
		const inErrors = await results({ type: 'lines', lines: [{}], file: 'error' });
		expect(inErrors).toMatchObject({ output: '', error: '{}\n', counts: { failed: 1 } });
	});

	it('an answer that it changes', async () => {
		const change = (body: ChatCompletion) => {
			body.choices[0].message.content = 'changed';
		};
		const { output } = await results({ type: 'answer', content: 'said', change });
		expect(JSON.parse(output).response.body.choices[0].message.content).toBe('changed');
	});

	it('a marker of which nothing is known changes nothing', async () => {
		const { output } = await results(undefined, '[[emulator:variant nothing]] [[emulator:dance]]');
		expect(JSON.parse(output).response.status_code).toBe(200);
	});
});

it('several answers to one id stand in the file in their order', async () => {
	emulator.control.requests({
		match: ({ custom_id }) => custom_id === 'a',
		outcome: { type: 'variant', name: 'line.twice_one_failed' },
	});
	const { id } = await submit(client, [requestLine('a'), requestLine('b')]);
	await emulator.step(id, 'completed');
	const lines = await download(client, emulator.batch(id).output_file_id);
	expect(lines).toHaveLength(3);
	const statuses = lines
		.filter(({ custom_id }) => custom_id === 'a')
		.map(({ response }) => response.status_code);
	expect(statuses).toEqual([200, 500]);
});

import type { IDataObject } from 'n8n-workflow';
import type { VariantName } from '../support/emulator/variants';
import { addHistory } from './batches';
import { productForTests } from './product';

const product = productForTests();

type Options = Record<string, boolean | number | string>;

/** Submits one request that is answered in this way, and runs Get Results on its batch. */
async function run(variant: VariantName, options: Options = {}) {
	const endpoint = `/v1/${variant.startsWith('chat.') ? 'chat/completions' : 'responses'}`;
	product.emulator.control.requests({
		match: ({ custom_id }) => custom_id === 'one',
		outcome: { type: 'variant', name: variant },
	});
	const [batch] = await product.json('batch', 'submit', {
		endpoint,
		prompt: 'Which genre?',
		customId: 'one',
	});
	await product.finish(batch.id as string);
	const result = await product.run('batch', 'getResults', { batchId: batch.id as string, options });
	if (result.error) throw result.error;
	expect(result.items('Node')).toHaveLength(1);
	return { ...result, item: result.items('Node')[0] };
}

const jsonOf = async (variant: VariantName, options: Options = {}) =>
	(await run(variant, options)).item.json;

const ANSWER = expect.stringMatching(/^Emulated answer/) as string;
const THOUGHT = { reasoning_summary: 'Which label fits?' };
const PAGE = { url: 'https://example.com/films', title: 'Films' };

test.each<[VariantName, IDataObject]>([
	['responses.phases', { content: ANSWER, commentary: 'Let me check the catalogue.' }],
	['responses.only_commentary', { content: null, commentary: 'Let me check the catalogue.' }],
	['responses.messages', { content: 'First.And second.' }],
	['responses.refusal_after_text', { content: ANSWER, refusal: "I can't go on with this." }],
	[
		'responses.reasoning',
		{
			content: ANSWER,
			reasoning_summary: 'The title is that of a comedy.\n\nSo the genre is clear.',
		},
	],
	['responses.image_failed', { content: null, refusal: 'The picture was blocked.' }],
	['responses.content_filter', { content: ANSWER, finish_reason: 'content_filter' }],
	['chat.content_filter', { content: null, finish_reason: 'content_filter' }],
	['chat.sources', { content: ANSWER, sources: [PAGE] }],
	['chat.thinking_parts', { content: ANSWER, ...THOUGHT }],
	['chat.reasoning_content', { content: ANSWER, ...THOUGHT }],
	['chat.choices', { content: ['{"label":"a"}', '{"label":"b"}', '{"label":"c"}'] }],
])('%s', async (variant, expected) => {
	const item = await jsonOf(variant);
	expect(item).toMatchObject({ status: 'succeeded', error: null, ...expected });
	const names = Object.keys(item);
	const beside = names.slice(names.indexOf('usage') + 1, names.indexOf('batch_id'));
	const own = Object.keys(expected).filter((key) => !['content', 'finish_reason'].includes(key));
	expect(beside).toEqual(own);
});

test('responses.sources: pages and files, each once', async () => {
	const { sources } = await jsonOf('responses.sources');
	expect(sources).toEqual(
		expect.arrayContaining([PAGE, { file_id: expect.any(String), title: expect.any(String) }]),
	);
	const ids = (sources as IDataObject[]).map(({ url, file_id }) => url ?? file_id);
	expect(new Set(ids).size).toBe(ids.length);
});

describe('calls', () => {
	const typesOf = ({ tool_calls }: IDataObject) =>
		(tool_calls as IDataObject[]).map(({ type }) => type);

	test('of every kind are returned, without a needless parse_error', async () => {
		const item = await jsonOf('responses.calls', { parseJson: true });
		expect(typesOf(item)).toEqual([
			'function_call',
			'custom_tool_call',
			'computer_call',
			'shell_call',
			'apply_patch_call',
			'mcp_approval_request',
		]);
		expect(item).toMatchObject({ content: null });
		expect(item).not.toHaveProperty('parse_error');
	});

	test('of chat completions are returned in one form', async () => {
		const legacy = await jsonOf('chat.function_call', { parseJson: true });
		expect(legacy).not.toHaveProperty('parse_error');
		const present = await jsonOf('chat.tool_calls', { parseJson: true });
		expect(present).not.toHaveProperty('parse_error');
		expect(typesOf(present)).toEqual(['function', 'custom']);
		const { function: called } = (present.tool_calls as IDataObject[])[0];
		expect(legacy.tool_calls).toEqual([{ type: 'function', function: called }]);
	});

	test('beside a text leave the text as it is', async () => {
		const item = await jsonOf('responses.call_after_text', { parseJson: true });
		expect(item).toMatchObject({ content: ANSWER });
		expect(typesOf(item)).toEqual(['function_call']);
		expect(item).not.toHaveProperty('parse_error');
	});
});

describe('Parse JSON', () => {
	test('parses each choice', async () => {
		const item = await jsonOf('chat.choices', { parseJson: true });
		expect(item.content).toEqual([{ label: 'a' }, { label: 'b' }, { label: 'c' }]);
		expect(item).not.toHaveProperty('parse_error');
	});

	test('keeps a refusal after a text as the reason', async () => {
		const item = await jsonOf('responses.refusal_after_text', { parseJson: true });
		expect(item).toMatchObject({
			content: ANSWER,
			parse_error: "The model declined: I can't go on with this.",
		});
	});
});

describe('images of the Responses API', () => {
	const IMAGES = [
		['png', 'png', 'image/png'],
		['jpeg', 'jpg', 'image/jpeg'],
		['webp', 'webp', 'image/webp'],
		['gif', 'gif', 'image/gif'],
		['svg', 'svg', 'image/svg+xml'],
	] as const;

	test.each(IMAGES)('%s is the content, and a file on request', async (name, ending, mimeType) => {
		const { content } = await jsonOf(`responses.image_${name}`);
		const { b64_json, ...rest } = content as IDataObject;
		expect(rest).toEqual({ output_format: name, revised_prompt: 'A picture of one pixel.' });
		const options = { mediaAsBinary: true, parseJson: true, simplify: false };
		const { item, binary } = await run(`responses.image_${name}`, options);
		expect(item.json.content).toEqual(rest);
		expect(item.json).not.toHaveProperty('parse_error');
		expect(JSON.stringify(item.json)).not.toContain(b64_json);
		expect(item.json.response).toMatchObject({ response: { body: { object: 'response' } } });
		expect(Object.keys(item.binary!)).toEqual(['image']);
		expect(item.binary!.image).toMatchObject({
			fileName: `one.${ending}`,
			fileExtension: ending,
			mimeType,
		});
		expect((await binary(item, 'image')).toString('base64')).toBe(b64_json);
	});
});

describe('media', () => {
	const line = (body: object) =>
		JSON.stringify({ custom_id: 'a', response: { status_code: 200, body }, error: null });

	/** The item for an answer that the emulator does not give itself. */
	async function resultOf(body: object, options: Options) {
		const batch = addHistory(product, { output: [line(body)], request_counts: { total: 1 } });
		const parameters = { batchId: batch.id, options };
		const { items, error, binary } = await product.run('batch', 'getResults', parameters);
		if (error) throw error;
		return { item: items('Node')[0], binary };
	}

	const base64 = (text: string) => Buffer.from(text).toString('base64');

	test('chat.audio: the transcript is the content, and the sound a file on request', async () => {
		const plain = await jsonOf('chat.audio');
		expect(plain).toMatchObject({ content: ANSWER, audio: { data: expect.any(String) } });
		const { data, ...rest } = plain.audio as IDataObject;
		const { item, binary } = await run('chat.audio', { mediaAsBinary: true, simplify: false });
		expect(item.json).toMatchObject({ content: plain.content, audio: rest });
		expect(JSON.stringify(item.json)).not.toContain(data);
		expect(Object.keys(item.binary!)).toEqual(['audio']);
		expect(item.binary!.audio).toMatchObject({ fileName: 'one.wav', mimeType: 'audio/wav' });
		expect((await binary(item, 'audio')).toString('base64')).toBe(data);
	});

	test('beside a text stays with it, listed without its bytes', async () => {
		const image = { type: 'image_generation_call', result: base64('GIF89a'), revised_prompt: 'A' };
		const message = { type: 'message', content: [{ type: 'output_text', text: 'Here it is.' }] };
		const body = { object: 'response', output: [image, image, message] };
		const { item } = await resultOf(body, { mediaAsBinary: true });
		expect(item.json).toMatchObject({
			content: 'Here it is.',
			images: [{ revised_prompt: 'A' }, { revised_prompt: 'A' }],
		});
		expect(JSON.stringify(item.json)).not.toContain(image.result);
		expect(item.binary).toMatchObject({
			image: { fileName: 'a.gif' },
			image_2: { fileName: 'a_2.gif' },
		});
	});

	test('of several choices is numbered, and data URLs leave the original line too', async () => {
		const data = [base64('OggS one'), base64('fLaC two'), base64('GIF89a three')];
		const url = `data:image/gif;base64,${data[2]}`;
		const messages = [
			{ content: null, audio: { data: data[0], transcript: 'one' } },
			{ content: null, audio: { data: data[1], transcript: 'two' } },
			{ content: null, images: [{ type: 'image_url', image_url: { url } }] },
		];
		const choices = messages.map((message, index) => ({ index, message }));
		const { item } = await resultOf({ choices }, { mediaAsBinary: true, simplify: false });
		expect(item.json).toMatchObject({ content: ['one', 'two', { output_format: 'gif' }] });
		expect(item.binary).toMatchObject({
			audio: { fileName: 'a.opus', mimeType: 'audio/ogg' },
			audio_2: { fileName: 'a_2.flac', mimeType: 'audio/flac' },
			image: { fileName: 'a.gif', mimeType: 'image/gif' },
		});
		for (const each of data) expect(JSON.stringify(item.json)).not.toContain(each);
	});

	test('that is no base64 stays where it is', async () => {
		const body = { data: [{ b64_json: '...' }] };
		const { item } = await resultOf(body, { mediaAsBinary: true });
		expect(item.json.content).toEqual({ b64_json: '...' });
		expect(item.binary).toBeUndefined();
	});
});

describe('Cached Input Price', () => {
	const prices = {
		inputPricePerMillion: 4,
		cachedInputPricePerMillion: 0.4,
		outputPricePerMillion: 12,
	};
	const usage = {
		input_tokens: 1_000_000,
		input_tokens_details: { cached_tokens: 750_000 },
		output_tokens: 100_000,
		total_tokens: 1_100_000,
	};

	test('is used by Get Results and Get', async () => {
		const body = { object: 'response', output: [], usage };
		const line = { custom_id: 'a', response: { status_code: 200, body } };
		const batch = addHistory(product, {
			output: [JSON.stringify(line)],
			request_counts: { total: 1 },
			usage,
		});
		const { inputPricePerMillion, outputPricePerMillion } = prices;
		const others = { inputPricePerMillion, outputPricePerMillion };
		for (const operation of ['getResults', 'get']) {
			const costs = [prices, others].map(async (options) => {
				const [item] = await product.json('batch', operation, { batchId: batch.id, options });
				return item.cost;
			});
			// (250,000 × 4 + 750,000 × 0.4 + 100,000 × 12) / 1,000,000, half of it; else all at 4.
			expect(await Promise.all(costs)).toEqual([1.25, 2.6]);
		}
	});

	test('that is not a price is refused', async () => {
		const options = { cachedInputPricePerMillion: '={{ "cheap" }}' };
		const { error } = await product.run('batch', 'get', { batchId: 'batch_1', options });
		expect(error?.message).toBe(
			'Cached Input Price per Million Tokens has to be a number of at least 0',
		);
	});
});

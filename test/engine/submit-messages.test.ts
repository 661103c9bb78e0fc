import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import { CHAT, RESPONSES } from '../support/endpointUrls';
import { productForTests, remarksOf } from './product';
import { line, uploaded } from './submitted';

type Parameters = Record<string, NodeParameterValueType>;

const product = productForTests();

const CAT = 'https://example.com/cat.png';

/** The rows of the panel: role and content. */
const messages = (...rows: Array<[role: unknown, content: unknown]>): Parameters => ({
	promptType: 'messages',
	messages: { values: rows.map(([role, content]) => ({ role, content })) } as never,
});

const FEW_SHOT = messages(
	['system', 'Genres: {{ list }}'],
	['user', 'Alien'],
	['assistant', 'horror'],
	['developer', '=In {{ $json.language }}'],
	['user', '={{ $json.title }}'],
);
const turns = (language: string, title: unknown) => [
	{ role: 'system', content: 'Genres: {{ list }}' },
	{ role: 'user', content: 'Alien' },
	{ role: 'assistant', content: 'horror' },
	{ role: 'developer', content: `In ${language}` },
	{ role: 'user', content: title },
];
const FILMS = [
	{ title: 'Heat', language: 'English' },
	{ title: 42, language: 'Deutsch' },
];

const submit = async (parameters: Parameters, items: IDataObject[] = [{}], more = {}) =>
	await product.run('batch', 'submit', parameters, items, more);

describe('messages', () => {
	it('become those of a chat, after the system message', async () => {
		const requestOptions = { systemMessage: 'Be brief.' };
		const text = await uploaded(product, { endpoint: CHAT, ...FEW_SHOT, requestOptions }, FILMS);
		const body = (language: string, title: string) => ({
			model: 'gpt-6-luna',
			messages: [{ role: 'system', content: 'Be brief.' }, ...turns(language, title)],
		});
		expect(text).toBe(
			line('item-0', CHAT, body('English', 'Heat')) + line('item-1', CHAT, body('Deutsch', '42')),
		);
	});

	it('become the input of a response, beside the instructions', async () => {
		const requestOptions = { systemMessage: 'Be brief.' };
		const text = await uploaded(
			product,
			{ endpoint: RESPONSES, ...FEW_SHOT, requestOptions },
			FILMS,
		);
		const body = (language: string, title: string) => ({
			model: 'gpt-6-luna',
			instructions: 'Be brief.',
			input: turns(language, title),
		});
		expect(text).toBe(
			line('item-0', RESPONSES, body('English', 'Heat')) +
				line('item-1', RESPONSES, body('Deutsch', '42')),
		);
	});

	it('are the same in a file of Build', async () => {
		const parameters = { endpoint: CHAT, ...FEW_SHOT };
		const result = await product.run('requestFile', 'build', parameters, FILMS);
		expect(result.error).toBeUndefined();
		const [item] = result.items('Node');
		const text = (await result.binary(item)).toString();
		expect(text).toBe(
			line('item-0', CHAT, { model: 'gpt-6-luna', messages: turns('English', 'Heat') }) +
				line('item-1', CHAT, { model: 'gpt-6-luna', messages: turns('Deutsch', '42') }),
		);
	});

	it.each([
		[
			CHAT,
			'messages',
			{ type: 'text', text: 'Heat' },
			{ type: 'image_url', image_url: { url: CAT } },
		],
		[
			RESPONSES,
			'input',
			{ type: 'input_text', text: 'Heat' },
			{ type: 'input_image', image_url: CAT },
		],
	])('%s: images go into the last message of the user', async (endpoint, field, own, image) => {
		const parameters = {
			endpoint,
			...messages(['user', 'Alien'], ['user', 'Heat'], ['system', 'One word.']),
			requestOptions: { attachments: { values: [{ source: 'url', url: CAT }] } },
		};
		const body = {
			model: 'gpt-6-luna',
			[field]: [
				{ role: 'user', content: 'Alien' },
				{ role: 'user', content: [own, image] },
				{ role: 'system', content: 'One word.' },
			],
		};
		expect(await uploaded(product, parameters, [{}])).toBe(line('item-0', endpoint, body));
	});

	it('may have any role that the server knows, and a content in parts', async () => {
		const content = '={{ [{ type: "text", text: $json.title }] }}';
		const parameters = messages(['={{ $json.role }}', content], ['user', '={{ true }}']);
		const text = await uploaded(product, parameters, [{ role: 'system', title: 'Heat' }]);
		expect(text).toBe(
			line('item-0', CHAT, {
				model: 'gpt-6-luna',
				messages: [
					{ role: 'system', content: [{ type: 'text', text: 'Heat' }] },
					{ role: 'user', content: 'true' },
				],
			}),
		);
	});

	it('are compiled, so that n8n evaluates none of them', async () => {
		const items = Array.from({ length: 2_000 }, (_, n) => ({
			title: `T${n}`,
			language: 'English',
		}));
		const result = await submit(FEW_SHOT, items);
		expect(result.error).toBeUndefined();
		expect(remarksOf(result)).toEqual([]);
		const [batch] = result.items('Node');
		const text = product.emulator.file(String(batch.json.input_file_id)).text();
		expect(text.split('\n')[1_999]).toContain('"content":"T1999"');
	});

	it('say when n8n had to evaluate thousands of them', async () => {
		const items = Array.from({ length: 2_000 }, () => ({ title: 'a' }));
		const result = await submit(messages(['user', '={{ $json.title.trim() }}']), items);
		expect(remarksOf(result)).toMatchObject([
			{ message: expect.stringContaining('2000 expressions were evaluated one by one') },
		]);
	});
});

describe('messages that are refused by item and number', () => {
	it.each<[string, Parameters, string]>([
		[
			'none',
			{ promptType: 'messages', messages: {} },
			'There are no messages. Add one with the role User.',
		],
		[
			'only instructions',
			messages(['system', 'a'], ['developer', 'b']),
			'There is no user message. Add one with the role User.',
		],
		[
			'an assistant message at the end',
			messages(['user', 'a'], ['assistant', 'b']),
			'Message 2, the last one, is an assistant message, so that there is nothing to answer. Put a user message at the end.',
		],
		[
			'an empty one',
			messages(['user', 'a'], ['assistant', ''], ['user', 'b']),
			'Message 2 is empty. Check its expression, or remove the message.',
		],
		[
			'one with spaces',
			messages(['user', ' \n']),
			'Message 1 is empty. Check its expression, or remove the message.',
		],
		[
			'one whose expression gives nothing',
			messages(['user', 'a'], ['user', '={{ $json.none }}']),
			'Message 2 is empty. Check its expression, or remove the message. The item has no $json.none.',
		],
		[
			'an empty list',
			messages(['user', '={{ [] }}']),
			'Message 1 is empty. Check its expression, or remove the message.',
		],
		[
			'an object',
			messages(['user', '={{ $json.film }}']),
			'The content of message 1 is an object. Turn it into text first.',
		],
		[
			'no role',
			messages(['={{ null }}', 'a']),
			'Message 1 has no role. Use system, developer, user or assistant.',
		],
		[
			'an object in a text',
			messages(['user', 'a'], ['assistant', '=By {{ $json.film }}'], ['user', 'b']),
			"Content of message 2 has '[object Object]' in its text, because an object is inserted there: {{ $json.film }}. Insert one of its fields, or use JSON.stringify().",
		],
		[
			'an object in a text, by n8n',
			messages(['user', '={{ "By " + $json.film }}']),
			`Content of message 1 has '[object Object]' in its text, because an object is inserted there: {{ "By " + $json.film }}. Insert one of its fields, or use JSON.stringify().`,
		],
	])('%s', async (_what, parameters, reason) => {
		const { error } = await submit(parameters, [{ film: { title: 'Heat' } }]);
		expect(error?.message).toBe(`Item 0 cannot be submitted: ${reason}`);
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each<[string, Parameters, string]>([
		[
			'another role',
			messages(['narrator', 'a'], ['user', 'b']),
			"'narrator' is not the role of a message. It is one of: assistant, developer, function, system, tool, user.",
		],
		[
			'a list that is no content',
			messages(['user', '={{ [1] }}']),
			"Invalid type for 'messages[0].content[0]': expected an object, but got a number instead.",
		],
	])('%s, by the rules of OpenAI', async (_what, parameters, reason) => {
		const { error } = await product.run('requestFile', 'build', parameters, [{}]);
		expect(error?.message).toBe(`Item 0 cannot become a request: ${reason}`);
	});

	it('one item of several', async () => {
		const { error } = await submit(messages(['user', '={{ $json.a }}']), [{ a: 1 }, { a: '' }]);
		expect(error?.message).toMatch(/^Item 1 cannot be submitted: Message 1 is empty/);
		const result = await submit(messages(['user', '={{ $json.a }}']), [{ a: 1 }, { a: '' }], {
			onError: 'continueRegularOutput',
		});
		const [batch, bad] = result.items('Node');
		expect(batch.json).toMatchObject({ status: 'validating', requests: 1 });
		expect(bad.json).toMatchObject({ code: 'invalid_value', param: 'messages' });
	});

	it('an expression in a content that is set to Fixed', async () => {
		const { error } = await submit(messages(['user', 'a'], ['user', 'Is {{ $json.title }} good?']));
		expect(error?.message).toBe(
			'Content of message 2 contains {{ $json.title }}, but the field is set to Fixed, so that this text would be sent as it stands',
		);
		expect(error?.description).toContain('Switch the field Content of message 2 to Expression.');
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

it('a content that inserts an empty field gets a hint', async () => {
	const rows = messages(['system', '=In {{ $json.b }}'], ['user', '=Is {{ $json.a }} good?']);
	const result = await submit(rows, [
		{ a: 'x', b: 'y' },
		{ a: '', b: 'y' },
		{ a: 'x', b: null },
	]);
	expect(result.error).toBeUndefined();
	expect(remarksOf(result).map(({ message }) => message)).toEqual([
		'2 of 3 prompts insert an empty field, first in item 1: {{ $json.a }}.',
	]);
});

describe('Prompt As', () => {
	it('offers one field for each prompt, also while the endpoint is an expression', async () => {
		const parameters = { endpoint: `={{ "${RESPONSES}" }}`, otherEndpoint: 'not needed' };
		const body = { model: 'gpt-6-luna', input: 'a' };
		expect(await uploaded(product, { ...parameters, prompt: 'a' }, [{}])).toBe(
			line('item-0', RESPONSES, body),
		);
		expect(await uploaded(product, { ...parameters, ...messages(['user', 'a']) }, [{}])).toBe(
			line('item-0', RESPONSES, { ...body, input: [{ role: 'user', content: 'a' }] }),
		);
	});

	it('is not there for an endpoint without messages, whatever is stored', async () => {
		const endpoint = '/v1/embeddings';
		const parameters = { endpoint, model: 'text-embedding-3-small', prompt: 'a', ...FEW_SHOT };
		expect(await uploaded(product, parameters, [{}])).toBe(
			line('item-0', endpoint, { model: 'text-embedding-3-small', input: 'a' }),
		);
	});

	it.each([
		['other', '/embeddings'],
		['={{ "/v1/embeddings" }}', 'not needed'],
	])('Messages are refused when the endpoint %s turns out to take none', async (endpoint, path) => {
		const parameters = { endpoint, otherEndpoint: path, model: 'm', ...FEW_SHOT };
		const { error } = await submit(parameters, FILMS);
		expect(error?.message).toMatch(/^Requests for .*\/embeddings cannot be made from messages$/);
		expect(error?.description).toBe('Set Prompt As to Text, and enter the prompt there.');
		expect(product.emulator.ledger.requests).toEqual([]);
	});

	it.each(['toString', 7])('%s is refused', async (promptType) => {
		const { error } = await submit({ promptType, prompt: 'a' });
		expect(error?.message).toBe('Prompt As has a value that is not known');
		expect(error?.description).toBe('Use text or messages.');
	});
});

import type { Readable } from 'node:stream';
import { BinaryDataService } from 'n8n-core';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { productForTests, remarksOf } from './product';
import type { Storage } from './support/binaryStorage';
import { STORAGES, stored } from './support/binaryStorage';
import { CHAT, EMBEDDINGS } from '../support/endpointUrls';
import { Container } from '../support/engine/container';

const product = productForTests();

let executions = 0;

const fileItem = async (
	content: string | Buffer,
	fileName = 'films.csv',
	storage: Storage = 'filesystem-v2',
): Promise<INodeExecutionData> => ({
	json: {},
	binary: {
		data: await stored(storage, Buffer.from(content as string), { fileName, mimeType: 'text/csv' }),
	},
});

const ROWS: IDataObject = {
	endpoint: CHAT,
	requestSource: 'rowsFile',
	model: 'gpt-6-luna',
	prompt: 'Which genre is {title}?',
	customId: '{id}',
};
const REQUESTS: IDataObject = { endpoint: CHAT, requestSource: 'requestsFile' };

async function run(
	parameters: IDataObject,
	input: Array<string | Buffer | INodeExecutionData>,
	more: IDataObject = {},
) {
	const items: INodeExecutionData[] = [];
	for (const one of input) {
		const isItem = typeof one === 'object' && 'json' in one;
		items.push(isItem ? one : await fileItem(one as string));
	}
	const { operation = 'submit', resource = 'batch', ...settings } = more;
	return await product.run(String(resource), String(operation), parameters as never, items, {
		executionId: `files ${++executions}`,
		...settings,
	} as never);
}

async function submit(...args: Parameters<typeof run>): Promise<IDataObject[]> {
	const { error, items } = await run(...args);
	if (error) throw error;
	return items('Node').map(({ json }) => json);
}

const contentOf = async ({ input_file_id }: IDataObject) =>
	await product.emulator.file(String(input_file_id)).text();

const linesOf = async (batch: IDataObject) =>
	(await contentOf(batch))
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as IDataObject);

const promptsOf = async (batch: IDataObject) =>
	(await linesOf(batch)).map(({ custom_id, body }) => [
		custom_id,
		...((body as IDataObject).messages as IDataObject[]).map(({ content }) => content),
	]);

/** The error of a run, with its description. */
async function refusal(...args: Parameters<typeof run>): Promise<string> {
	const { error } = await run(...args);
	expect(product.emulator.ledger.requests.filter(({ method }) => method === 'POST')).toEqual([]);
	return `${error!.message}\n${error!.description ?? ''}`;
}

const request = (custom_id: string, body: string) =>
	`{"custom_id": "${custom_id}", "method": "POST", "url": "${CHAT}", "body": ${body}}`;
const BODY = '{"model": "m", "messages": [{"role": "user", "content": "x"}]}';

describe('Rows File', () => {
	it.each(STORAGES)('makes a request of each row of a CSV in the storage %s', async (storage) => {
		const csv = 'id,title\r\n1,"Alien, ""director\'s cut"""\r\n2,"Two\nlines"\r\n3,Größe 𝄞\r\n';
		const [batch] = await submit(ROWS, [await fileItem(csv, 'films.csv', storage)]);
		expect(await promptsOf(batch)).toEqual([
			['1', 'Which genre is Alien, "director\'s cut"?'],
			['2', 'Which genre is Two\nlines?'],
			['3', 'Which genre is Größe 𝄞?'],
		]);
	});

	it('inserts columns into messages, the system message and attachments, and leaves braces', async () => {
		const parameters = {
			...ROWS,
			promptType: 'messages',
			messages: { values: [{ role: 'user', content: 'JSON \\{"a": 1} of { title }, {title}' }] },
			requestOptions: {
				systemMessage: 'In {language}',
				attachments: { values: [{ source: 'url', url: '{image}' }] },
			},
		};
		const csv = 'id;title;language;image\nä;{title};de;https://a.example/1.png\n';
		const [batch] = await submit(parameters, [csv]);
		const [{ custom_id, body }] = await linesOf(batch);
		expect(custom_id).toBe('ä');
		expect((body as IDataObject).messages).toEqual([
			{ role: 'system', content: 'In de' },
			{
				role: 'user',
				content: [
					{ type: 'text', text: 'JSON {"a": 1} of {title}, {title}' },
					{ type: 'image_url', image_url: { url: 'https://a.example/1.png' } },
				],
			},
		]);
	});

	it('reads the index of pandas and the empty columns of a spreadsheet, by their numbers', async () => {
		const csv = ',id,title,\n0,a,Alien,\n1,b,Jaws,\n';
		const customId = '{id}-{column_1}';
		const [batch] = await submit({ ...ROWS, customId }, [csv]);
		expect(await promptsOf(batch)).toEqual([
			['a-0', 'Which genre is Alien?'],
			['b-1', 'Which genre is Jaws?'],
		]);
	});

	it('makes no column of a brace behind a backslash, and says so where there is such a column', async () => {
		const prompt =
			'D:\\docs\\{title}\\x: \\\\{title}, \\\\\\{title}, \\d\\{2\\} \\{title\\} \\{no}\\';
		const result = await run({ ...ROWS, prompt, customId: '{id}\\{id}' }, [
			'id,title\n1,a',
			'id,title\n2,b',
		]);
		const [batch] = result.items('Node').map(({ json }) => json);
		expect(await promptsOf(batch)).toEqual([
			['1{id}', 'D:\\docs{title}\\x: \\a, \\{title}, \\d{2} {title} {no}\\'],
			['2{id}', 'D:\\docs{title}\\x: \\b, \\{title}, \\d{2} {title} {no}\\'],
		]);
		expect(remarksOf(result).map(({ message }) => message)).toEqual([
			'Custom ID contains \\{id}, which is sent as {id}: a backslash before a brace makes it plain text. To insert the column behind a backslash, write \\\\{id}.',
			'Prompt contains \\{title}, which is sent as {title}: a backslash before a brace makes it plain text. To insert the column behind a backslash, write \\\\{title}.',
		]);
	});

	it('leaves an attachment out where its columns are empty, and counts these rows', async () => {
		const values = [
			{ source: 'url', url: '{photo}' },
			{ source: 'url', url: ' {second}, {photo}' },
			{ source: 'url', url: 'https://a.example/?{second}' },
		];
		const parameters = { ...ROWS, requestOptions: { attachments: { values } } };
		const [one, two] = ['https://a.example/1.png', 'https://b.example/2.png'];
		const csv = `id,title,photo,second\n1,a,${one},${two}\n2,b,,${two}\n3,c, ,\n4,d,${one},\n`;
		const result = await run(parameters, [csv]);
		const [batch] = result.items('Node').map(({ json }) => json);
		const urls = (await linesOf(batch)).map(({ body }) => {
			const { content } = (body as { messages: Array<{ content: IDataObject[] }> }).messages[0];
			return content.flatMap(({ image_url: url }) => (url ? [(url as IDataObject).url] : []));
		});
		expect(urls).toEqual([
			[one, two, one, `https://a.example/?${two}`],
			[two, `https://a.example/?${two}`],
			['https://a.example/?'],
			[one, one, 'https://a.example/?'],
		]);
		expect(remarksOf(result).map(({ message }) => message)).toEqual([
			'2 of 4 rows are sent without an attachment, first in line 3: {photo}.',
		]);
	});

	it('leaves an attachment out of a row of JSONL that has null, and of all rows', async () => {
		const values = [{ source: 'fileId', fileId: '{photo}', type: 'file' }];
		const parameters = { ...ROWS, requestOptions: { attachments: { values } } };
		const jsonl = '{"id":1,"title":"a","photo":null}\n{"id":2,"title":"b","photo":""}\n';
		const result = await run(parameters, [jsonl]);
		const [batch] = result.items('Node').map(({ json }) => json);
		expect(await promptsOf(batch)).toEqual([
			['1', 'Which genre is a?'],
			['2', 'Which genre is b?'],
		]);
		expect(remarksOf(result).map(({ message }) => message)).toEqual([
			'2 of 2 rows are sent without an attachment, first in line 1: {photo}. Check the name of the field. If a batch was created, the operation Cancel stops it.',
		]);
	});

	it('sends a row without a text with its attachment alone', async () => {
		const [batch] = await submit(
			{
				...ROWS,
				endpoint: '/v1/moderations',
				model: 'omni-moderation-latest',
				prompt: '{title}',
				requestOptions: {
					attachments: { values: [{ source: 'url', url: 'https://a.example/1.png' }] },
				},
			},
			['id,title\n1,a\n2,\n'],
		);
		const image = { type: 'image_url', image_url: { url: 'https://a.example/1.png' } };
		expect((await linesOf(batch)).map(({ body }) => (body as IDataObject).input)).toEqual([
			[{ type: 'text', text: 'a' }, image],
			[image],
		]);
	});

	it('sends braces of options that are no column', async () => {
		const requestOptions = {
			additionalFields: '{"metadata": {"id": {}, "a": "{ id }", "b": "{ID}", "{id}": "x{2}"}}',
			promptCacheKey: '{films}',
			jsonSchema:
				'{"type": "object", "properties": {"a": {"type": "string", "description": "{id}, {{ $json.x }}"}}, "required": ["a"], "additionalProperties": false}',
		};
		const [batch] = await submit({ ...ROWS, requestOptions }, ['id,title\n1,a']);
		const [{ body }] = await linesOf(batch);
		expect(body).toMatchObject({
			metadata: { id: {}, a: '{ id }', b: '{ID}', '{id}': 'x{2}' },
			prompt_cache_key: '{films}',
		});
	});

	it('takes the line as the custom id when nobody has entered one', async () => {
		const csv = 'title\n"a\nb"\nc\n';
		for (const customId of ['=item-{{ $itemIndex }}', 'line-{$line}']) {
			const [batch] = await submit({ ...ROWS, customId }, [csv]);
			expect((await promptsOf(batch)).map(([id]) => id)).toEqual(['line-2', 'line-4']);
		}
	});

	it('reads expressions once for the file', async () => {
		const item = await fileItem('id,title\n1,a\n2,b\n');
		item.json = { question: 'What is {title}?', key: 'k' };
		const parameters = {
			...ROWS,
			prompt: '={{ $json.question }}',
			customId: '={{ $json.key }}-{id}',
		};
		const [batch] = await submit(parameters, [item]);
		expect(await promptsOf(batch)).toEqual([
			['k-1', 'What is a?'],
			['k-2', 'What is b?'],
		]);
	});

	it('reads JSONL, with the digits of its numbers and with JSON for what is nested', async () => {
		const jsonl =
			'{"id": 12345678901234567890, "title": {"a":  [1.50, "x\\"}"]}, "n": null}\n\n{"title": true, "id": "b", "n": "1"}\n';
		const parameters = { ...ROWS, prompt: '{title} {n}!' };
		const [batch] = await submit(parameters, [jsonl]);
		expect(await promptsOf(batch)).toEqual([
			['12345678901234567890', '{"a":  [1.50, "x\\"}"]} !'],
			['b', 'true 1!'],
		]);
	});

	it.each<[string, Buffer, IDataObject]>([
		['UTF-16', Buffer.from('\ufeffid\ttitle\r\n1\tGröße\r\n', 'utf16le'), {}],
		['UTF-8 with a mark', Buffer.from('\ufeffid;title\n1;Größe'), {}],
		['Windows-1252', Buffer.from('id|title\n1|Größe', 'latin1'), { encoding: 'windows-1252' }],
		['a separator that was set', Buffer.from('id;a,title,b\n1;2,Größe,3'), { separator: ',' }],
		['a line break in the header', Buffer.from('id;"title\r\nof the film";title\r\n1;x;Größe'), {}],
		['what Excel says first', Buffer.from('sep=;\r\nid;title\r\n1;Größe\r\n'), {}],
	])('reads %s', async (_name, content, rowsOptions) => {
		const [batch] = await submit({ ...ROWS, customId: '{$line}', rowsOptions }, [content]);
		expect((await promptsOf(batch)).map(([, prompt]) => prompt)).toEqual(['Which genre is Größe?']);
	});

	it('makes other bodies and answer columns, as from fields', async () => {
		const columns = { values: [{ name: 'genre', type: 'enum', values: 'a, b' }] };
		const parameters = { ...ROWS, requestOptions: { answerColumns: columns, maxTokens: 5 } };
		const [chat] = await submit(parameters, ['id,title\n1,x']);
		const [{ body }] = await linesOf(chat);
		expect(body).toMatchObject({
			max_completion_tokens: 5,
			response_format: { json_schema: { schema: { properties: { genre: { enum: ['a', 'b'] } } } } },
		});
		const embed = {
			...ROWS,
			endpoint: EMBEDDINGS,
			model: 'text-embedding-3-small',
			prompt: '{title}',
		};
		const [embeddings] = await submit(embed, ['id,title\n1,x']);
		expect((await linesOf(embeddings))[0].body).toEqual({
			model: 'text-embedding-3-small',
			input: 'x',
		});
	});

	it('cuts parts by requests, by bytes and by tokens, over several files', async () => {
		const rows = (from: number, count: number) =>
			`id,title\n${Array.from({ length: count }, (_, at) => `${from + at},film ${from + at}\n`).join('')}`;
		const files = [rows(0, 5), rows(5, 3), rows(8, 4)];
		const ids = [...Array(12).keys()].map(String);
		for (const options of [
			{ maxRequestsPerBatch: 5 },
			{ maxBytesPerBatch: 700 },
			{ maxTokensPerBatch: 40 },
		]) {
			const { items, error } = await run({ ...ROWS, options }, files);
			expect(error).toBeUndefined();
			const batches = items('Node');
			expect(batches.length).toBeGreaterThan(2);
			const found: unknown[] = [];
			for (const { json } of batches) found.push(...(await promptsOf(json)).map(([id]) => id));
			expect(found).toEqual(ids);
			if (options.maxRequestsPerBatch) {
				const pairs = batches.map(({ pairedItem }) => pairedItem as Array<{ item: number }>);
				expect(pairs.map((own) => own.map(({ item }) => ({ item })))).toEqual([
					[{ item: 0 }],
					[{ item: 1 }, { item: 2 }],
					[{ item: 2 }],
				]);
			}
		}
	});

	describe('in several parts', () => {
		const csv = `id,title\n${Array.from({ length: 7 }, (_, at) => `${at},film ${at}\n`).join('')}`;
		const options = { maxRequestsPerBatch: 2, keepFields: '*' };
		const opened = jest.spyOn(Container.get(BinaryDataService), 'getAsStream');
		beforeEach(() => opened.mockClear());
		afterAll(() => opened.mockRestore());

		/** How many readings there were, and how many of them have not ended. */
		const readings = async () => {
			const streams = await Promise.all(
				opened.mock.results.map(async ({ value }) => await (value as Promise<Readable>)),
			);
			return [streams.length, streams.filter(({ destroyed }) => !destroyed).length];
		};
		const idsOf = async (batches: readonly IDataObject[]) => {
			const ids: unknown[] = [];
			for (const batch of batches) ids.push(...(await promptsOf(batch)).map(([id]) => id));
			return ids;
		};
		const IDS = ['0', '1', '2', '3', '4', '5', '6'];

		it.each<[Storage, number]>([
			// For its beginning, to check it, for the requests of all parts, and for the rows of all.
			['filesystem-v2', 1 + 1 + 1 + 1],
			// A storage that is not to wait is asked again for each part.
			['s3', 1 + 1 + 4 + 4],
			['database', 1 + 1 + 4 + 4],
		])('is read from %s %i times', async (storage, times) => {
			const file = await fileItem(csv, 'films.csv', storage);
			const batches = await submit({ ...ROWS, options }, [file]);
			expect(await idsOf(batches)).toEqual(IDS);
			expect(await readings()).toEqual([times, 0]);
		});

		it('is read three times by Build', async () => {
			const build = { resource: 'requestFile', operation: 'build' };
			const field = { inputBinaryPropertyName: 'data' };
			const limits = { maxRequestsPerBatch: 2 };
			expect(await submit({ ...ROWS, ...field, options: limits }, [csv], build)).toHaveLength(4);
			expect(await readings()).toEqual([3, 0]);
		});

		it('is read again where an upload has failed, which changes no part', async () => {
			const path = '/files';
			const harmless = { type: 'truncate', bytes: 1e9, keepContentLength: false } as const;
			product.emulator.faults.next({ method: 'POST', path, times: 3, fault: harmless });
			const fault = { type: 'reset', when: 'before' } as const;
			product.emulator.faults.next({ method: 'POST', path, times: 1, fault });
			expect(await idsOf(await submit({ ...ROWS, options }, [csv]))).toEqual(IDS);
			expect(await readings()).toEqual([5, 0]);
		});

		it('is closed when a part is refused', async () => {
			const fault = { type: 'status', status: 400 } as const;
			product.emulator.faults.next({ method: 'POST', path: '/batches', times: 1, fault });
			const { error } = await run({ ...ROWS, options }, [csv]);
			expect(error!.message).toContain('Part 1 of 4');
			expect(await readings()).toEqual([4, 0]);
		});
	});

	it('submits the same file under a key once', async () => {
		const options = { submissionKey: 'films', maxRequestsPerBatch: 2 };
		const csv = 'id,title\n1,a\n2,b\n3,c\n';
		const first = await submit({ ...ROWS, options }, [csv]);
		const again = await submit({ ...ROWS, options }, [csv]);
		expect(again.map(({ id, adopted }) => [id, adopted])).toEqual(
			first.map(({ id }) => [id, true]),
		);
		const changed = await submit({ ...ROWS, options }, [csv.replace('c', 'd')]);
		expect(changed.map(({ adopted }) => adopted)).toEqual([true, false]);
	});

	it('is shown by a dry run, held to ceilings, and waits for room in the queue', async () => {
		const csv = 'id,title\n1,a\n2,b\n3,c\n';
		const dry = await submit({ ...ROWS, options: { dryRun: true } }, [csv]);
		expect(dry).toMatchObject([{ dry_run: true, requests: 3, parts: 1, model: 'gpt-6-luna' }]);
		const ceiling = { ...ROWS, requestOptions: { maxTokens: 5 }, options: { maxTotalTokens: 10 } };
		expect(await refusal(ceiling, [csv])).toContain('more than Max Total Tokens allows: 10');
		const room = { maxEnqueuedTokens: 10, maxRequestsPerBatch: 1, ignoreOtherBatches: true };
		const queued = await submit({ ...ROWS, options: room }, [csv]);
		expect(queued.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
	});

	it('says how many prompts insert an empty column', async () => {
		const { hints } = await run(ROWS, ['id,title\n1,a\n2,\n3,\n']);
		expect(remarksOf({ hints }).map(({ message }) => message)).toEqual([
			'2 of 3 prompts insert an empty field, first in line 3: {title}.',
		]);
	});
});

describe('a file of rows is refused', () => {
	it.each<[string, string | Buffer, IDataObject, string[]]>([
		[
			'a column that is not there',
			'id,title\n1,a',
			{ prompt: '{titel}' },
			[
				'Prompt inserts {titel}, but the file has no such column',
				'The columns are: id, title. Write \\{ for a brace',
			],
		],
		[
			'an expression',
			'id,title\n1,a',
			{ prompt: 'x {{ $json.title }}' },
			['Prompt contains an expression of n8n'],
		],
		[
			'a brace that is not closed',
			'id,title\n1,a',
			{ prompt: 'a {title' },
			['Prompt has a brace that is not closed: {title'],
		],
		[
			'one request for all',
			'id,title\n1,a',
			{ prompt: 'Hello' },
			['The prompt has no column in it'],
		],
		['one id for all', 'id,title\n1,a', { customId: 'x' }, ['Custom ID has no column in it']],
		[
			'files of the item',
			'id,title\n1,a',
			{ requestOptions: { attachments: { values: [{}] } } },
			['Attachments from a binary field cannot be used with Rows File'],
		],
		['a header alone', 'id,title\r\n', {}, ['The file has a header, but no rows.']],
		['nothing', '', {}, ["The file 'films.csv' cannot be used: It is empty."]],
		[
			'a name twice',
			'id,title,id\n1,2,3',
			{},
			["Columns 1 and 3 of the header have the same name 'id'"],
		],
		['a header that does not end', 'id,"title\n1,2', {}, ['quote in the header is not closed']],
		['old line ends', 'id,title\r1,a\r', {}, ['carriage returns alone']],
		[
			'old line ends and many rows',
			`id,title\r${'1,a\r'.repeat(70_000)}`,
			{},
			['carriage returns alone'],
		],
		[
			'Latin-1',
			Buffer.from('id,title\n1,a\n2,Größe', 'latin1'),
			{},
			['line 3', 'bytes that are not UTF-8', 'often Windows-1252'],
		],
		[
			'half a character of UTF-16',
			Buffer.concat([Buffer.from('\ufeffid,title\n', 'utf16le'), Buffer.from([1])]),
			{},
			['UTF-16LE'],
		],
		[
			'half a character of UTF-16 far behind the header',
			Buffer.concat([
				Buffer.from(`\ufeffid,title\n${'1,a\n'.repeat(50_000)}`, 'utf16le'),
				Buffer.from([0x00, 0xd8, 0x31, 0x00]),
			]),
			{},
			["The file 'films.csv' cannot be used: ", 'UTF-16LE', 'Encoding under Rows File Options'],
		],
		[
			'a first line of JSONL that is too long to find the columns',
			`{"id": 1, "title": "${'x'.repeat(262_144)}"}\n`,
			{},
			['Line 1 is longer than 262144 bytes'],
		],
		[
			'a column as the model',
			'id,title,m\n1,a,gpt-6',
			{ model: '{m}' },
			['Model cannot insert {m}', 'a file of its own'],
		],
		[
			'an expression in a fixed model',
			'id,title\n1,a',
			{ model: { __rl: true, mode: 'id', value: 'x {{ $json.m }}' } },
			['Model cannot insert {{ $json.m }}'],
		],
		[
			'a column in Additional Body Fields',
			'id,title\n1,a',
			{ requestOptions: { additionalFields: '{"metadata": {"rows": ["x", "row {id}"]}}' } },
			[
				'Additional Body Fields cannot insert columns, but contains {id}, which would be sent as it stands',
				'Columns can be inserted in Prompt or Messages, System Message, Custom ID, and the URL or File ID of attachments.',
			],
		],
		[
			'a column in Additional Body Fields that an expression returned',
			'id,title\n1,a',
			{ requestOptions: { additionalFields: '={{ ({ user: "{$line}" }) }}' } },
			['Additional Body Fields cannot insert columns, but contains {$line}'],
		],
		[
			'a column where the body fields are no JSON',
			'id,title\n1,a',
			{ requestOptions: { additionalFields: '{"user": {id}}' } },
			['Additional Body Fields cannot insert columns, but contains {id}'],
		],
		[
			'a column in Prompt Cache Key',
			'id,title\n1,a',
			{ requestOptions: { promptCacheKey: 'films-{id}' } },
			['Prompt Cache Key cannot insert columns, but contains {id}'],
		],
		[
			'a column in an answer column',
			'id,title\n1,a',
			{
				requestOptions: {
					answerColumns: { values: [{ name: 'genre', description: 'Of {title}' }] },
				},
			},
			['Description of column 1 cannot insert columns, but contains {title}'],
		],
		[
			'an expression in a fixed option',
			'id,title\n1,a',
			{ requestOptions: { promptCacheKey: 'x {{ $json.title }}' } },
			[
				'Prompt Cache Key contains an expression of n8n, but is set to Fixed',
				'Switch the field to Expression, which is evaluated once for the file.',
			],
		],
		[
			'an encoding that is none',
			'id,title\n1,a',
			{ rowsOptions: { encoding: 'latin1' } },
			['Encoding has to be auto, utf-8, utf-16le, utf-16be or windows-1252'],
		],
		[
			'a separator that is none',
			'id,title\n1,a',
			{ rowsOptions: { separator: 'Semicolon' } },
			['Separator has to be auto,'],
		],
		[
			'a format that is none',
			'id,title\n1,a',
			{ rowsOptions: { format: 'xlsx' } },
			['Format has to be auto, csv or jsonl'],
		],
		['an Excel workbook', Buffer.from('PK\x03\x04xx'), {}, ['Excel workbook. Rows are read from']],
		['gzip', Buffer.from([0x1f, 0x8b, 8, 0]), {}, ['compressed with gzip. Rows are read from']],
		['a JSON list', '[{"id": 1}]', {}, ['one JSON document']],
		['HTML', '<html>', {}, ['HTML or XML. Rows are read from']],
		[
			'few cells',
			'id,title\n1,a\n"2\n"',
			{},
			[
				'line 3',
				"It has 1 cell, but the header has 2, separated by commas. The first column without one is 'title'.",
			],
		],
		['many cells', 'id;title\n1;a;b', {}, ['line 2', 'It has 3 cells', 'separated by semicolons']],
		[
			'text behind a quote',
			'id,title\n1,"a "b" c"',
			{},
			["The quote of column 'title' in line 2 is closed, but more text follows"],
		],
		[
			'a quote that is not closed',
			'id,title\n1,a\n"2\n","b\n3,c\n',
			{},
			['line 3', "The quote of column 'title' in line 4 is never closed"],
		],
		['an empty id', 'id,title\n1,a\n,b', {}, ['line 3', "The column 'id' is empty in this row"]],
		[
			'an empty prompt',
			'id,title\n1,',
			{ prompt: '{title}' },
			['line 2', "The prompt is empty. The column 'title' is empty in this row"],
		],
		[
			'an id twice',
			'id,title\n1,a\n2,b\n1,c\n1,d',
			{},
			[
				'2 of 4 lines cannot be submitted; nothing was sent',
				"line 4: The custom_id '1' is already used by line 2.",
				"line 5: The custom_id '1' is already used by line 2.",
			],
		],
		[
			'a row of JSONL without a column',
			'{"id":1,"title":"a"}\n{"id":2}',
			{},
			['line 2', "It has no column 'title'"],
		],
		['JSONL that is cut off', '{"id":1,"title":"a"}\n{"id":2,"ti', {}, ['line 2', 'not parseable']],
		[
			'a row of JSONL that is a list',
			'{"id":1,"title":"a"}\n[1]',
			{},
			['line 2', 'not a JSON object'],
		],
		['JSONL whose first line is no object', '{"id":1,"tit\n', {}, ['Line 1 is not a JSON object']],
	])('with %s', async (_name, content, parameters, messages) => {
		const found = await refusal({ ...ROWS, ...parameters }, [content]);
		for (const message of messages) expect(found).toContain(message);
	});

	it('naming the first twenty lines and how many more there are', async () => {
		const rows = Array.from({ length: 1_500 }, (_, at) => `${at}`).join('\n');
		const found = await refusal(ROWS, [`id,title\n${rows}\n`]);
		expect(found).toContain('1500 of 1500 lines cannot be submitted; nothing was sent');
		expect(found.match(/Item 0, line \d+: /g)).toHaveLength(20);
		expect(found).toContain('… and 1480 more');
	});

	it('with an id that another file has', async () => {
		const found = await refusal(ROWS, ['id,title\n1,a\n', 'id,title\n2,a\n1,b\n']);
		expect(found).toContain(
			"Item 1, line 3 cannot be submitted: The custom_id '1' is already used by line 2 of item 0",
		);
	});
});

describe('a field without the file', () => {
	it.each([
		['data', "has no binary field 'data'", 'It has: Table_0.'],
		// Every object inherits this one.
		['toString', "has no binary field 'toString'", 'It has: Table_0.'],
	])('is refused with the names of those that there are: %s', async (name, message, has) => {
		const { json, binary } = await fileItem('id,title\n1,Up\n');
		const item = { json, binary: { Table_0: binary!.data } };
		const said = await refusal({ ...ROWS, binaryPropertyName: name }, [item]);
		expect(said).toContain(message);
		expect(said).toContain(`${has} Enter the name of the field with the file.`);
	});

	it('is found in the JSON of the item, where the workflow keeps files there', async () => {
		const combined = { binaryMode: 'combined' };
		const item = await fileItem('id,title\n1,Up\n');
		const [batch] = await submit({ ...ROWS, binaryPropertyName: '_files.data' }, [item], combined);
		expect(await promptsOf(batch)).toEqual([['1', 'Which genre is Up?']]);
		const { error } = await run(ROWS, [item], combined);
		expect(error).toMatchObject({
			message: "The item has no binary field 'data'",
			description: 'It has: _files.data. Enter the name of the field with the file.',
		});
	});

	it('is reported in the words of n8n where the item has no file at all', async () => {
		expect(await refusal(ROWS, [{ json: {} }])).toMatch(/binary file 'data', but none was found/);
	});
});

describe('with On Error: Continue', () => {
	const settings = { onError: 'continueRegularOutput' };

	it('bad lines become items with their line, and the others are submitted', async () => {
		const items = await submit(ROWS, ['id,title\n1,a\n2\n3,c\n1,d\n4,e\n'], settings);
		const [batch, ...errors] = items;
		expect((await promptsOf(batch)).map(([id]) => id)).toEqual(['1', '3', '4']);
		expect(errors).toMatchObject([
			{ line: 3, code: 'invalid_row', error: expect.stringContaining('It has 1 cell') },
			{ line: 5, code: 'duplicate_custom_id', custom_id: '1' },
		]);
	});

	it('only the first thousand become items', async () => {
		const rows = Array.from({ length: 1_500 }, (_, at) => `${at}`).join('\n');
		const items = await submit(ROWS, [`id,title\n${rows}\nx,y\n`], settings);
		expect(items).toHaveLength(1_002);
		expect(items[0]).toMatchObject({ requests: 1 });
		expect(items.at(-1)).toMatchObject({
			error: '500 more lines cannot be submitted',
			more_lines: 500,
		});
	});

	it('a file that cannot be read to its end is refused all the same', async () => {
		const items = await submit(ROWS, ['id,title\n1,a\n2,"b\n3,c\n'], settings);
		expect(items).toMatchObject([{ error: expect.stringContaining('never closed') }]);
		expect(product.emulator.ledger.uploads).toEqual([]);
	});
});

describe('Requests File', () => {
	it.each(STORAGES)('is sent as it is, from the storage %s', async (storage) => {
		const lines = [
			`  ${request('a', '{"model":"m", "messages":[{"role":"user","content":"\\u00e4 ä"}], "seed": 12345678901234567890}')}`,
			request('b', BODY),
		];
		const file = `\ufeff${lines[0]}\r\n\n${lines[1]}`;
		const [batch] = await submit(REQUESTS, [await fileItem(file, 'r.jsonl', storage)]);
		expect(await contentOf(batch)).toBe(`${lines.join('\n')}\n`);
	});

	it('gets the spelling of the endpoint, and nothing else is changed', async () => {
		const spelled = (url: string) =>
			`{"body": {"model": "m", "url": "${url}", "messages": [{"role": "user", "content": "x"}]}, "url" : "${url}" , "custom_id": "${url}", "method": "POST"}`;
		const [batch] = await submit(REQUESTS, [`${spelled('/chat/completions')}\n${spelled(CHAT)}`]);
		const expected = spelled('/chat/completions').replace(
			'"url" : "/chat/completions"',
			`"url" : "${CHAT}"`,
		);
		expect(await contentOf(batch)).toBe(`${expected}\n${spelled(CHAT)}\n`);
	});

	it('keeps a line as it is that spells the endpoint right, with escapes or twice', async () => {
		const lines = [
			request('a', BODY).replaceAll('/v1/', '\\/v1\\/'),
			request('b', BODY).replace('{', '{"url": "/chat/completions", '),
			request('c', BODY).replace('/v1', ''),
			request('d', BODY).replaceAll('/v1/', '\\/v1\\/'),
		];
		const [batch] = await submit(REQUESTS, [lines.join('\n')]);
		const expected = [...lines.slice(0, 2), request('c', BODY), lines[3]];
		expect(await contentOf(batch)).toBe(`${expected.join('\n')}\n`);
	});

	it('is submitted once under a key, shown by a dry run, held to ceilings, and waits for room', async () => {
		const file = ['a', 'b', 'c'].map((id) => request(id, BODY)).join('\n');
		const options = { submissionKey: 'requests', maxRequestsPerBatch: 2 };
		const first = await submit({ ...REQUESTS, options }, [file]);
		const again = await submit({ ...REQUESTS, options }, [file]);
		expect(again.map(({ id, adopted }) => [id, adopted])).toEqual(
			first.map(({ id }) => [id, true]),
		);
		const dry = await submit({ ...REQUESTS, options: { dryRun: true } }, [file]);
		expect(dry).toMatchObject([{ dry_run: true, requests: 3, parts: 1, model: 'm' }]);
		const limited = file.replaceAll('"m",', '"m", "max_tokens": 5,');
		const { error } = await run({ ...REQUESTS, options: { maxTotalTokens: 10 } }, [limited]);
		expect(error!.message).toContain('more than Max Total Tokens allows: 10');
		const ofOne = Number(dry[0].estimated_tokens) / 3;
		const room = { maxEnqueuedTokens: ofOne, maxRequestsPerBatch: 1, ignoreOtherBatches: true };
		const queued = await submit({ ...REQUESTS, options: room }, [file]);
		expect(queued.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);
	});

	it('is divided by models whose requests alternate', async () => {
		const lines = Array.from({ length: 20 }, (_, at) =>
			request(`r${at}`, BODY.replace('"m"', `"m${at % 3}"`)),
		);
		const batches = await submit({ ...REQUESTS, options: { maxRequestsPerBatch: 4 } }, [
			lines.join('\n'),
		]);
		const ids: IDataObject = {};
		for (const batch of batches) {
			const own = await linesOf(batch);
			expect(new Set(own.map(({ body }) => (body as IDataObject).model)).size).toBe(1);
			ids[String(batch.part)] = own.map(({ custom_id }) => custom_id);
		}
		expect(ids).toEqual({
			1: ['r0', 'r3', 'r6', 'r9'],
			2: ['r1', 'r4', 'r7', 'r10'],
			3: ['r2', 'r5', 'r8', 'r11'],
			4: ['r12', 'r15', 'r18'],
			5: ['r13', 'r16', 'r19'],
			6: ['r14', 'r17'],
		});
	});

	it.each<[string, string, string[]]>([
		[
			'a line that is cut off',
			`${request('a', BODY)}\n{"custom_id": "b"`,
			['line 2', 'not parseable'],
		],
		[
			'an id twice',
			[request('a', BODY), request('a', BODY)].join('\n'),
			['Item 0, line 2', 'already used by line 1'],
		],
		['CSV', 'id,title\n1,a', ['looks like CSV']],
		['a body without a model', request('a', '{"messages": []}'), ['line 1', "'model'"]],
		['another endpoint', request('a', BODY).replace(CHAT, EMBEDDINGS), ['line 1', EMBEDDINGS]],
		['blank lines alone', '\n \n', ['The file has no requests.']],
	])('is refused with %s', async (_name, content, messages) => {
		const found = await refusal(REQUESTS, [content]);
		for (const message of messages) expect(found).toContain(message);
	});
});

it('Build makes files of a file', async () => {
	const { items, binary, error } = await run(
		{
			...ROWS,
			inputBinaryPropertyName: 'data',
			binaryPropertyName: 'out',
			options: { maxRequestsPerBatch: 2 },
		},
		['id,title\n1,a\n2,b\n3,c\n'],
		{ resource: 'requestFile', operation: 'build' },
	);
	expect(error).toBeUndefined();
	const files = await Promise.all(
		items('Node').map(async (item) => String(await binary(item, 'out'))),
	);
	const ids = files.map((file) =>
		file
			.trimEnd()
			.split('\n')
			.map((line) => (JSON.parse(line) as IDataObject).custom_id),
	);
	expect(ids).toEqual([['1', '2'], ['3']]);
});

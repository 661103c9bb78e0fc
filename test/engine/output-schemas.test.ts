import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { outputSchemas } from '../../nodes/OpenAiBatch/outputSchemas';
import { UNFINISHED, USELESS } from '../../nodes/OpenAiBatch/batch/retry/outcomes';
import type { OutputField } from '../../nodes/OpenAiBatch/shared/outputFields';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';
import { productForTests } from './product';

const product = productForTests();

const schemas = outputSchemas() as Record<string, OutputField>;

const kindOf = (value: unknown) =>
	value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/** How a value differs from its description. Notes every described field that it has. */
function differences(
	{ type, properties = {}, items }: OutputField,
	value: unknown,
	path: string,
	seen: Set<string>,
): string[] {
	seen.add(path);
	const kinds = [type].flat() as string[];
	if (!kinds.includes(kindOf(value))) return [`${path} is ${kindOf(value)}, not ${kinds.join()}`];
	if (Array.isArray(value)) {
		const entries = items ? value : [];
		return entries.flatMap((entry) => differences(items!, entry, `${path}[]`, seen));
	}
	const isClosed = kindOf(value) === 'object' && Object.keys(properties).length > 0;
	return Object.entries(isClosed ? (value as object) : {}).flatMap(([name, inner]) => {
		const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
		const at = path === '' ? name : `${path}.${name}`;
		return field ? differences(field, inner, at, seen) : [`${at} is not described`];
	});
}

/** The paths of all described fields. */
function pathsIn({ properties = {}, items }: OutputField, path = ''): string[] {
	const inner = Object.entries(properties).flatMap(([name, field]) => {
		const at = path === '' ? name : `${path}.${name}`;
		return [at, ...pathsIn(field, at)];
	});
	return items ? [...inner, ...pathsIn(items, `${path}[]`)] : inner;
}

/** Fields that only other outputs of the same description have. */
type Elsewhere = (path: string) => boolean;

/** Expects that the items have no field but the described ones, in their order, and all of these. */
function expectDescribed(name: string, items: IDataObject[], elsewhere: Elsewhere = () => false) {
	const schema = schemas[`v1.0.0/${name}.json`];
	expect(items.length).toBeGreaterThan(0);
	const seen = new Set<string>();
	expect(items.flatMap((item) => differences(schema, item, '', seen))).toEqual([]);
	const names = Object.keys(schema.properties!);
	// A file is described in the order in which the server does.
	for (const item of name.startsWith('file/') ? [] : items) {
		expect(Object.keys(item)).toEqual(names.filter((field) => Object.hasOwn(item, field)));
	}
	expect(pathsIn(schema).filter((path) => !seen.has(path) && !elsewhere(path))).toEqual([]);
}

const inMemory = (content: string): INodeExecutionData => ({
	json: {},
	binary: {
		data: {
			data: Buffer.from(content).toString('base64'),
			mimeType: 'application/jsonl',
			fileName: 'a.jsonl',
		},
	},
});

/** An answer with an image beside its text, as OpenRouter sends it. */
function answerWithImage(id: string): string {
	const line = JSON.parse(answerLine(id)) as { response: { body: IDataObject } };
	const images = [{ image_url: { url: 'https://example.com/film.png' } }];
	const message = { role: 'assistant', content: 'Here it is.', images };
	line.response.body.choices = [{ index: 0, message, finish_reason: 'stop' }];
	return JSON.stringify(line);
}

const REQUESTS = ['a', 'b'].map((id) => `${requestLine(id)}\n`).join('');

const PRICES = { inputPricePerMillion: 1, outputPricePerMillion: 1 };

let submissions = 0;

function rowsOf(count: number) {
	const submission = ++submissions;
	return Array.from({ length: count }, (_, row) => ({ text: `${submission} ${row}` }));
}

const submit = async (count: number, parameters: IDataObject = {}) =>
	await product.json(
		'batch',
		'submit',
		{ prompt: '={{ $json.text }}', customId: '={{ $json.text }}', ...parameters } as never,
		rowsOf(count),
	);

/** What a batch says about its errors, and a server that writes several files. */
const ofOthers: Elsewhere = (path) =>
	/^(errors\.|(output|error)_file_ids|retryable|error_summary)/.test(path);

test('every operation has a schema, in the form that the editor takes', () => {
	expect(Object.keys(schemas)).toHaveLength(17);
	for (const schema of Object.values(schemas)) {
		expect(schema).toMatchObject({ type: 'object', version: 1 });
		expect(Object.keys(schema.properties ?? {})).not.toEqual([]);
	}
});

describe('the schema has the fields of the output in their order, no more and no less:', () => {
	test('Submit, and Submit Waiting Parts', async () => {
		const options = { maxRequestsPerBatch: 1, maxEnqueuedTokens: 1, keepFields: 'text' };
		const submitted = await submit(3, { options });
		expectDescribed('batch/submit', submitted);
		await product.finish(submitted[0].id as string);
		const later = await product.json('batch', 'submitWaiting');
		expect(later.map(({ status }) => status)).toEqual(['validating', 'waiting']);
		expectDescribed('batch/submitWaiting', later);
	});

	test('Create, of a new batch and of one that was found', async () => {
		const [{ id }] = await product.json('file', 'upload', {}, [inMemory(REQUESTS)]);
		const create = async () =>
			await product.json('batch', 'create', {
				fileId: id as string,
				endpoint: '/v1/chat/completions',
				options: { submissionKey: 'found' },
			});
		const first = await create();
		await product.finish(first[0].id as string);
		expectDescribed('batch/create', [...first, ...(await create())], ofOthers);
	});

	test('Get, Get Many and Wait for Completion', async () => {
		const [{ id: completed }] = await submit(1);
		await product.finish(completed as string);
		const { id: failed } = addHistory(product, {
			status: 'failed',
			errors: { object: 'list', data: [{ code: 'c', line: 1, message: 'm', param: 'p' }] },
		});
		const { id: written } = addHistory(product, { status: 'completed' });
		Object.assign(product.emulator.batch(written), {
			output_file_id: ['file-1', 'file-2'],
			error_file_id: ['file-3', 'file-4'],
		});
		const ids = [completed, failed, written].map((id) => ({ id }));
		const batchId = '={{ $json.id }}';
		expectDescribed(
			'batch/get',
			await product.json('batch', 'get', { batchId, options: PRICES }, ids),
		);
		const many = { returnAll: true, options: PRICES };
		expectDescribed('batch/getAll', await product.json('batch', 'getAll', many));
		expectDescribed('batch/wait', await product.json('batch', 'wait', { batchId }, ids));
	});

	test('Cancel', async () => {
		const [{ id }] = await submit(1);
		const cancelled = await product.json('batch', 'cancel', { batchId: id as string });
		expectDescribed('batch/cancel', cancelled, ofOthers);
	});

	test('Retry Unfinished', async () => {
		const { id } = addHistory(product, {
			status: 'expired',
			input: ['a', 'b'].map((one) => requestLine(one)),
			output: [answerLine('a')],
			error: [notRunLine('b', 'batch_expired')],
			request_counts: { total: 2, completed: 1, failed: 0 },
		});
		const retry = await product.json('batch', 'retry', {
			batchId: id,
			options: { include: [...UNFINISHED, ...USELESS] },
		});
		await product.finish(retry[0].id as string);
		expectDescribed('batch/retry', retry, ofOthers);
	});

	test('the operations on files', async () => {
		const uploaded = await product.json('file', 'upload', { options: { expiresAfter: 2 } }, [
			inMemory(REQUESTS),
		]);
		// OpenAI has it only for a file that it could not take.
		const rare: Elsewhere = (path) => path === 'status_details';
		const fileId = uploaded[0].id as string;
		expectDescribed('file/upload', uploaded, rare);
		expectDescribed('file/get', await product.json('file', 'get', { fileId }), rare);
		expectDescribed('file/getAll', await product.json('file', 'getAll'), rare);
		expectDescribed('file/download', await product.json('file', 'download', { fileId }), rare);
		expectDescribed('file/delete', await product.json('file', 'delete', { fileId }));
	});

	test('the operations on request files', async () => {
		const built = await product.json('requestFile', 'build', { prompt: 'Hello' });
		expectDescribed('requestFile/build', built);
		const input = [inMemory(`${requestLine('a')}\n${requestLine('a')}\n`)];
		expectDescribed(
			'requestFile/validate',
			await product.json('requestFile', 'validate', {}, input),
		);
		const estimate = await product.json('requestFile', 'estimateCost', PRICES, input);
		expectDescribed('requestFile/estimateCost', estimate);
	});

	test('Get Results, with all that answers and options add', async () => {
		const variants = {
			'/v1/chat/completions': ['chat.sources', 'chat.audio', 'chat.tool_calls', 'chat.choices'],
			'/v1/responses': [
				'responses.phases',
				'responses.refusal_after_text',
				'responses.reasoning',
				'responses.image_png',
				'responses.sources',
			],
		};
		const results: IDataObject[] = [];
		for (const [endpoint, names] of Object.entries(variants)) {
			product.emulator.control.requests({
				match: ({ custom_id }) => names.includes(custom_id),
				outcome: ({ custom_id }) => ({ type: 'variant', name: custom_id as never }),
			});
			const [{ id }] = await product.json(
				'batch',
				'submit',
				{
					endpoint,
					prompt: 'Which genre?',
					customId: '={{ $json.id }}',
					options: { keepFields: '*' },
				},
				names.map((id) => ({ id })),
			);
			await product.finish(id as string);
			const options = {
				...PRICES,
				followRetries: true,
				includeRequest: true,
				includeRow: true,
				parseJson: true,
				simplify: false,
			};
			results.push(
				...(await product.json('batch', 'getResults', { batchId: id as string, options })),
			);
		}
		const { id } = addHistory(product, {
			status: 'completed',
			input: [
				...['wrong', 'lost', 'drawn', 'torn'].map((one) => requestLine(one)),
				'{"custom_id":"listed","method":"POST","url":"/v1/chat/completions","body":[1]}',
			],
			output: [answerWithImage('drawn'), '{"custom_id":"torn","resp', '[1]'],
			error: [failureLine('wrong', 400, 'context_length_exceeded')],
			request_counts: { total: 5, completed: 1, failed: 1 },
		});
		const options = { includeRequest: true, followRetries: true };
		results.push(...(await product.json('batch', 'getResults', { batchId: id, options })));
		const kinds = (name: string) => new Set(results.map((one) => kindOf(one[name])));
		expect([...kinds('response')]).toEqual(expect.arrayContaining(['object', 'string', 'array']));
		expectDescribed('batch/getResults', results);
	});
});

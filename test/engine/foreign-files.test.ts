import fc from 'fast-check';
import type { Dialect } from '../support/emulator';
import { DIALECTS } from '../support/emulator';
import { addHistory, answerLine, failureLine, requestLine } from './batches';
import { productForTests } from './product';

/** Results that are there can be had, whatever the server says, or does not say, about their files. */
jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const { openai } = DIALECTS;

const product = productForTests();

afterEach(() => product.emulator.speak('openai'));

const addBatch = () =>
	addHistory(product, {
		input: ['a', 'b', 'c'].map((id) => requestLine(id)),
		output: [answerLine('a', 'one'), answerLine('b', 'two')],
		error: [failureLine('c', 500, 'server_error')],
		request_counts: { total: 3, completed: 2, failed: 1 },
	});

const RESULTS = [
	['a', 'one'],
	['b', 'two'],
	['c', null],
];

async function results(batchId: string) {
	const result = await product.run('batch', 'getResults', { batchId });
	if (result.error) throw result.error;
	return {
		results: result.items('Node').map(({ json }) => [json.custom_id, json.content]),
		hints: result.hints('Node').map(({ message }) => message),
	};
}

/** A server that describes its files like this. */
const describing = (change: (bytes: number) => object): Dialect => ({
	...openai,
	file: (file, moment) => ({ ...(openai.file(file, moment) as object), ...change(file.bytes!) }),
});

/** A server that does not describe its files. */
const refusing = (status: number, json: object): Dialect => ({
	...openai,
	lacks: { 'GET /files/:id': { status, json } },
});

test('JSON with nothing in it is not taken for a shorter file, however often it comes', async () => {
	const { id, error_file_id: fileId } = addBatch();
	product.emulator.faults.next({
		path: `/files/${fileId}/content`,
		times: 100,
		fault: {
			type: 'status-after',
			status: 200,
			headers: { 'content-type': 'application/json' },
			body: {},
		},
	});
	await expect(results(id)).rejects.toMatchObject({
		message: expect.stringContaining(`File ${fileId} could not be downloaded: `),
	});
	product.emulator.faults.clear();
	expect((await results(id)).results).toEqual(RESULTS);
});

test('a description of twice the length: what arrives whole is the file, with a hint', async () => {
	const { id, output_file_id: fileId } = addBatch();
	product.emulator.speak(describing((bytes) => ({ bytes: bytes * 2 })));
	const { results: found, hints } = await results(id);
	expect(found).toEqual(RESULTS);
	const { length } = product.emulator.file(fileId!).text();
	expect(hints).toContain(
		`File ${fileId} has ${length} bytes, although the server describes it with ${length * 2}. It arrived whole, so it was taken as it is.`,
	);
});

test('any description, or none', async () => {
	const refusals = fc
		.tuple(
			fc.constantFrom(400, 401, 403, 404, 405, 422, 429, 500, 501, 503),
			fc.constantFrom<object>(
				{ detail: 'BedrockFilesConfig does not support file retrieval' },
				{ error: { message: 'No.' } },
				{},
			),
		)
		.map(([status, json]) => ({ name: status, dialect: refusing(status, json) }));
	const descriptions = fc
		.constantFrom<[string, (bytes: number) => unknown]>(
			['no bytes', () => undefined],
			['null', () => null],
			['text', () => 'unknown'],
			['digits', (bytes) => String(bytes)],
			['0', () => 0],
			['-1', () => -1],
			['less', (bytes) => bytes - 10],
			['a byte more', (bytes) => bytes + 1],
			['more', (bytes) => bytes * 3],
			['far more', () => 1e13],
			['an object', () => ({})],
		)
		.map(([name, bytes]) => ({ name, dialect: describing((own) => ({ bytes: bytes(own) })) }));
	await fc.assert(
		fc.asyncProperty(fc.oneof(refusals, descriptions), async ({ name, dialect }) => {
			const { id } = addBatch();
			product.emulator.ledger.clear();
			product.emulator.speak(dialect);
			expect([name, (await results(id)).results]).toEqual([name, RESULTS]);
			const [described] = product.emulator.ledger.calls('GET', /files\/[^/]+$/);
			expect(described.status).toBe(typeof name === 'number' ? name : 200);
		}),
		{ numRuns: 60 },
	);
});

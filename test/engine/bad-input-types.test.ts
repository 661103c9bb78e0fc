import type { INodeProperties } from 'n8n-workflow';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { requestLine } from './batches';
import { productForTests } from './product';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

/** What expressions may give in place of what was meant. */
const VALUES: Record<string, unknown> = {
	null: null,
	'a number': 42.5,
	'a negative number': -1,
	'an empty text': '',
	'an object': { a: { b: 1 } },
	'an array': [1, 'two', null],
	true: true,
	false: false,
	'a very long text': 'x'.repeat(300_000),
	'prototype keys': JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as unknown,
};

/** Words that a program says, not a person. */
const GARBLED =
	/is not a function|cannot read prop|not iterable|undefined|\[object |not a valid type|NaN|reading '|URI malformed|private field/i;

const PATHS = /^\/v1\/(models|batches|files)(\/[\w%.~!'()*-]+)?(\/(cancel|content))?$/;

const product = productForTests();

const { properties } = new OpenAiBatch().description;

const isFor = ({ displayOptions }: INodeProperties, resource: string, operation: string) => {
	const { resource: resources, operation: operations } = displayOptions?.show ?? {};
	return !!resources?.includes(resource) && !!operations?.includes(operation);
};

type Place = [name: string, parameters: (value: string) => Record<string, unknown>];

/** Every place of a parameter that an expression can stand in. */
function places(property: INodeProperties): Place[] {
	const { name, type, options = [] } = property;
	if (type === 'notice') return [];
	const whole: Place = [name, (value) => ({ [name]: value })];
	if (type === 'resourceLocator') {
		const inside = (value: string) => ({ [name]: { __rl: true, mode: 'id', value } });
		return [whole, [`${name}.value`, inside]];
	}
	if (type === 'collection') {
		const inner = (options as INodeProperties[]).flatMap(places);
		return [
			whole,
			...inner.map(([path, make]): Place => [
				`${name}.${path}`,
				(value) => ({ [name]: make(value) }),
			]),
		];
	}
	if (name === 'metadata') {
		return [
			whole,
			['metadata.pairs', (value) => ({ metadata: { pairs: value } })],
			['metadata key', (value) => ({ metadata: { pairs: [{ key: value, value: 'v' }] } })],
			['metadata value', (value) => ({ metadata: { pairs: [{ key: 'k', value }] } })],
		];
	}
	return [whole];
}

/** What else an operation needs to get far. */
function base(resource: string, operation: string): Record<string, unknown> {
	const { emulator } = product;
	const fileId = emulator.addFile(`${requestLine('a')}\n`, { purpose: 'batch' }).id;
	const output = emulator.addFile('', { purpose: 'batch_output' }).id;
	const { id: batchId } = emulator.addBatch({ input_file_id: fileId, output_file_id: output });
	// n8n itself refuses to run without a required field that is shown.
	const endpoints = { endpoint: '/v1/embeddings', otherEndpoint: '/v1/embeddings' };
	const fields = { ...endpoints, requestSource: 'fields', prompt: 'text' };
	const own: Record<string, object> = {
		'batch submit': fields,
		'requestFile build': fields,
		'batch create': endpoints,
		'batch wait': { options: { maxWait: 0 } },
	};
	return { fileId, batchId, ...own[`${resource} ${operation}`] };
}

const operations = properties
	.filter(({ name }) => name === 'operation')
	.flatMap((property) =>
		(property.options as Array<{ value: string }>).map(
			({ value }) => [property.displayOptions!.show!.resource![0] as string, value] as const,
		),
	);

describe.each(operations)('%s %s', (resource, operation) => {
	const all = properties.filter((property) => isFor(property, resource, operation)).flatMap(places);

	it.each(all)('%s', async (_name, parameters) => {
		for (const [what, value] of Object.entries(VALUES)) {
			const given = { ...base(resource, operation), ...parameters('={{ $json.value }}') };
			const data = Buffer.from(`${requestLine('a')}\n`).toString('base64');
			const binary = { data: { data, mimeType: 'text/plain', fileName: 'a.jsonl' } };
			const { error } = await product.run(resource, operation, given as never, [
				{ json: { value }, binary } as never,
			]);
			const requests = product.emulator.ledger.requests.map(({ path }) => path);
			expect({ what, strange: requests.filter((path) => !PATHS.test(path)) }).toEqual({
				what,
				strange: [],
			});
			if (!error) continue;
			const { name, message, description, context } = error as Error & {
				description?: string;
				context?: { itemIndex?: number };
			};
			expect([what, name]).toEqual([what, expect.stringMatching(/^Node(Api|Operation)Error$/)]);
			expect(`${what}: ${message} ${description ?? ''}`).not.toMatch(GARBLED);
			expect([what, message, context?.itemIndex]).toEqual([what, message, 0]);
		}
	});
});

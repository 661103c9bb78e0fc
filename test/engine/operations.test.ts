import { NodeHelpers, type INodeProperties, type INodeTypeDescription } from 'n8n-workflow';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { productForTests } from './product';

const description: INodeTypeDescription = new OpenAiBatch().description;

type Parameters = Record<string, unknown>;

/** The names of the fields that the panel shows for these parameters. */
function shown(parameters: Parameters, properties = description.properties, root = parameters) {
	return properties
		.filter((property) =>
			NodeHelpers.displayParameter(parameters as never, property, null, description, root as never),
		)
		.map(({ name }) => name);
}

const collection = (name: string, parameters: Parameters): INodeProperties[] =>
	description.properties.find(
		(property) => property.name === name && shown(parameters, [property]).length > 0,
	)!.options as INodeProperties[];

/** The request options that the panel offers for an endpoint. */
function requestOptions(endpoint: string): string[] {
	const parameters = { resource: 'batch', operation: 'submit', requestSource: 'fields', endpoint };
	return shown({}, collection('requestOptions', parameters), parameters);
}

const TEXT = [
	'additionalFields',
	'answerColumns',
	'attachments',
	'jsonSchema',
	'jsonSchemaName',
	'jsonSchemaStrict',
	'maxTokens',
	'promptCacheKey',
	'reasoningEffort',
	'systemMessage',
	'temperature',
	'topP',
	'verbosity',
];
/** What only responses have, before what is like it. */
const RESPONSES = TEXT.flatMap((name) =>
	name === 'systemMessage' ? ['reasoningSummary', name] : [name],
);
const IMAGES = ['additionalFields', 'imageQuality', 'imageSize'];
const OFFERED: Record<string, string[]> = {
	'/v1/chat/completions': TEXT,
	'/v1/responses': RESPONSES,
	'/v1/completions': ['additionalFields', 'maxTokens', 'temperature', 'topP'],
	'/v1/embeddings': ['additionalFields', 'dimensions'],
	'/v1/moderations': ['additionalFields', 'attachments'],
	'/v1/images/generations': [...IMAGES, 'imageCount'],
	'/v1/images/edits': [
		'additionalFields',
		'attachments',
		'imageQuality',
		'imageSize',
		'imageCount',
	],
};

describe('the panel', () => {
	it.each(Object.entries(OFFERED))('offers the options that %s takes', (endpoint, options) => {
		expect(requestOptions(endpoint)).toEqual(options);
	});

	it.each<[endpoint: string, entry: Parameters, fields: string[]]>([
		['/v1/chat/completions', {}, ['type', 'source', 'binaryPropertyName', 'detail']],
		['/v1/chat/completions', { type: 'file' }, ['type', 'source', 'binaryPropertyName']],
		['/v1/responses', { source: 'url' }, ['type', 'source', 'url', 'detail']],
		['/v1/responses', { type: 'file', source: 'fileId' }, ['type', 'source', 'fileId']],
		['/v1/images/edits', { source: 'fileId' }, ['source', 'fileId']],
		['/v1/moderations', {}, ['source', 'binaryPropertyName']],
		['other', { source: 'url' }, ['type', 'source', 'url', 'detail']],
	])('shows for an attachment of %s with %j only what it needs', (endpoint, entry, fields) => {
		const root = { resource: 'batch', operation: 'submit', requestSource: 'fields', endpoint };
		const attachments = collection('requestOptions', root).find(
			({ name }) => name === 'attachments',
		)!;
		const [{ values }] = attachments.options as Array<{ values: INodeProperties[] }>;
		expect(shown({ type: 'image', source: 'binary', ...entry }, values, root)).toEqual(fields);
	});

	it('offers every endpoint and Other in alphabetical order', () => {
		const { options, default: first } = description.properties.find(
			({ name }) => name === 'endpoint',
		)!;
		expect(options).toMatchObject([
			{ name: 'Chat Completions', value: '/v1/chat/completions' },
			{ name: 'Completions (Legacy)', value: '/v1/completions' },
			{ name: 'Embeddings', value: '/v1/embeddings' },
			{ name: 'Image Edits', value: '/v1/images/edits' },
			{ name: 'Image Generations', value: '/v1/images/generations' },
			{ name: 'Moderations', value: '/v1/moderations' },
			{ name: 'Other', value: 'other' },
			{ name: 'Responses', value: '/v1/responses' },
		]);
		expect(first).toBe('/v1/chat/completions');
	});

	it('shows a notice about the model for endpoints that the default model is not for', () => {
		const warned = [...Object.keys(OFFERED), 'other'].filter((endpoint) => {
			const submit = { resource: 'batch', operation: 'submit', requestSource: 'fields', endpoint };
			return shown(submit).includes('modelNotice');
		});
		expect(warned).toEqual([
			'/v1/completions',
			'/v1/embeddings',
			'/v1/moderations',
			'/v1/images/generations',
			'/v1/images/edits',
		]);
	});

	it('offers all options for an endpoint that is typed or comes from an expression', () => {
		const all = [...new Set(Object.values(OFFERED).flat())].sort();
		expect(requestOptions('other').sort()).toEqual(all);
		expect(requestOptions('={{ $json.endpoint }}').sort()).toEqual(all);
	});

	it('shows the fields of a request source only with it', () => {
		const submit = { resource: 'batch', operation: 'submit', endpoint: '/v1/responses' };
		const always = ['resource', 'operation', 'endpoint', 'requestSource', 'metadata', 'options'];
		const fieldsOf = (requestSource: string, more: object = { promptType: 'text' }) =>
			shown({ ...submit, requestSource, ...more }).filter((name) => !always.includes(name));
		const text = ['model', 'promptType', 'prompt', 'customId', 'requestOptions'];
		const messages = ['model', 'promptType', 'messages', 'customId', 'requestOptions'];
		expect(fieldsOf('fields')).toEqual(text);
		expect(fieldsOf('fields', { promptType: 'messages' })).toEqual(messages);
		expect(fieldsOf('json')).toEqual(['body', 'customId']);
		expect(fieldsOf('lines')).toEqual([]);
	});

	it.each([...Object.keys(OFFERED), 'other', '={{ $json.endpoint }}'])(
		'asks for one prompt for %s, or for messages where they are possible',
		(endpoint) => {
			const takesMessages = !/completions$|embeddings|moderations|images/.test(
				endpoint.replace('chat/completions', 'chat'),
			);
			for (const resource of ['batch', 'requestFile']) {
				for (const promptType of ['text', 'messages']) {
					const operation = resource === 'batch' ? 'submit' : 'build';
					const root = { resource, operation, endpoint, requestSource: 'fields', promptType };
					const names = ['promptType', 'prompt', 'messages'];
					const prompt = promptType === 'text' ? 'prompt' : 'messages';
					expect(shown(root).filter((name) => names.includes(name))).toEqual(
						takesMessages ? ['promptType', prompt] : ['prompt'],
					);
				}
			}
		},
	);

	const operations = description.properties
		.filter(({ name }) => name === 'operation')
		.flatMap(({ displayOptions, options }) =>
			(options as Array<{ name: string; value: string; action?: string }>).map((option) => ({
				resource: displayOptions!.show!.resource![0] as string,
				...option,
			})),
		);

	it.each(operations)('$resource: $value has each field once, and an action', (operation) => {
		const { resource, value, action } = operation;
		const common = { endpoint: 'other', promptType: 'text', returnAll: false };
		const root = { resource, operation: value, ...common };
		const names = shown({ ...root, requestSource: 'fields' });
		expect(names).toEqual([...new Set(names)]);
		expect(action).toMatch(/^[A-Z][a-z]+ [a-z ]+$/);
	});

	it.each(operations)(
		'$resource: $value has the names of the panel under its node',
		(operation) => {
			const { resource, value, name } = operation;
			const code = /^=\{\{(.*)\}\}$/.exec(description.subtitle!)![1];
			const read = new Function('$parameter', `return ${code}`) as (given: Parameters) => string;
			const { options } = description.properties.find((property) => property.name === 'resource')!;
			const named = (options as Array<{ name: string; value: string }>).find(
				(one) => one.value === resource,
			)!;
			expect(read({ resource, operation: value })).toBe(`${name}: ${named.name}`);
		},
	);

	it.each(operations)(
		'$resource: $value shows no group without an option',
		({ resource, value }) => {
			const choices: Record<string, string[]> = {
				endpoint: [...Object.keys(OFFERED), 'other'],
				requestSource: ['fields', 'json', 'lines', 'requestsFile', 'rowsFile'],
				returnAs: ['items', 'jsonl', 'csv'],
			};
			let roots: Parameters[] = [{ resource, operation: value, promptType: 'text' }];
			for (const [name, values] of Object.entries(choices)) {
				roots = roots.flatMap((root) => values.map((one) => ({ ...root, [name]: one })));
			}
			for (const root of roots) {
				const groups = description.properties.filter(
					(property) => property.type === 'collection' && shown(root, [property]).length > 0,
				);
				for (const { name, options } of groups) {
					const inside = shown({}, options as INodeProperties[], root);
					expect([name, inside.length > 0]).toEqual([name, true]);
				}
			}
		},
	);

	it('lists Parse JSON, which most people need, before Delete Files, which nobody undoes', () => {
		const names = collection('options', { resource: 'batch', operation: 'getResults' }).map(
			({ name }) => name,
		);
		expect(names.indexOf('parseJson')).toBe(names.indexOf('deleteFiles') - 1);
	});

	it('says only in the panel of a tool that one call is one request', () => {
		const root = { resource: 'batch', operation: 'submit' };
		expect(shown(root)).not.toContain('toolNotice');
		const tool = { ...description, name: 'openAiBatchTool' };
		const notice = description.properties.filter(({ name }) => name === 'toolNotice');
		expect(
			notice.filter((one) => NodeHelpers.displayParameter(root as never, one, null, tool)),
		).toHaveLength(1);
	});

	it('lists the main operations first', () => {
		const named = operations.map(({ resource, value }) => `${resource} ${value}`);
		expect(named.slice(0, 2)).toEqual(['batch submit', 'batch getResults']);
	});

	it('lists options in alphabetical order', () => {
		const sorted = (names: string[]) => [...names].sort((a, b) => a.localeCompare(b));
		for (const { name, type, options } of description.properties) {
			if (name === 'operation') continue;
			if (!options || !['collection', 'options', 'multiOptions'].includes(type)) continue;
			const names = options
				.map((option) => ('displayName' in option ? option.displayName : option.name))
				.filter((name) => name !== 'Parse JSON');
			if (names.length >= 5) expect([name, names]).toEqual([name, sorted(names)]);
		}
	});
});

describe('an operation', () => {
	const product = productForTests();

	it.each([
		['batch', 'explode'],
		['batch', 'constructor'],
	])('%s: %s that does not exist is an error', async (resource, operation) => {
		const { error } = await product.run(resource, operation);
		expect(error?.message).toBe(
			`The node has no operation '${operation}' for the resource '${resource}'`,
		);
		expect(product.emulator.ledger.requests).toEqual([]);
	});
});

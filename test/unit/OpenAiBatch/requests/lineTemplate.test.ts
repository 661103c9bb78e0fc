import fc from 'fast-check';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { fieldsSource } from '../../../../nodes/OpenAiBatch/requests/requestSource';
import { RowParameters } from '../../../../nodes/OpenAiBatch/requests/rowParameters';
import { ENDPOINTS } from '../../../../nodes/endpoints';
import { serializeRequest } from '../../../../nodes/jsonl/split';

/** What a panel makes of rows, whose cells are changed in between. */
function panel(endpoint: string, fields: IDataObject) {
	const parameters: IDataObject = { customId: '{id}', model: 'm', prompt: '{a}', ...fields };
	const context = {
		getNode: () => ({ name: 'Node' }),
		getNodeParameter: (name: string, _itemIndex: number, fallback: unknown) =>
			parameters[name] ?? fallback,
	} as unknown as IExecuteFunctions;
	const cells: Record<string, string> = { id: '', a: '', b: '' };
	const rows = new RowParameters(context, 0, {
		names: Object.keys(cells),
		line: 7,
		reader: (name) => (name in cells ? () => cells[name] : undefined),
	});
	const source = fieldsSource({ context, parameters: rows, endpoint, server: 'openai' });
	const written = () => serializeRequest(source.request(0, source.customId(0)));
	return { cells, written, template: rows.lineTemplate(written) };
}

const cell = fc.oneof(
	fc.string({ unit: 'binary', minLength: 1 }),
	fc.string({
		unit: fc.constantFrom('"', '\\', '\n', '\u2028', '{', '}', 'é', '0', ' '),
		minLength: 1,
	}),
);

describe('the line of a row made from texts and columns', () => {
	// The request of an edit is not made without an image.
	const paths = ENDPOINTS.map(({ path }) => path).filter((path) => path !== '/images/edits');
	it.each(paths)('is the request of the row as JSON, for %s and any cells', (endpoint) => {
		const text = fc.constantFrom('', 'Say "{b}" \\{so\\}\n', 'é{id}', '{$line}: {a}{a}');
		fc.assert(
			fc.property(text, text, fc.array(fc.tuple(cell, cell, cell)), (before, behind, rows) => {
				const { cells, written, template } = panel(endpoint, {
					prompt: `${before}{a}${behind}`,
					customId: `x-{id}${before}`,
				});
				expect(template).toBeDefined();
				for (const [id, a, b] of rows) {
					Object.assign(cells, { id, a, b });
					expect(template!()).toBe(written());
				}
			}),
		);
	});

	it('has what is the same for all rows, such as a message of the system', () => {
		const requestOptions = { systemMessage: 'Be "kind".', maxTokens: 5 };
		const { cells, written, template } = panel('/v1/responses', { requestOptions });
		Object.assign(cells, { id: '1', a: 'x' });
		expect(template!()).toBe(written());
		expect(template!()).toContain('Be \\"kind\\".');
	});

	it.each([
		['a message of the system, which is left out when it is empty', { systemMessage: '{b}' }],
		['fields that replace the prompt', { additionalFields: '{"messages":[]}' }],
	])('is not made so where columns are in %s', (_what, requestOptions) => {
		expect(panel('/v1/chat/completions', { requestOptions }).template).toBeUndefined();
	});

	it('is not made so of messages, nor where no request can be made', () => {
		const messages = { values: [{ role: 'user', content: '{a}' }] };
		const chat = panel('/v1/chat/completions', { promptType: 'messages', messages });
		expect(chat.template).toBeUndefined();
		const wrong = panel('/v1/embeddings', { model: 'gpt-6-luna' });
		expect(wrong.template).toBeUndefined();
		expect(wrong.written).toThrow('gpt-6-luna is not a model for /v1/embeddings');
	});
});

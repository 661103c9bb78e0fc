import fc from 'fast-check';
import { FilePlanner } from '../../../../nodes/OpenAiBatch/requests/filePlan';
import type { Opened, RequestFile } from '../../../../nodes/OpenAiBatch/requests/inputFile';
import { csvReader, jsonReader } from '../../../../nodes/OpenAiBatch/requests/inputFile';
import { KeptFields } from '../../../../nodes/OpenAiBatch/requests/plan';
import { inPieces, readRecords, SEPARATORS } from '../../../../nodes/jsonl/lines';

/** Names as people and databases have them, and some that JavaScript treats in a way of its own. */
const name = fc.oneof(
	fc.constantFrom('id', 'title', 'a b', 'ä', '__proto__', 'constructor', 'toString', '1', '*x'),
	fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text.trim() === text && text !== '*'),
);
const row = fc.dictionary(name, fc.jsonValue(), { maxKeys: 6 });
const wanted = fc.array(fc.oneof(name, fc.constant('*')), { minLength: 1, maxLength: 4 });

const isWanted = (names: readonly string[], field: string) =>
	names.includes('*') || names.includes(field);

/** The fields of an object, one after the other, so that their order counts too. */
const pairs = (value: object) => Object.entries(value);

const naive = (value: object, names: readonly string[]) =>
	pairs(JSON.parse(JSON.stringify(value)) as object).filter(([field]) => isWanted(names, field));

const errors = (keep: KeptFields): string => {
	try {
		keep.check({ getNode: () => ({ name: 'Node' }) } as never);
		return '';
	} catch (error) {
		return `${(error as Error).message} ${(error as { description: string }).description}`;
	}
};

describe('the kept fields of an item', () => {
	it('are those that are named, in the order of the item', () => {
		fc.assert(
			fc.property(row, wanted, (item, names) => {
				const kept = JSON.parse(new KeptFields(names).of(item)) as object;
				expect(pairs(kept)).toEqual(naive(item, names));
			}),
		);
	});

	it('are all but those that * leaves out, unless they are named', () => {
		const keep = new KeptFields(['*', 'b'], ['a', 'b']);
		expect(keep.of({ a: 1, b: 2, c: 3 })).toBe('{"b":2,"c":3}');
		expect(keep.isAll).toBe(false);
	});

	it('leave out what JSON does not have, and name a field that cannot be written', () => {
		const keep = new KeptFields(['*']);
		expect(keep.of({ a: undefined, b: () => 1, c: Number.NaN })).toBe('{"c":null}');
		const circular: Record<string, unknown> = {};
		circular.self = circular;
		expect(() => keep.of({ circular })).toThrow("The field 'circular' cannot be kept");
	});

	it('are missed when no item has them, whatever the others have', () => {
		fc.assert(
			fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), wanted, (items, names) => {
				const keep = new KeptFields(names);
				for (const item of items) keep.of(item);
				const missing = names.filter(
					(field) => field !== '*' && !items.some((item) => Object.hasOwn(item, field)),
				);
				const said = errors(keep);
				if (missing.length === 0) expect(said).toBe('');
				else for (const field of missing) expect(said).toContain(`'${field}'`);
			}),
		);
	});
});

const opened = (text: string): Opened => ({
	head: Buffer.from(text),
	isWhole: true,
	source: undefined as never,
	error: (message) => new Error(message) as never,
});

/** What is kept of each row of a file. */
async function keptOf(text: string, reader: ReturnType<typeof jsonReader>, names: string[]) {
	const keep = new KeptFields(names);
	const { row, columns } = reader.kept(keep);
	const { separator, from } = reader;
	const rows: string[] = [];
	for await (const { records } of readRecords(inPieces([Buffer.from(text)]), { separator, from })) {
		for (const record of records) {
			reader.take(record);
			rows.push(row());
		}
	}
	return { rows, columns, keep };
}

describe('the kept columns of a file', () => {
	it('are the cells of a CSV as text, in the order of the header', async () => {
		const table = fc
			.uniqueArray(
				name.filter((text) => !text.includes('\r')),
				{ minLength: 1, maxLength: 5 },
			)
			.chain((header) =>
				fc.record({
					header: fc.constant(header),
					cells: fc.array(
						fc.array(fc.string({ unit: 'grapheme' }), {
							minLength: header.length,
							maxLength: header.length,
						}),
						{ maxLength: 4 },
					),
					separator: fc.constantFrom(...SEPARATORS),
				}),
			);
		const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
		await fc.assert(
			fc.asyncProperty(table, wanted, async ({ header, cells, separator }, names) => {
				const text = [header, ...cells]
					.map((line) => `${line.map(quoted).join(separator)}\n`)
					.join('');
				const { rows, columns } = await keptOf(
					text,
					csvReader(opened(text), text, separator),
					names,
				);
				const isKept = (_: unknown, index: number) => isWanted(names, header[index]);
				expect(columns).toEqual(header.filter((_, index) => isKept(_, index)));
				expect(rows).toEqual(
					cells.map((line) => {
						const fields = header.map((field, index) => [field, line[index]]).filter(isKept);
						const written = fields.map((field) =>
							field.map((one) => JSON.stringify(one)).join(':'),
						);
						return `{${written.join(',')}}`;
					}),
				);
			}),
		);
	});

	it('are the fields of JSONL as they are written, however the lines are spaced', async () => {
		const filled = fc.dictionary(name, fc.jsonValue(), { minKeys: 1, maxKeys: 5 });
		const spaced = (value: object, space: string) =>
			`{${space}${pairs(value)
				.map(([key, one]) => `${JSON.stringify(key)}${space}:${space}${JSON.stringify(one)}`)
				.join(`${space},${space}`)}${space}}`;
		await fc.assert(
			fc.asyncProperty(
				fc.array(filled, { minLength: 1, maxLength: 4 }),
				wanted,
				fc.constantFrom('', ' ', '\t '),
				async (values, names, space) => {
					const text = values.map((value) => `${spaced(value, space)}\n`).join('');
					const { rows, keep } = await keptOf(text, jsonReader(opened(text)), names);
					expect(rows.map((one) => pairs(JSON.parse(one) as object))).toEqual(
						values.map((value) => naive(value, names)),
					);
					const isThere = (field: string) => values.some((value) => Object.hasOwn(value, field));
					expect(errors(keep) === '').toBe(names.every((field) => field === '*' || isThere(field)));
				},
			),
		);
	});

	it('keep the digits of numbers', async () => {
		const text = '{"n": 12345678901234567890, "m": 1.50}\n';
		const { rows } = await keptOf(text, jsonReader(opened(text)), ['n']);
		expect(rows).toEqual(['{"n":12345678901234567890}']);
	});
});

describe('the file of kept rows of a part', () => {
	const ENDPOINT = '/v1/embeddings';

	/** A file of lines, each an id and a model. */
	const source = (lines: readonly string[], itemIndex: number): RequestFile => {
		let last = '';
		const idOf = (text: string) => text.split(' ')[0];
		return {
			itemIndex,
			unit: 'row',
			mayStayOpen: itemIndex === 0,
			read: (_signal, from) =>
				readRecords(inPieces([Buffer.from(lines.map((one) => `${one}\n`).join(''))]), { from }),
			customId: ({ text }) => {
				last = text;
				return idOf(text);
			},
			request: ({ text }) => {
				const [custom_id, model] = text.split(' ');
				return { custom_id, method: 'POST', url: ENDPOINT, body: { model, input: 'x' } };
			},
			line: ({ text }) => text,
			emptyColumn: () => undefined,
			kept: {
				row: () => JSON.stringify({ was: last }),
				columns: itemIndex < 2 ? ['was'] : undefined,
			},
		};
	};

	const read = async (open: () => AsyncIterable<Uint8Array>) => {
		const chunks: Uint8Array[] = [];
		for await (const chunk of open()) chunks.push(chunk);
		return Buffer.concat(chunks);
	};

	it('has a line for each request, with the row of the same id, and as many bytes as measured', async () => {
		const line = fc
			.tuple(fc.nat({ max: 30 }), fc.constantFrom('m', 'n'))
			.map(([id, model]) => `${id} ${model}`);
		const files = fc.array(fc.array(line, { minLength: 1, maxLength: 12 }), {
			minLength: 1,
			maxLength: 3,
		});
		const limits = fc.record({
			maxRequests: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
			maxBytes: fc.option(fc.integer({ min: 60, max: 150 }), { nil: undefined }),
		});
		await fc.assert(
			fc.asyncProperty(files, limits, async (contents, max) => {
				const sources = contents.map(source);
				const options = { endpoint: ENDPOINT, server: 'openai' as const, estimate: false };
				const plan = await new FilePlanner(sources, { ...options, limits: max }).plan(undefined);
				for (const { open, part, rows } of plan.parts) {
					const requests = (await read(open)).toString().trimEnd().split('\n');
					const kept = await read(rows!.open);
					// An upload that failed begins again.
					expect(await read(rows!.open)).toEqual(kept);
					// The rows of several files may have different columns.
					const head = sources.length < 3 ? '{"columns":["was"]}\n' : '';
					expect(kept.toString()).toBe(
						head +
							requests
								.map((text) => ({ custom_id: text.split(' ')[0], row: { was: text } }))
								.map((one) => `${JSON.stringify(one)}\n`)
								.join(''),
					);
					expect([rows!.bytes, part.rowBytes]).toEqual([kept.length, kept.length]);
					expect(kept.length).toBeLessThanOrEqual(max.maxBytes ?? Infinity);
				}
			}),
		);
	});
});

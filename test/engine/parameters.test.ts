import fc from 'fast-check';
import { DateTime } from 'luxon';
import type { IDataObject, IExecuteFunctions, NodeParameterValueType } from 'n8n-workflow';
import { BAIL, compileExpression } from '../../nodes/OpenAiBatch/parameters/compileExpression';
import { ItemParameters } from '../../nodes/OpenAiBatch/parameters/itemParameters';
import { createEngine, type EngineOptions } from '../support/engine';
import { inspectingNode, type Inspection } from '../support/engine/Inspector.node';

/** Runs `inspect` in a node with these parameters and items. */
async function inspectNode(
	inspect: Inspection,
	parameters: Record<string, NodeParameterValueType>,
	items: IDataObject[],
	expressionEngine: EngineOptions['expressionEngine'] = 'vm',
): Promise<void> {
	const engine = await createEngine({
		nodes: { inspector: inspectingNode(inspect) },
		expressionEngine,
	});
	const input = items.map((json) => ({ json }));
	const { error } = await engine.node('inspector', parameters, input);
	expect(error).toBeUndefined();
}

/** The outcome of a call: a value, or the message of the error. */
function outcome(call: () => unknown): { value: unknown } | { thrown: string } {
	try {
		return { value: call() };
	} catch (error) {
		return { thrown: (error as Error).message };
	}
}

/** Compares exactly: types, the order of keys and the sign of zero, but not identity. */
const fingerprint = (value: unknown) =>
	typeof value === 'object' ? JSON.stringify(value) : `${typeof value} ${JSON.stringify(value)}`;
const same = (a: unknown, b: unknown) => Object.is(a, b) || fingerprint(a) === fingerprint(b);

describe.each(['vm', 'legacy'] as const)('compiled expressions and the %s engine', (engine) => {
	const names = ['a', 'b', 'title', 'c d', "it's", '0', 'a.b', 'P (x)', '{{', 'größe', 'class'];
	const oddNames = ['length', 'toString', '__isArray', '__proto__', 'caller', 'x.first(y)', '}}'];
	const name = fc.oneof(
		{ weight: 12, arbitrary: fc.constantFrom(...names) },
		{ weight: 1, arbitrary: fc.constantFrom(...oddNames) },
	);
	const text = fc.oneof(
		fc.string({ unit: 'grapheme', maxLength: 6 }),
		fc.constantFrom('', ' ', '"', "'", '\n', '\\', '{{ $json.a }}', '\u2028', '\ud800', '=x'),
	);
	const { value } = fc.letrec<{ value: unknown }>((tie) => ({
		value: fc.oneof(
			{ maxDepth: 3 },
			text,
			fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -0, NaN, 1e21, 1e-7)),
			fc.constantFrom(true, false, null, undefined),
			fc.array(tie('value'), { maxLength: 3 }),
			fc.dictionary(name, tie('value'), { minKeys: 2, maxKeys: 6, noNullPrototype: true }),
			fc.constantFrom(new Date(0), DateTime.fromMillis(0), new (class Film {})()),
		),
	}));
	const item = fc.dictionary(name, value, { minKeys: 6, noNullPrototype: true });

	const quoted = name.chain((key) => fc.constantFrom(`"${key}"`, `'${key}'`));
	const step = fc.oneof(
		{ weight: 4, arbitrary: name.map((key) => `.${key}`) },
		{ weight: 1, arbitrary: name.map((key) => `?.${key}`) },
		{ weight: 3, arbitrary: quoted.map((key) => `[${key}]`) },
		{ weight: 1, arbitrary: quoted.map((key) => `?.[${key}]`) },
		{ weight: 2, arbitrary: fc.constantFrom('[0]', '[1]', '?.[0]', '[00]', ' .a', '[ 0 ]') },
	);
	const code = fc.oneof(
		{
			weight: 12,
			arbitrary: fc.array(step, { maxLength: 4 }).map((steps) => `$json${steps.join('')}`),
		},
		{ weight: 2, arbitrary: fc.constantFrom('$itemIndex', '0', '12', '"a"', "'}'", '""') },
		{
			weight: 1,
			arbitrary: fc.constantFrom(
				'$json.a + 1',
				'$json.title.length',
				'$json.a.b()',
				'$json.title || "none"',
				'$json.title.toUpperCase()',
				'$json;',
				'{a: 1}',
				'$nothing',
				'',
			),
		},
	);
	const space = fc.constantFrom('', ' ', ' ', '\n', '\t', '\u00a0');
	const block = fc.tuple(space, code, space).map((parts) => `{{${parts.join('')}}}`);
	const around = fc.oneof(
		text,
		fc.constantFrom('Film: ', '{', '}', '}}', ' {{ ', '$json', 'x.constructor', '{ {', '😀'),
	);
	const template = fc
		.array(fc.oneof(block, around), { maxLength: 4 })
		.map((parts) => parts.join(''));
	const expression = fc.oneof(block, template).map((source) => `=${source}`);

	it('agree on every item, or leave the item to the engine', async () => {
		let compared = 0;
		let left = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.array(expression, { minLength: 20, maxLength: 20 }),
				fc.array(item, { minLength: 6, maxLength: 6 }),
				async (texts, items) => {
					const compiled = texts.map(compileExpression);
					const check: Inspection = (context) => {
						for (const [index, input] of context.getInputData().entries()) {
							for (const [number, raw] of texts.entries()) {
								const run = compiled[number];
								const own = run ? run(input, index) : BAIL;
								if (own === BAIL) {
									left++;
									continue;
								}
								compared++;
								const expected = outcome(() => context.getNodeParameter(`texts[${number}]`, index));
								if (!('value' in expected) || !same(own, expected.value)) {
									throw new Error(
										`${raw}: ${fingerprint(own)} instead of ${JSON.stringify(expected)}`,
									);
								}
							}
						}
					};
					await inspectNode(check, { texts }, items as IDataObject[], engine);
				},
			),
			{ numRuns: 25, seed: 41, endOnFailure: true },
		);
		// The comparison is useful only if many expressions are compiled.
		expect(compared).toBeGreaterThan(1_000);
		expect(left).toBeGreaterThan(300);
	});
});

describe('ItemParameters', () => {
	const items = [
		{ title: 'Alien', size: 3, tags: ['a'], body: { n: 1 }, url: 'https://x.test/batches/b1' },
		{ title: 'Heat', size: '4', tags: 'b', body: '{"n":2}', url: 'https://x.test/batches/b2' },
		{ title: null, size: 'many', url: 'nothing' },
	];

	const cases: Array<{
		what: string;
		name: string;
		value: NodeParameterValueType;
		/** How many of the three items are left to n8n. */
		slow: number;
	}> = [
		{ what: 'a constant', name: 'text', value: 'constant', slow: 0 },
		{ what: 'an expression', name: 'text', value: '={{ $json.title }}', slow: 0 },
		{ what: 'a text', name: 'text', value: '={{ $itemIndex }}: {{ $json.title }}', slow: 0 },
		{ what: 'other code', name: 'text', value: '={{ $json.title ?? "none" }}', slow: 3 },
		{ what: 'code that throws', name: 'text', value: '={{ $("Nowhere").item.json.a }}', slow: 3 },
		{ what: 'one item with a length', name: 'text', value: '={{ $json.tags[0] }}', slow: 1 },
		{ what: 'a list', name: 'texts', value: ['a', '={{ $json.title }}'], slow: 0 },
		{
			what: 'a collection',
			name: 'options',
			value: { name: '=b {{ $json.title }}', size: '={{ $json.size }}' },
			slow: 0,
		},
		{
			what: 'a collection with other code',
			name: 'options',
			value: { name: '=b {{ $json.title }}', size: '={{ 1 + 1 }}' },
			slow: 3,
		},
		{
			what: 'an option',
			name: 'options.name',
			value: '={{ $json.title }}',
			slow: 0,
		},
		{
			what: 'pairs',
			name: 'metadata',
			value: {
				pairs: [
					{ key: 'film', value: '={{ $json.title }}' },
					{ key: '={{ $itemIndex }}', value: 'b' },
				],
			},
			slow: 0,
		},
		{
			what: 'a resource locator',
			name: 'batchId',
			value: { __rl: true, mode: 'url', value: '={{ $json.url }}' },
			slow: 0,
		},
	];

	it.each(cases)('returns what n8n returns for $what', async ({ name, value, slow }) => {
		const [own, ofN8n]: Array<Array<ReturnType<typeof outcome>>> = [[], []];
		let slowEvaluations: number | undefined;
		const [property, field] = name.split('.');
		await inspectNode(
			(context) => {
				const parameters = new ItemParameters(context);
				const read = parameters.read(name);
				items.forEach((_item, index) => {
					own.push(outcome(() => read(index)));
					ofN8n.push(outcome(() => context.getNodeParameter(name, index)));
				});
				({ slowEvaluations } = parameters);
			},
			{ [property]: field ? { [field]: value } : value },
			items as IDataObject[],
		);
		expect(own).toEqual(ofN8n);
		expect(own).toHaveLength(items.length);
		expect(slowEvaluations).toBe(slow);
	});

	it('counts the slow evaluations of all parameters', async () => {
		let slowEvaluations: number | undefined;
		await inspectNode(
			(context) => {
				const parameters = new ItemParameters(context);
				const reads = [parameters.read('text'), parameters.read('texts')];
				for (const read of reads) items.forEach((_item, index) => read(index));
				({ slowEvaluations } = parameters);
			},
			{ text: '={{ 1 + 1 }}', texts: ['={{ 2 + 2 }}'] },
			items as IDataObject[],
		);
		expect(slowEvaluations).toBe(6);
	});

	describe('looks at what n8n has evaluated without a second evaluation', () => {
		/** What is found in each of the items, and how often it was evaluated again. */
		async function findings(text: NodeParameterValueType, rows: IDataObject[]) {
			const found: Array<[undefinedIn?: string, emptyIn?: string]> = [];
			let evaluations = -1;
			await inspectNode(
				(context) => {
					const evaluate = jest.spyOn(context as IExecuteFunctions, 'evaluateExpression');
					const parameters = new ItemParameters(context as IExecuteFunctions);
					const read = parameters.read('text');
					rows.forEach((_row, index) => {
						read(index);
						found.push([
							parameters.inserted('undefined', index)?.code,
							parameters.emptyInsertion('text', index),
						]);
					});
					evaluations = evaluate.mock.calls.length;
				},
				{ text },
				rows,
			);
			return { found, evaluations };
		}

		const TITLE = '$json.title.trim()';
		const NICK = '$json.nick.trim()';
		const films = [{ title: 'Alien' }, { title: ' Brazil ' }, { title: 'Heat' }];

		it.each<[what: string, text: string, found: [string?, string?]]>([
			['its own text', `=Say undefined if unknown. {{ ${TITLE} }}`, []],
			['its own text, with two values', `=Say undefined. {{ ${TITLE} }} {{ ${TITLE} }}`, []],
			['a value', '=Say undefined. {{ "By " + $json.crew }}!', ['"By " + $json.crew']],
			['a value alone', '={{ "By " + $json.crew }}', ['"By " + $json.crew']],
		])('for the word undefined, in %s', async (_what, text, expected) => {
			const { found, evaluations } = await findings(text, films);
			expect(found).toEqual(films.map(() => [expected[0], undefined]));
			expect(evaluations).toBe(0);
		});

		it('for a value that is not there', async () => {
			const { found, evaluations } = await findings(
				`=By {{ ${NICK} }} of {{ $json.title }}`,
				films,
			);
			expect(found).toEqual(films.map(() => [undefined, NICK]));
			expect(evaluations).toBe(0);
		});

		it('but with one for several such values', async () => {
			const text = `=By {{ ${TITLE} }} {{ ${NICK} }}`;
			const { found, evaluations } = await findings(text, films);
			expect(found).toEqual(films.map(() => [undefined, NICK]));
			expect(evaluations).toBe(1);
		});

		it('and for each item where other fields decide, too', async () => {
			const joined = '[$json.title, $json.nick].join("")';
			const rows = [{ title: 'Alien' }, { title: '' }, { title: 'Heat' }];
			const { found } = await findings(`=By {{ ${joined} }} {{ ${joined} }}`, rows);
			expect(found.map(([, empty]) => empty)).toEqual([undefined, joined, undefined]);
		});
	});

	it('has fallbacks, which may be expressions, and refuses parameters that do not exist', async () => {
		let values: unknown[] = [];
		let missing: ReturnType<typeof outcome> | undefined;
		await inspectNode(
			(context) => {
				const parameters = new ItemParameters(context);
				const read = parameters.read('options.name', { fallback: '=f {{ $json.title }}' });
				values = [read(0), parameters.read('options.size', { fallback: 0 })(1)];
				missing = outcome(() => parameters.read('options.name'));
			},
			{},
			items as IDataObject[],
		);
		expect(values).toEqual(['f Alien', 0]);
		expect(missing).toEqual({ thrown: 'Could not get parameter "options.name"' });
	});
});

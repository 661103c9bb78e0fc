import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import type { Outcome } from '../support/emulator/outcomes';
import { requestLine } from './batches';
import { productForTests } from './product';

/** Whatever becomes of requests, and however often they are asked again, the results are a model's. */
jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

/** Batches end only when the story says so. */
const product = productForTests({ timing: { in_progress: 10 ** 8 } });

/** How many stories are tried; more with the environment variable RETRY_STORIES. */
const STORIES = Number(process.env.RETRY_STORIES ?? 25);

const SCHEMA = {
	type: 'object',
	properties: { genre: { type: 'string' } },
	required: ['genre'],
	additionalProperties: false,
};
const BODY = {
	response_format: {
		type: 'json_schema',
		json_schema: { name: 'film', strict: true, schema: SCHEMA },
	},
	max_completion_tokens: 10,
};

/** What can become of a request each time that it runs. */
const FATES: Record<string, Outcome> = {
	good: { type: 'answer' },
	prose: { type: 'answer', content: 'It is horror.' },
	cut: { type: 'truncate' },
	refused: { type: 'refuse' },
	broken: { type: 'fail', status: 503, code: 'server_is_overloaded' },
	wrong: { type: 'fail', status: 400, code: 'invalid_prompt' },
	timeout: { type: 'timeout' },
};

const REASON: Record<string, string> = {
	prose: 'invalid_json',
	cut: 'cut_off',
	refused: 'refused',
	broken: 'failed',
	timeout: 'failed',
};

const isSuccess = (fate: string) => ['good', 'prose', 'cut', 'refused'].includes(fate);

const IDS = ['a', 'b', 'c', 'd', 'e'];

const fates = fc.record(
	Object.fromEntries(IDS.map((id) => [id, fc.constantFrom(...Object.keys(FATES))])),
) as fc.Arbitrary<Record<string, string>>;

const reasons = fc.uniqueArray(fc.constantFrom('failed', ...new Set(Object.values(REASON))), {
	minLength: 1,
});

const choices = fc.oneof(
	reasons.map((include) => ({ include })),
	fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1 }).map((ids) => ({ ids })),
);

/** One time that somebody asks again: what is chosen, of which batch, and what becomes of it. */
const rounds = fc.array(
	fc.record({ choice: choices, of: fc.nat(3), fates, ends: fc.constantFrom(true, true, false) }),
	{ maxLength: 4 },
);

interface Ran {
	id: string;
	/** The batch that it repeats; undefined for the first. */
	of?: Ran;
	fates: Map<string, string>;
	ends: boolean;
}

/** Whether a batch is a retry of another one, or a retry of such a retry. */
const isBelow = (ran: Ran, root: Ran): boolean =>
	ran.of !== undefined && (ran.of === root || isBelow(ran.of, root));

/** What counts for a request: its newest success, else its last result. */
function standing(batches: Ran[], id: string): string | undefined {
	const all = batches.flatMap(({ fates: one }) => one.get(id) ?? []);
	return all.findLast(isSuccess) ?? all.at(-1);
}

const sent = () => {
	const [upload] = product.emulator.ledger.uploads.slice(-1);
	const text = product.emulator.file(upload.id).text().trimEnd();
	return text.split('\n').map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
};

/** Validates a batch, which decides what becomes of its requests, and may take it to its end. */
async function begin(id: string, ends: boolean) {
	await product.emulator.advance(2_000);
	if (ends) await product.finish(id);
}

let stories = 0;

test('results, attempts and what is asked again', async () => {
	await fc.assert(
		fc.asyncProperty(fates, rounds, async (first, later) => {
			const story = `story ${++stories}`;
			let now = first;
			product.emulator.control.requests({
				match: ({ body }) => JSON.stringify(body).includes(`${story} `),
				outcome: ({ custom_id: id }) => FATES[now[id]],
			});
			const input = IDS.map((id) => {
				const line = JSON.parse(
					requestLine(id, { ...BODY, user: `${story} ${id}` }),
				) as IDataObject;
				return { json: line };
			});
			const [{ id: root }] = await product.json(
				'batch',
				'submit',
				{ requestSource: 'lines', endpoint: '/v1/chat/completions' },
				input,
			);
			await begin(String(root), true);
			const batches: Ran[] = [
				{ id: String(root), fates: new Map(Object.entries(first)), ends: true },
			];
			for (const round of later) {
				const finished = batches.filter(({ ends }) => ends);
				const of = finished[round.of % finished.length];
				// What the batch repeats came before it, and is no retry.
				const chain = batches.filter((one) => !isBelow(of, one));
				const isRunning = (id: string) => chain.some((one) => !one.ends && one.fates.has(id));
				const isChosen = (id: string) => {
					if ('ids' in round.choice) return round.choice.ids.includes(id);
					const fate = standing(
						chain.filter(({ ends }) => ends),
						id,
					)!;
					return !isRunning(id) && round.choice.include.includes(REASON[fate]);
				};
				const expected = IDS.filter((id) => of.fates.has(id) && isChosen(id));
				const { ids, include } = { ids: undefined, include: undefined, ...round.choice };
				const options = {
					...(ids ? { customIds: JSON.stringify(ids) } : { include }),
					bodyFields: `{"max_completion_tokens": ${100 + batches.length}}`,
				};
				now = round.fates;
				const { error, items } = await product.run('batch', 'retry', {
					batchId: of.id,
					options: options as never,
				});
				if (expected.length === 0) {
					expect(error?.message).toMatch(/no requests to retry|succeeded$|none of the requests/);
					continue;
				}
				expect(error).toBeUndefined();
				const [{ json }] = items('Node');
				expect(sent()).toEqual(expected);
				expect(json).toMatchObject({ requests: expected.length, adopted: false, retry_of: of.id });
				await begin(String(json.id), round.ends);
				const ran = new Map(expected.map((id) => [id, round.fates[id]]));
				batches.push({ id: String(json.id), of, fates: ran, ends: round.ends });
			}
			for (const { id, ends } of batches) if (!ends) await product.finish(id);
			const results = await product.json('batch', 'getResults', {
				batchId: batches.at(-1)!.id,
				options: { followRetries: true },
			});
			const seen = results.map((json) => [json.custom_id, json.status, json.attempts]);
			const modelled = IDS.map((id) => [
				id,
				isSuccess(standing(batches, id)!) ? 'succeeded' : 'failed',
				batches.filter((one) => one.fates.has(id)).length,
			]);
			expect(seen.sort()).toEqual(modelled);
			for (const json of results) {
				const newest = batches.findLast(({ fates: all }) => {
					const fate = all.get(String(json.custom_id));
					return fate !== undefined && (isSuccess(fate) || json.status === 'failed');
				});
				expect(json.batch_id).toBe(newest?.id);
			}
		}),
		{ numRuns: STORIES },
	);
});

import type { FaultRule, RecordedRequest } from '../../support/emulator';
import { Random } from '../../support/emulator/random';
import type { Account } from '../../support/lab/account';
import { Lab } from '../../support/lab/lab';
import { until } from '../../support/lab/until';
import { START } from '../../support/lab/workflows/steps';
import { ROWS, wholeJob } from './workflows';

/** Quick, and slow enough that Wait looks at the batch several times. */
const TIMING = { validating: 500, in_progress: 3_000, finalizing: 500, cancelling: 500 };

const stall = (method: string, path: string | RegExp, when: 'before' | 'after'): FaultRule => ({
	method,
	path,
	times: 1_000,
	fault: { type: 'stall', when },
});

const isUnanswered =
	({ method, path }: FaultRule) =>
	(request: RecordedRequest) => {
		const below = request.path.replace('/v1', '');
		const isPath = typeof path === 'string' ? below === path : path.test(below);
		return isPath && request.method === method && request.status === null;
	};

/** The request that has no answer when n8n dies, before or after it took effect. */
const DURING: Record<string, FaultRule> = {
	'it looks for earlier batches': stall('GET', '/batches', 'before'),
	'it uploads, and the file is not stored': stall('POST', '/files', 'before'),
	'it uploads, and the file is stored': stall('POST', '/files', 'after'),
	'it creates the batch, which does not exist yet': stall('POST', '/batches', 'before'),
	'it creates the batch, which exists': stall('POST', '/batches', 'after'),
	'it waits': stall('GET', /^\/batches\/batch_/, 'before'),
	'it reads the results': stall('GET', /\/content$/, 'after'),
};

/** Chosen once; another seed gives another five moments. */
const SEED = 20_260_901;
const RANDOM_MOMENTS = 5;
/** The whole job takes about so many requests. */
const REQUESTS = 10;

describe('a workflow that submits, waits and gets results, in an n8n that is killed', () => {
	let lab: Lab;
	let account: Account;

	beforeAll(async () => {
		lab = await Lab.open();
		account = await lab.account({ timing: TIMING });
	});
	afterAll(async () => await lab?.close());

	/** Begins the workflow, kills n8n at a moment, starts it and runs the workflow again. */
	async function killedAt(name: string, moment: () => Promise<unknown>) {
		const { n8n, rest } = lab;
		const { emulator, credential } = account;
		const { id } = await rest.createWorkflow(wholeJob(name, credential));
		const earlier = emulator.ledger.batches.length;
		await rest.run(id, START);
		await moment();
		await n8n.kill();
		emulator.faults.clear();
		await lab.restart();
		const again = await rest.finished(id, await rest.run(id, START));
		expect(again.data.resultData.error).toBeUndefined();
		expect(await lab.placesOf(emulator.apiKey)).toEqual([]);
		const results = again.data.resultData.runData.Results[0].data!.main[0]!;
		return { batches: emulator.ledger.batches.slice(earlier), results };
	}

	/** There is one batch, and each of its requests once. */
	function expectWhole({ batches, results }: Awaited<ReturnType<typeof killedAt>>): void {
		expect(batches).toHaveLength(1);
		const succeeded = results.filter(({ json }) => json.status === 'succeeded');
		const ids = new Set(succeeded.map(({ json }) => json.custom_id));
		expect([results.length, ids.size]).toEqual([ROWS, ROWS]);
		expect(results[0].json.batch_id).toBe(batches[0].id);
	}

	it.each(Object.entries(DURING))('creates one batch when it dies while %s', async (name, rule) => {
		const { faults, ledger } = account.emulator;
		const before = ledger.requests.length;
		faults.next(rule);
		const outcome = await killedAt(name, async () => {
			await until('the request', () => ledger.requests.slice(before).some(isUnanswered(rule)));
		});
		expectWhole(outcome);
	});

	const random = new Random(SEED);
	const moments = Array.from({ length: RANDOM_MOMENTS }, () => random.integer(1, REQUESTS));

	it.each(moments.map((request, index) => [index + 1, request]))(
		'creates one batch at random moment %i: as soon as request %i has come',
		async (index, request) => {
			const { ledger } = account.emulator;
			const before = ledger.requests.length;
			const outcome = await killedAt(`random ${index}`, async () => {
				await until('requests', () => ledger.requests.length >= before + request, { every: 1 });
			});
			expectWhole(outcome);
		},
	);
});

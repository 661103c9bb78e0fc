import { isFinished } from '../../../../nodes/openai/api/objects';
import type { RecordedRequest } from '../../../support/emulator';
import { STILL, type Account } from '../../../support/lab/account';
import { assertSucceeded, itemsOf } from '../../../support/lab/n8n/executions';
import { until } from '../../../support/lab/until';
import type { Execution } from '../../../support/lab/n8n/types';
import { CONCURRENCY } from '../roles';
import type { Called, Stage } from '../stage';
import { REQUESTS, rowsOfBody } from '../workflows';

/** One key is submitted so often at the same moment. */
const TIMES = 20;

/** One more than a worker has at once, so that there are two workers at least. */
const SEVERAL = CONCURRENCY + 1;

/** The parts of the submission with a queue, and how many of them the queue takes at once. */
const [PARTS, ROOM] = [6, 2];

/** Batches are moved by the tests, but for those that are given up. */
const TIMING = { ...STILL.timing, cancelling: 100 };

/** A row of about 500 tokens for each part. */
const rows = (job: string, parts: number) =>
	Array.from({ length: parts }, (_, index) => ({
		id: `${job}-${index}`,
		text: `Row ${index}${' word'.repeat(400)}`,
		job,
	}));

const places = (parts: number) =>
	Array.from({ length: parts }, (_, index) => `${index + 1}/${parts}`);

const live = ({ emulator }: Account) =>
	emulator.ledger.batches.filter(({ status }) => !status.startsWith('cancel'));

/** Every part has one batch that was not given up. */
function expectOneEach(account: Account, parts: number): void {
	const found = live(account).map(({ metadata }) => metadata!.submission_part);
	expect(found.sort()).toEqual(places(parts));
}

/** Executions in several workers that do the same at the same moment. */
export function together(stage: () => Stage): void {
	/** Holds requests until so many have come. */
	function meet(account: Account, method: string, path: RegExp, count: number): void {
		const { faults, ledger } = account.emulator;
		const matches = (request: RecordedRequest) =>
			request.method === method && path.test(request.path.replace('/v1', ''));
		let come = 0;
		const all = new Promise<void>((resolve) => {
			ledger.onRequest = (request, step) => {
				if (step === 'done' && matches(request) && ++come === count) resolve();
			};
		});
		faults.next({ method, path, times: count, fault: { type: 'hold', when: 'after', until: all } });
	}

	/** Calls a workflow several times at once; returns the executions, which have all succeeded. */
	async function callTogether(
		{ workflowId, call }: Called,
		times: number,
		body: unknown = {},
	): Promise<Execution[]> {
		const earlier = await stage().cluster.rest.executions(workflowId);
		await Promise.all(Array.from({ length: times }, async () => await call(body)));
		const ids = await stage().allEnded(workflowId, earlier.length + times);
		const found = await Promise.all(
			ids.slice(earlier.length).map(async (id) => await stage().cluster.rest.execution(id)),
		);
		found.forEach(assertSucceeded);
		const workers = found.map(({ id }) => stage().cluster.workerOf(id));
		expect(new Set(workers).size).toBeGreaterThan(1);
		return found;
	}

	it.each([0, 1_000])(
		'leaves one batch for each part when a key is submitted twenty times, with a list %i ms late',
		async (late) => {
			const account = await stage().account({ timing: TIMING });
			const { ledger, faults } = account.emulator;
			faults.listDelay(late);
			const job = `same key ${late}`;
			const submitting = await stage().callable(job, [
				rowsOfBody,
				account.step('Submit', 'batch', 'submit', {
					...REQUESTS,
					options: { maxRequestsPerBatch: 1, submissionKey: job },
				}),
			]);
			// As many as all workers take at once have seen a list without a batch.
			const atOnce = stage().cluster.workers.length * CONCURRENCY;
			meet(account, 'GET', /^\/batches$/, atOnce);
			const executions = await callTogether(submitting, TIMES, { rows: rows(job, 3) });

			expectOneEach(account, 3);
			const first = ledger.batches.filter(({ metadata }) => metadata!.submission_part === '1/3');
			expect(first.length).toBeGreaterThanOrEqual(atOnce);
			const returned = executions.map((execution) => itemsOf(execution, 'Submit'));
			const ids = live(account).sort((one, other) =>
				one.metadata!.submission_part < other.metadata!.submission_part ? -1 : 1,
			);
			for (const items of returned) {
				expect(items.map(({ id }) => id)).toEqual(ids.map(({ id }) => id));
			}
			expect(returned.flat().filter(({ adopted }) => adopted === false)).toHaveLength(3);
		},
	);

	/** Submits more parts than there is room for; returns the workflow that creates the others. */
	async function withWaiting(job: string, parts: number) {
		const account = await stage().account({ timing: TIMING });
		const options = { maxRequestsPerBatch: 1, maxEnqueuedTokens: 1_200 };
		const submitted = await stage().run(
			job,
			[rowsOfBody, account.step('Submit', 'batch', 'submit', { ...REQUESTS, options })],
			{ rows: rows(job, parts) },
		);
		const statuses = itemsOf(submitted, 'Submit').map(({ status }) => status);
		expect(statuses.filter((status) => status === 'waiting')).toHaveLength(parts - ROOM);
		const waiting = await stage().callable(`${job}: submit waiting`, [
			account.step('Submit waiting', 'batch', 'submitWaiting'),
		]);
		const open = () => live(account).filter((batch) => !isFinished(batch));
		const end = async () => await account.emulator.step(open()[0].id, 'completed');
		return { account, waiting, open, end };
	}

	it('creates each part that waits once when several workers submit them, again and again', async () => {
		const { account, waiting, open, end } = await withWaiting('waiting', PARTS);
		const { emulator } = account;
		for (let exist = ROOM + 1; exist <= PARTS; exist++) {
			await end();
			meet(account, 'GET', /^\/batches$/, SEVERAL);
			const executions = await callTogether(waiting, SEVERAL);
			expect(live(account)).toHaveLength(exist);
			expect(open()).toHaveLength(ROOM);
			const returned = executions.flatMap((one) => itemsOf(one, 'Submit waiting'));
			// All have created the part; those that gave theirs up return the one that stands.
			const created = returned.filter(({ id }) => id !== null);
			const standing = open().at(-1)!.id;
			expect(created.map(({ id }) => id)).toEqual(executions.map(() => standing));
			expect(created.filter(({ adopted }) => adopted === false)).toHaveLength(1);
			await until('the end of what was given up', () =>
				emulator.ledger.batches.every(({ status }) => status !== 'cancelling'),
			);
		}
		expect(emulator.ledger.batches.length).toBeGreaterThan(PARTS);
		while (open().length > 0) await end();
		expect(await account.queueFiles()).toHaveLength(1);
		meet(account, 'GET', /^\/batches$/, SEVERAL);
		await callTogether(waiting, SEVERAL);

		expect(await account.queueFiles()).toEqual([]);
		expectOneEach(account, PARTS);
		const lines = live(account).map(({ input_file_id: id }) => emulator.file(id).text());
		const ids = lines.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
		expect(ids.sort()).toEqual(rows('waiting', PARTS).map(({ id }) => id));
	});

	it('is not disturbed when another worker deletes the queue that it is about to read', async () => {
		const { account, waiting, open, end } = await withWaiting('deleted', ROOM + 1);
		const { faults, ledger } = account.emulator;
		await end();
		await waiting.call({});
		await stage().allEnded(waiting.workflowId, 1);
		while (open().length > 0) await end();
		const [queue] = await account.queueFiles();
		// All have seen the queue in the list of files when the first of them deletes it.
		meet(account, 'GET', /^\/files$/, SEVERAL);
		const deleted = until('the deletion', () =>
			ledger.calls('DELETE', `/files/${queue}`).some(({ status }) => status === 200),
		);
		faults.next({
			method: 'GET',
			path: `/files/${queue}/content`,
			after: 1,
			times: SEVERAL - 1,
			fault: { type: 'hold', when: 'before', until: deleted },
		});
		await callTogether(waiting, SEVERAL);

		expect(await account.queueFiles()).toEqual([]);
		expectOneEach(account, ROOM + 1);
	});
}

import { isFinished } from '../../../nodes/openai/api/objects';
import { Random } from '../../support/emulator/random';
import { STILL, type Account } from '../../support/lab/account';
import { Lab } from '../../support/lab/lab';
import { assertSucceeded } from '../../support/lab/n8n/executions';
import { until } from '../../support/lab/until';
import { START } from '../../support/lab/workflows/steps';
import { PARTS, ROOM, submitInParts, submitWaiting } from './workflows';

const isQueueFile = (name?: string | null) => name?.startsWith('n8n-submission-');

type Operation = 'Submit' | 'Submit Waiting Parts';

/** A request that gets no answer; n8n is killed while it waits for it. */
interface Moment {
	during: Operation;
	/** How many of the batches have ended before. */
	ended: number;
	method?: string;
	path: RegExp;
	/** Which of the matching requests, from 1. */
	number: number;
	/** Whether the request has no effect, or only its answer is lost. */
	when: 'before' | 'after';
	/** What the user runs first when n8n is back. */
	first: Operation;
}

const submitting = (
	first: Operation,
	path: RegExp,
	number: number,
	when: Moment['when'],
): Moment => ({ during: 'Submit', ended: 0, method: 'POST', path, number, when, first });

const waiting = (
	ended: number,
	method: string,
	path: RegExp,
	number: number,
	when: Moment['when'],
): Moment => {
	const during = 'Submit Waiting Parts';
	return { during, ended, method, path, number, when, first: during };
};

const UPLOAD = /^\/files$/;
const CREATE = /^\/batches$/;
const ONE_FILE = /^\/files\/[^/]+$/;
const CONTENT = /\/content$/;
/** The upload of the file that holds the queue: all parts are uploaded before it. */
const QUEUE = PARTS + 1;

/**
 * As soon as the service holds the queue, Submit Waiting Parts can go on alone. Before that, Submit
 * has to run again.
 */
const MOMENTS: Record<string, Moment> = {
	'the first part is uploaded, and not stored': submitting('Submit', UPLOAD, 1, 'before'),
	'the second part is uploaded, and stored': submitting('Submit', UPLOAD, 2, 'after'),
	'the last part is uploaded, and stored': submitting('Submit', UPLOAD, PARTS, 'after'),
	'the queue is uploaded, and not stored': submitting('Submit', UPLOAD, QUEUE, 'before'),
	'the queue is uploaded, and stored': submitting('Submit', UPLOAD, QUEUE, 'after'),
	'Submit creates a batch, which does not exist yet': submitting('Submit', CREATE, 1, 'before'),
	'Submit creates a batch, which exists': submitting('Submit', CREATE, 1, 'after'),
	'Submit creates its last batch, which exists': submitting('Submit', CREATE, ROOM, 'after'),
	'the queue was stored, and Submit does not run again': submitting(
		'Submit Waiting Parts',
		UPLOAD,
		QUEUE,
		'after',
	),
	'Submit creates a batch, which does not exist yet, and does not run again': submitting(
		'Submit Waiting Parts',
		CREATE,
		1,
		'before',
	),
	'Submit creates a batch, which exists, and does not run again': submitting(
		'Submit Waiting Parts',
		CREATE,
		1,
		'after',
	),
	'Submit creates its last batch, which exists, and does not run again': submitting(
		'Submit Waiting Parts',
		CREATE,
		ROOM,
		'after',
	),
	'Submit Waiting Parts reads the queue': waiting(1, 'GET', CONTENT, 1, 'before'),
	'Submit Waiting Parts creates a batch, which does not exist yet': waiting(
		1,
		'POST',
		CREATE,
		1,
		'before',
	),
	'Submit Waiting Parts creates a batch, which exists': waiting(1, 'POST', CREATE, 1, 'after'),
	'Submit Waiting Parts creates a second batch, which exists': waiting(
		2,
		'POST',
		CREATE,
		2,
		'after',
	),
	'the queue is deleted, and still there': waiting(PARTS, 'DELETE', ONE_FILE, 1, 'before'),
	'the queue is deleted, and gone': waiting(PARTS, 'DELETE', ONE_FILE, 1, 'after'),
};

/** Chosen once; another seed gives other moments. */
const random = new Random(7);

/** The least that either operation sends, of which one request is chosen. */
const REQUESTS: Record<Operation, number> = { Submit: 9, 'Submit Waiting Parts': 5 };

for (const [during, requests] of Object.entries(REQUESTS) as Array<[Operation, number]>) {
	for (let index = 1; index <= 3; index++) {
		const [number, when] = [random.integer(1, requests), random.pick(['before', 'after'] as const)];
		const name = `${during}, random ${index}: at request ${number}, ${when} its effect`;
		const ended = during === 'Submit' ? 0 : ROOM;
		MOMENTS[name] = { during, ended, path: /./, number, when, first: during };
	}
}

/** One submission with an account of its own, in the n8n that all share. */
class Scene {
	private constructor(
		private readonly lab: Lab,
		private readonly account: Account,
		private readonly workflows: Record<Operation, string>,
	) {}

	static async open(lab: Lab, name: string): Promise<Scene> {
		const account = await lab.account(STILL);
		const [submit, wait] = [submitInParts, submitWaiting].map(
			async (workflow) => await lab.rest.createWorkflow(workflow(name, account.credential)),
		);
		const workflows = { Submit: (await submit).id, 'Submit Waiting Parts': (await wait).id };
		return new Scene(lab, account, workflows);
	}

	private get batches() {
		return this.account.emulator.ledger.batches;
	}

	private get open() {
		return this.batches.filter((batch) => !isFinished(batch));
	}

	private async run(operation: Operation): Promise<void> {
		const id = this.workflows[operation];
		assertSucceeded(await this.lab.rest.finished(id, await this.lab.rest.run(id, START)));
		expect(this.open.length).toBeLessThanOrEqual(ROOM);
	}

	/** Ends the oldest batch that has not ended; false when there is none. */
	private async endOne(): Promise<boolean> {
		if (this.open.length === 0) return false;
		await this.account.emulator.step(this.open[0].id, 'completed');
		return true;
	}

	/** Runs up to the request that gets no answer. */
	async runUntil(moment: Moment): Promise<void> {
		if (moment.during === 'Submit Waiting Parts') await this.run('Submit');
		for (let ended = 1; ended <= moment.ended; ended++) {
			if (ended > ROOM) await this.run('Submit Waiting Parts');
			await this.endOne();
		}
		const isStalled = this.stallAt(moment);
		const workflow = this.workflows[moment.during];
		const id = await this.lab.rest.run(workflow, START);
		await until('the request', async () => {
			if (isStalled()) return true;
			const execution = (await this.lab.rest.executions(workflow)).find((one) => one.id === id);
			if (execution?.stoppedAt) throw new Error(`${moment.during} ended before this moment.`);
			return false;
		});
	}

	/** From this request on, none like it gets an answer. Returns whether it has come. */
	private stallAt({ method, path, number, when }: Moment): () => boolean {
		const { faults } = this.account.emulator;
		let hasCome = false;
		faults.onStall = () => (hasCome = true);
		const fault = { type: 'stall', when } as const;
		faults.next({ method, path, after: number - 1, times: 1_000, fault });
		return () => hasCome;
	}

	/** n8n is dead: what it asks for in its next life is answered. */
	answerAgain(): void {
		this.account.emulator.faults.clear();
	}

	/** Goes on as a user would, until all batches have ended and nothing waits any more. */
	async goOn(first: Operation): Promise<void> {
		await this.run(first);
		for (let round = 0; round <= 2 * PARTS; round++) {
			const hasEnded = await this.endOne();
			if (!hasEnded && (await this.account.queueFiles()).length === 0) return;
			await this.run('Submit Waiting Parts');
		}
	}

	/** Every part has one batch, with its requests; nothing was uploaded twice; the queue is gone. */
	async expectWhole(): Promise<void> {
		const { emulator } = this.account;
		const parts = this.batches.map(({ metadata }) => metadata!.submission_part).sort();
		expect(parts).toEqual(Array.from({ length: PARTS }, (_, index) => `${index + 1}/${PARTS}`));
		expect(new Set(this.batches.map(({ status }) => status))).toEqual(new Set(['completed']));
		const keys = this.batches.map(({ metadata }) => metadata!.submission_key.slice(0, 16));
		expect(new Set(keys).size).toBe(1);
		const lines = this.batches.map(({ input_file_id: id }) => emulator.file(id).text());
		const ids = lines.map((line) => (JSON.parse(line) as { custom_id: string }).custom_id);
		expect(ids.sort()).toEqual(Array.from({ length: PARTS }, (_, index) => String(index)));
		// The list of the parts is written again by a second run, which uploads no part twice.
		const uploads = emulator.ledger.uploads.filter(({ filename }) => !isQueueFile(filename));
		expect(uploads).toHaveLength(PARTS);
		expect(await this.account.queueFiles()).toEqual([]);
	}
}

describe('parts that wait for room, in an n8n that is killed', () => {
	let lab: Lab;
	const whole: Record<string, Promise<void>> = {};

	/** All submissions are brought to their moments at once, so that one kill is enough. */
	beforeAll(async () => {
		lab = await Lab.open();
		const ready = await Promise.allSettled(
			Object.entries(MOMENTS).map(async ([name, moment]) => {
				const scene = await Scene.open(lab, name);
				await scene.runUntil(moment);
				return { moment, scene };
			}),
		);
		await lab.n8n.kill();
		for (const one of ready) if (one.status === 'fulfilled') one.value.scene.answerAgain();
		await lab.restart();
		for (const [index, name] of Object.keys(MOMENTS).entries()) {
			whole[name] = goOn(ready[index]);
			whole[name].catch(() => {});
		}
	});

	/** Goes on with a submission that has reached its moment. */
	async function goOn(ready: PromiseSettledResult<{ moment: Moment; scene: Scene }>) {
		if (ready.status === 'rejected') throw ready.reason;
		const { moment, scene } = ready.value;
		await scene.goOn(moment.first);
		await scene.expectWhole();
	}

	afterAll(async () => {
		await Promise.allSettled(Object.values(whole));
		await lab?.close();
	});

	it.each(Object.keys(MOMENTS))(
		'leaves each part with one batch when it dies: %s',
		async (name) => {
			await whole[name];
		},
	);
});

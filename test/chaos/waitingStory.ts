import type { IDataObject } from 'n8n-workflow';
import type { WireBatch } from '../support/emulator/batches/batch';
import type { RunResult } from '../support/engine';
import { perform, performUntilDone } from './act';
import { performAtOnce } from './atOnce';
import { cancelBatch } from './batches';
import { cancelOnTheWay } from './cancel';
import { checkCreates } from './checks/creates';
import { givenUp } from './checks/givenUp';
import { checkAnsweredOnce, checkNoneForgotten } from './checks/parts';
import { Room, STORY, type Limits } from './checks/room';
import { creationOptions } from './make';
import type { Act } from './start';
import { virtualTime } from './virtualTime';
import type { Watcher } from './watcher';
import { chance, exists, FINISHED, type World } from './world';

/** Longer than any batch of a story lives. */
const A_WHILE_MS = 10 * 60_000;

/** Two executions at once create no part twice, as long as the list lags no longer than this. */
const SHORT_LAG_MS = 1_000;

const REQUESTS_PER_PART = 2;

/** Models of one endpoint, each of which has a queue. */
const MODELS = ['gpt-6-luna', 'gpt-6-sol'];

/** About fifty tokens, so that a part has about a hundred. */
const TEXT = 'Tell me whether this film is worth a rainy evening. '.repeat(4);

/** Room for one part at a time, for one or two, for some, and for all. */
const LIMITS = [1, 120, 250, 450, 1_000_000];

const WAITING: Act = { resource: 'batch', operation: 'submitWaiting', parameters: {} };

interface Submission {
	name: string;
	act: Act;
	parts: number;
	/** Whether a Submit has ended well: what it reported as waiting must not get lost. */
	isAccepted: boolean;
	/** Whether executions of it know each other, so that two of them may run at once. */
	hasKey: boolean;
	/** When it was submitted first, in epoch milliseconds. */
	begun?: number;
	isRetried?: boolean;
}

/**
 * An execution without a key looks back to its beginning, less ten minutes. Here each run begins
 * anew, also of the same execution, so it has to be run again within that time.
 */
const LOOKS_BACK_MS = 9 * 60_000;

const mayRunAgain = ({ hasKey, begun = Infinity, isRetried }: Submission) =>
	!isRetried && (hasKey || Date.now() - begun < LOOKS_BACK_MS);

/**
 * Somebody submits more than the queue of a model has room for, several times, and has the waiting
 * parts submitted now and then, while batches end, fail for lack of room all the same, are
 * cancelled or retried, and others use the queue too. Executions are killed, or run at once.
 */
export async function tellOfWaiting(world: World, watcher: Watcher | undefined): Promise<void> {
	const story = new WaitingStory(world);
	if (chance(world, 0.5)) refuseSome(world);
	for (let steps = world.random.integer(6, 14); steps > 0; steps--) {
		await story.step();
		if (chance(world, 0.2)) await watcher?.tick();
		checkCreates(world, 'on the way');
	}
	await story.finish();
}

/** The service has less room than expected for some of the batches. */
function refuseSome({ emulator, random }: World): void {
	const every = random.integer(1, 4);
	let creates = 0;
	emulator.control.batches({
		match: () => ++creates % every === 0,
		fate: 'token_limit',
		times: random.integer(1, 5),
	});
}

class WaitingStory {
	private readonly room: Room;
	private readonly submissions: Submission[] = [];

	constructor(private readonly world: World) {
		this.room = new Room(world);
	}

	/** Something happens. */
	async step(): Promise<void> {
		const { world } = this;
		const steps = [
			async () => await this.submit(this.newSubmission()),
			async () => await this.submitWaiting(),
			async () => await this.submitWaiting(),
			async () => await this.atOnce(),
			async () => await this.atOnce(),
			async () => await this.submitAgain(),
			async () => await this.letTimePass(),
			async () => await this.letTimePass(),
			async () => await this.submitOfOthers(),
			async () => await this.cancelOne(),
			async () => await this.retryOne(),
		];
		const isFirst = this.submissions.length === 0;
		await (isFirst ? steps[0] : world.random.pick(steps))();
	}

	/** Without faults, everything is submitted in the end, and nothing waits at the service. */
	async finish(): Promise<void> {
		const { world } = this;
		await this.settleDown();
		for (const submission of this.submissions) {
			if (submission.isAccepted || !mayRunAgain(submission) || chance(world, 0.5)) continue;
			await this.submit(submission);
		}
		await this.settleDown();
		const rounds = this.submissions.reduce((sum, { parts }) => sum + 2 * parts, 4);
		for (let round = 0; round < rounds; round++) {
			const result = await perform(world, WAITING);
			if (result.error) {
				const { message, description } = result.error as Error & { description?: string };
				world.broken('without faults it succeeds', { act: WAITING, message, description });
			}
			await virtualTime.pass(A_WHILE_MS);
			if (this.queues().length === 0) break;
		}
		if (this.queues().length > 0) world.broken('in the end nothing waits', this.queues());
		for (const { name, parts, isAccepted } of this.submissions) {
			checkNoneForgotten(world, { name, parts, isAccepted });
		}
		checkCreates(world, 'when nothing waits any more');
		checkAnsweredOnce(world, (batchId) => this.room.operationOf(batchId));
	}

	private newSubmission(): Submission {
		const { random, seed, server } = this.world;
		const name = `submission ${this.submissions.length}`;
		const limits: Limits = {
			maxEnqueuedTokens: random.pick(LIMITS),
			ignoreOtherBatches: chance(this.world, 0.5),
		};
		this.room.limits.set(name, limits);
		const parts = random.integer(1, 4);
		const hasKey = chance(this.world, 0.5);
		const act: Act = {
			resource: 'batch',
			operation: 'submit',
			parameters: {
				...chatOf(server, random.pick([MODELS[0], MODELS[0], MODELS[1]])),
				metadata: { pairs: [{ key: STORY, value: name }] },
				options: {
					...creationOptions(this.world),
					...limits,
					maxRequestsPerBatch: REQUESTS_PER_PART,
					...(hasKey && { submissionKey: name }),
				},
			},
			input: rowsOf(`${seed} ${name}`, parts * REQUESTS_PER_PART),
			// With a key a new execution goes on where another one has ended; else the same one does.
			executionId: hasKey ? undefined : `${seed} ${name}`,
			tries: random.integer(1, 2),
		};
		const submission = { name, act, parts, isAccepted: false, hasKey };
		this.submissions.push(submission);
		return submission;
	}

	/** Submits it, perhaps with a kill on the way; nobody has to run it again. */
	private async submit(submission: Submission): Promise<void> {
		await this.beSeen();
		submission.begun ??= Date.now();
		if (chance(this.world, 0.3)) {
			await cancelOnTheWay(this.world, submission.act, MOST_REQUESTS);
			return;
		}
		this.accept(submission, await perform(this.world, submission.act));
	}

	private async submitAgain(): Promise<void> {
		const submission = this.world.random.pick(this.submissions);
		if (mayRunAgain(submission)) await this.submit(submission);
	}

	private async submitWaiting(): Promise<void> {
		await this.beSeen();
		const act = this.waiting();
		if (chance(this.world, 0.3)) await cancelOnTheWay(this.world, act, MOST_REQUESTS);
		else {
			const result = await perform(this.world, act);
			this.checkOutput(result);
			this.checkOrder(result);
		}
	}

	private async atOnce(): Promise<void> {
		if (this.world.lag > SHORT_LAG_MS) return;
		// With an empty queue there is more to be created.
		if (chance(this.world, 0.5)) await virtualTime.pass(A_WHILE_MS);
		const { random } = this.world;
		await this.beSeen();
		const again = this.submissions.filter(mayRunAgain);
		const others = [
			() => undefined,
			() => this.newSubmission(),
			...(again.length > 0 ? [() => random.pick(again)] : []),
		];
		const submission = random.pick(others)();
		if (submission) submission.begun ??= Date.now();
		const acts: [Act, Act] = [
			submission ? { ...submission.act, tries: 1 } : this.waiting(),
			submission?.hasKey && chance(this.world, 0.3)
				? { ...submission.act, tries: 1 }
				: this.waiting(),
		];
		const results = await performAtOnce(this.world, acts);
		// The list lags, and what somebody has to do is said only then.
		await virtualTime.pass(this.world.lag);
		for (const result of results) await this.followAdvice(result);
		for (const [index, result] of results.entries()) {
			if (acts[index].operation === 'submit') this.accept(submission!, result);
			else this.checkOutput(result);
		}
	}

	/** Of some submission or of all, with its own limit or another one. */
	private waiting(): Act {
		const { random } = this.world;
		const options = chance(this.world, 0.2)
			? { maxEnqueuedTokens: random.pick(LIMITS), ignoreOtherBatches: true }
			: {};
		return { ...WAITING, parameters: { options } };
	}

	private async letTimePass(): Promise<void> {
		await virtualTime.pass(this.world.random.pick([5_000, 70_000, 100_000, A_WHILE_MS]));
	}

	/** A batch without a limit, of which nothing says how many tokens it has. */
	private async submitOfOthers(): Promise<void> {
		const { random, seed, server, executions } = this.world;
		const name = `${seed} others ${executions.length}`;
		await performUntilDone(this.world, {
			resource: 'batch',
			operation: 'submit',
			parameters: {
				...chatOf(server, random.pick(MODELS)),
				options: creationOptions(this.world),
			},
			input: rowsOf(name, random.integer(1, 3)),
			executionId: name,
		});
	}

	private async cancelOne(): Promise<void> {
		const open = this.world.emulator.ledger.batches.filter(({ status }) =>
			['validating', 'in_progress'].includes(status),
		);
		if (open.length > 0) await cancelBatch(this.world, this.world.random.pick(open).id);
	}

	/**
	 * Retries a batch, unless its part was created again. What has run is retried as a batch beside it,
	 * so it is not submitted again then: these are two ways to have the same requests answered, of
	 * which the one does not know the other. What has never run is the part itself.
	 */
	private async retryOne(): Promise<void> {
		const { batches } = this.world.emulator.ledger;
		const spent = givenUp(this.world);
		const newest = new Map(
			batches
				.filter(({ id, metadata }) => metadata?.retry_of === undefined && !spent.has(id))
				.map((batch) => [batch.metadata?.submission_key ?? batch.id, batch]),
		);
		const ended = [...newest.values()].filter(({ status }) => FINISHED.includes(status));
		if (ended.length === 0) return;
		await this.beSeen();
		const { id: batchId, metadata, status } = this.world.random.pick(ended);
		const submission = this.submissions.find(({ name }) => name === metadata?.[STORY]);
		if (submission && status !== 'failed') submission.isRetried = true;
		await perform(this.world, {
			resource: 'batch',
			operation: 'retry',
			parameters: { batchId, options: {} },
			executionId: `retry-${this.world.seed}-${batchId}`,
		});
	}

	/** Until the list shows everything. */
	private async beSeen(): Promise<void> {
		await virtualTime.pass(this.world.lag + 1_000);
	}

	private async settleDown(): Promise<void> {
		this.world.calm();
		await virtualTime.pass(A_WHILE_MS);
	}

	/** Does what an execution asks for that could not settle which batch of a part stands. */
	private async followAdvice(result: RunResult): Promise<void> {
		const said = [
			...result.hints('Node').map(({ message }) => message),
			result.error?.message ?? '',
		].join(' ');
		if (!/could not be cancelled|Whether another execution|may or may not/.test(said)) return;
		this.world.count('advice that somebody followed');
		const { batches } = this.world.emulator.ledger;
		const parts = new Map<string, string>();
		for (const { id, status, metadata } of batches) {
			const key = metadata?.submission_key;
			if (key === undefined || /^cancel|^failed/.test(status)) continue;
			if (parts.has(key)) {
				this.world.calm();
				await cancelBatch(this.world, id);
				this.world.storm();
			} else parts.set(key, id);
		}
	}

	/** A success names every part, with its batch or as one that waits. */
	private accept(submission: Submission, result: RunResult): void {
		if (result.error) return;
		submission.isAccepted = true;
		const numbers = jsonOf(result).map(({ part }) => part);
		const all = Array.from({ length: submission.parts }, (_, index) => index + 1);
		if (numbers.join() !== all.join()) {
			this.world.broken('a submission names its parts', { numbers, parts: submission.parts });
		}
		this.checkOutput(result);
	}

	/** No batch is returned that was given up for another one. */
	private checkOutput(result: RunResult): void {
		const spent = givenUp(this.world);
		for (const { id, status, input_file_id: fileId } of jsonOf(result)) {
			if (status === 'waiting') {
				this.world.count('parts that waited');
				if (exists(this.world, fileId as string)) continue;
				this.world.broken('a part that waits is uploaded', { fileId });
			} else if (spent.has(id as string)) {
				this.world.broken('what is returned was not given up', { id });
			}
		}
	}

	/** Of one model, nothing overtakes a part that waits. */
	private checkOrder(result: RunResult): void {
		const waiting = new Set<unknown>();
		for (const { id, status, model } of jsonOf(result)) {
			if (status === 'waiting') waiting.add(model);
			else if (waiting.has(modelOf(this.world.emulator.batch(id as string)))) {
				this.world.broken('nothing overtakes what waits', jsonOf(result));
			}
		}
	}

	/** The names of the files that hold queues. */
	private queues(): string[] {
		return this.world.emulator.ledger.uploads
			.filter(({ id, filename }) => /^n8n-submission-/.test(filename!) && exists(this.world, id))
			.map(({ filename }) => filename!);
	}
}

/** A kill comes within so many requests. */
const MOST_REQUESTS = 20;

const jsonOf = (result: RunResult): IDataObject[] => result.items('Node').map(({ json }) => json);

/** Requests to a model of a chat endpoint that the server has. */
function chatOf({ dialect }: World['server'], model: string): IDataObject {
	const isUsual = '/v1/chat/completions' in dialect.rules.endpoints;
	return {
		...(isUsual
			? { endpoint: '/v1/chat/completions' }
			: { endpoint: 'other', otherEndpoint: '/v4/chat/completions' }),
		requestSource: 'json',
		body: `={{ { model: "${model}", messages: [{ role: "user", content: $json.text }] } }}`,
		customId: '={{ $json.id }}',
	};
}

/** The model of a batch of ours, also of a new one. */
const modelOf = ({ metadata }: WireBatch) => metadata?.submission_tokens?.split(' ')[1];

const rowsOf = (name: string, count: number): IDataObject[] =>
	Array.from({ length: count }, (_, row) => ({ id: `${name}, ${row}`, text: `${TEXT}${name}` }));

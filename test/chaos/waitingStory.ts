import { inspect } from 'node:util';
import type { RunResult } from '../support/engine';
import { perform, performUntilDone } from './act';
import { performAtOnce } from './atOnce';
import { cancelBatch } from './batches';
import { cancelOnTheWay } from './cancel';
import { checkCreates } from './checks/creates';
import { givenUp } from './checks/givenUp';
import { checkOrder, checkOutput, jsonOf } from './checks/output';
import { checkAnsweredOnce, checkNoneForgotten } from './checks/parts';
import { Room, STORY } from './checks/room';
import type { Act } from './start';
import { virtualTime } from './virtualTime';
import {
	mayRunAgain,
	someSubmission,
	someWaiting,
	SUBMIT_WAITING,
	submissionOfOthers,
	type Submission,
} from './waitingSubmissions';
import type { Watcher } from './watcher';
import { chance, exists, FINISHED, type World } from './world';

/** Longer than any batch of a story lives. */
const A_WHILE_MS = 10 * 60_000;

/** So often the service refuses a batch for lack of room, and then there is some. */
const MOST_REFUSALS = 5;

/** A part that was refused several times is tried again within this. */
const LONGEST_PAUSE_MS = 6 * 3_600_000;

/** Two executions at once create no part twice, as long as the list lags no longer than this. */
const SHORT_LAG_MS = 1_000;

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
		times: random.integer(1, MOST_REFUSALS),
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
			async () => void (await performUntilDone(world, submissionOfOthers(world))),
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
		const rounds = this.submissions.reduce((sum, { parts }) => sum + 2 * parts, 2 * MOST_REFUSALS);
		for (let round = 0; round < rounds; round++) {
			const result = await perform(world, SUBMIT_WAITING);
			if (result.error) {
				const { message, description } = result.error as Error & { description?: string };
				world.broken('without faults it succeeds', { act: SUBMIT_WAITING, message, description });
			}
			await virtualTime.pass(LONGEST_PAUSE_MS);
			if (this.queues().length === 0) break;
		}
		if (this.queues().length > 0) world.broken('in the end nothing waits', this.queues());
		for (const { name, parts, isAccepted } of this.submissions) {
			checkNoneForgotten(world, { name, parts, isAccepted });
		}
		checkCreates(world, 'when nothing waits any more');
		checkAnsweredOnce(world);
	}

	private newSubmission(): Submission {
		const name = `submission ${this.submissions.length}`;
		const { submission, limits } = someSubmission(this.world, name);
		this.room.limits.set(name, limits);
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
		const act = someWaiting(this.world);
		if (chance(this.world, 0.3)) await cancelOnTheWay(this.world, act, MOST_REQUESTS);
		else {
			const result = await perform(this.world, act);
			checkOutput(this.world, result);
			checkOrder(this.world, result);
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
			submission ? { ...submission.act, tries: 1 } : someWaiting(this.world),
			submission?.hasKey && chance(this.world, 0.3)
				? { ...submission.act, tries: 1 }
				: someWaiting(this.world),
		];
		const before = this.world.emulator.ledger.batches.length;
		const results = await performAtOnce(this.world, acts);
		// Before the next run, which may give up what could not be settled.
		for (const [index, result] of results.entries()) {
			if (result === undefined) continue;
			if (acts[index].operation === 'submit') this.accept(submission!, result);
			else checkOutput(this.world, result);
		}
		const isSettled = results.every(
			(result) => result && !result.error && result.hints('Node').length === 0,
		);
		if (!isSettled) {
			await this.settle(acts);
			this.noteUnsettled(before, results);
		}
	}

	/**
	 * Where the service did not answer for minutes, a batch may run before anybody can look whether
	 * there is another one. Its execution has to say so, unless it was killed.
	 */
	private noteUnsettled(before: number, results: Array<RunResult | undefined>): void {
		const { emulator, unsettled } = this.world;
		const isKilled = results.includes(undefined);
		const said = results
			.flatMap((result) => [
				...(result?.hints('Node').map(({ message }) => message) ?? []),
				inspect(result?.error),
			])
			.join(' ');
		const oldest = new Set<string>();
		for (const { id, metadata, status } of emulator.ledger.batches.slice(before)) {
			const key = metadata?.submission_key;
			if (key === undefined || metadata?.retry_of || /^(failed|cancel)/.test(status)) continue;
			if (!oldest.has(key)) oldest.add(key);
			else if (isKilled || said.includes(id) || said.includes(key)) {
				unsettled.add(id);
				this.world.count('could not be settled');
			}
		}
	}

	/**
	 * What could not be settled, since an execution was killed or failed, is settled by the next run.
	 */
	private async settle(acts: Act[]): Promise<void> {
		this.world.count('settled by the next run');
		this.world.calm();
		await this.beSeen();
		for (const act of acts) await perform(this.world, { ...act, tries: 1 });
		this.world.storm();
	}

	private async letTimePass(): Promise<void> {
		await virtualTime.pass(this.world.random.pick([5_000, 70_000, 100_000, A_WHILE_MS]));
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

	/** A success names every part, with its batch or as one that waits. */
	private accept(submission: Submission, result: RunResult): void {
		if (result.error) return;
		submission.isAccepted = true;
		const numbers = jsonOf(result).map(({ part }) => part);
		const all = Array.from({ length: submission.parts }, (_, index) => index + 1);
		if (numbers.join() !== all.join()) {
			this.world.broken('a submission names its parts', { numbers, parts: submission.parts });
		}
		checkOutput(this.world, result);
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

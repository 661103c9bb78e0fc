import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';
import type { Emulator, RecordedRequest } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';
import { Random } from '../../support/emulator/random';
import type { RunningExecution, RunResult } from '../../support/engine';
import { Turns } from '../../support/turns';
import { CREDENTIAL, NODE, type Product } from '../product';
import { expectRowsOf } from './keptRows';
import { ASK_TEXT } from './submitParameters';
import {
	hasQueues,
	isFinished,
	isSpent,
	MARK,
	MODELS,
	refuse,
	senderOf,
	type Command,
	type Of,
	type Story,
} from './waitingStories';

/** The submission whose rows are kept. */
const KEEPS_ROWS = 1;

let stories = 0;

/** One story: what was submitted, what has happened, and what has to hold. */
export class Telling {
	private readonly name = `story ${++stories}`;
	/** How many batches there were when each execution began. */
	private readonly begun: number[] = [];
	private readonly operations: string[] = [];
	private readonly creators = new Map<string, { number: number; at: number }>();
	private readonly accepted = new Set<number>();
	/** The batches that the user has cancelled. */
	private readonly stopped = new Set<string>();
	/** Of these the ones whose submission was not submitted again since. */
	private over = new Set<string>();
	private readonly broken: string[] = [];

	private readonly emulator: Emulator;
	private now: number; // Unix milliseconds.
	private readonly tokens: number; // Of a part; all parts are alike.

	constructor(
		private readonly told: Story,
		private readonly engine: Product['engine'],
		{ emulator, now, tokens }: { emulator: Emulator; now: number; tokens: number },
	) {
		this.emulator = emulator;
		this.now = now;
		this.tokens = tokens;
	}

	private async pass(ms: number): Promise<void> {
		this.now += ms;
		await this.emulator.advance(ms);
	}

	async tell(): Promise<void> {
		this.emulator.ledger.onCreated = (batch, request) => this.checkRoom(batch, request);
		const first: Command[] = [{ kind: 'submit', which: 0 }];
		for (const one of [...first, ...this.told.commands]) {
			await this.pass(60_000);
			await (this[one.kind] as (command: Command) => Promise<void>)(one);
			this.checkOnce();
		}
		await this.checkNoneForgotten();
	}

	async submit({ which: index }: Of<'submit'>): Promise<void> {
		this.accept(index, await this.startSubmit(index).finished);
	}

	/** What fits does not wait, when nothing else runs, and nothing overtakes what waits. */
	async submitWaiting(): Promise<IDataObject[]> {
		const result = await this.startWaiting().finished;
		expect(result.error).toBeUndefined();
		const items = this.outputOf(result);
		for (const model of MODELS) {
			const own = items.filter((item) => item.model === model || this.modelOf(item) === model);
			const position = own.findIndex(({ status }) => status === 'waiting');
			if (position < 0) continue;
			expect(own.slice(position).filter(({ status }) => status !== 'waiting')).toEqual([]);
			const first = own[position];
			const used = this.running(model).length;
			const { room } = this.submissionOf(String(first.submission_key));
			expect({ used, fits: used === 0 || used + 1 <= room }).toEqual({ used, fits: false });
		}
		return items;
	}

	async kill({ which: index, at, stage: when, isEmptied }: Of<'kill'>): Promise<void> {
		if (isEmptied) await this.endAll();
		const { ledger } = this.emulator;
		let arrived = 0;
		ledger.onRequest = (_request, now) => {
			if (now === 'arrived') arrived++;
			if (arrived === at && now === when) execution.cancel();
		};
		const execution = index === null ? this.startWaiting() : this.startSubmit(index);
		await execution.finished;
		ledger.onRequest = () => {};
		// A create that was on its way is worked on.
		for (let quiet = 0; quiet < 5; quiet = ledger.creating > 0 ? 0 : quiet + 1) await delay(1);
	}

	/** Submit Waiting Parts twice at once, or beside a Submit. */
	async atOnce({ which: index, seed, isEmptied }: Of<'atOnce'>): Promise<void> {
		if (isEmptied) await this.endAll();
		const { ledger } = this.emulator;
		const first = this.begun.length;
		const turns = new Turns(new Random(seed), [first, first + 1]);
		ledger.onRequest = async (request, now) => {
			await turns.pass(senderOf(request));
			// Between two creates is time for the look after the first, so they are not of the same second.
			if (now === 'arrived') await this.pass(1_000);
		};
		const executions = [
			this.startWaiting(),
			index === null ? this.startWaiting() : this.startSubmit(index),
		];
		const results = await Promise.all(
			executions.map(async ({ finished }, number) => {
				const result = await finished;
				turns.end(first + number);
				return result;
			}),
		);
		ledger.onRequest = () => {};
		expect(results[0].error).toBeUndefined();
		this.outputOf(results[0]);
		if (index === null) this.outputOf(results[1]);
		else this.accept(index, results[1]);
	}

	async end({ batch: index, how }: Of<'end'>): Promise<void> {
		const open = this.emulator.ledger.batches.filter((batch) => !isFinished(batch));
		if (open.length === 0) return;
		const batch = open[index % open.length];
		const { id, status } = batch;
		if (status === 'cancelling') await this.emulator.step(id, 'cancelled');
		else if (how === 'cancelled') {
			this.stopped.add(id);
			this.over.add(id);
			const { error } = await this.start('cancel', { batchId: id }, [{}]).finished;
			expect(error).toBeUndefined();
		} else if (how !== 'no room') await this.emulator.step(id, how as 'completed');
		else refuse(batch, this.now);
	}

	/** Empties the queues of the service. */
	private async endAll(): Promise<void> {
		for (const batch of this.emulator.ledger.batches) {
			const end = /^cancel/.test(batch.status) ? 'cancelled' : 'completed';
			if (!isFinished(batch)) await this.emulator.step(batch.id, end);
		}
	}

	private startSubmit(index: number): RunningExecution {
		const { parts, room, model } = this.told.submissions[index];
		const { hasKey } = this.told;
		const isOther = (id: string) => this.emulator.batch(id).metadata!.which !== String(index);
		this.over = new Set([...this.over].filter(isOther));
		const name = `${this.name}, ${index}`;
		const options = {
			maxRequestsPerBatch: 1,
			maxEnqueuedTokens: Math.max(1, room * this.tokens),
			...(hasKey && { submissionKey: name }),
			...(index === KEEPS_ROWS && { keepFields: 'id' }),
		};
		const rows = Array.from({ length: parts }, (_, row) => ({
			id: `${name}, ${row}`,
			text: 'text',
		}));
		const metadata = { pairs: [{ key: 'which', value: String(index) }] };
		const parameters = { ...ASK_TEXT, model, metadata, options };
		return this.start('submit', parameters, rows, hasKey ? undefined : name);
	}

	private startWaiting(): RunningExecution {
		return this.start('submitWaiting', {}, [{}]);
	}

	private start(operation: string, parameters: object, rows: IDataObject[], executionId?: string) {
		const number = this.begun.push(this.emulator.ledger.batches.length) - 1;
		this.operations.push(operation);
		const { apiKey, url } = this.emulator;
		const header = { header: true, headerName: MARK, headerValue: `the-execution-${number}` };
		return this.engine.startNode(
			NODE,
			{ resource: 'batch', operation, ...parameters } as never,
			rows,
			{ executionId, credentialData: { [CREDENTIAL]: { apiKey, url, ...header } } },
		);
	}

	private accept(index: number, result: RunResult): void {
		expect(result.error).toBeUndefined();
		const numbers = this.outputOf(result).map(({ part }) => part);
		const { parts } = this.told.submissions[index];
		expect(numbers).toEqual([1, 2, 3].slice(0, parts));
		this.accepted.add(index);
	}

	/** The items of a run, none of which is a batch that was given up for another one. */
	private outputOf(result: RunResult): IDataObject[] {
		const items = result.items('Node').map(({ json }) => json);
		for (const { id } of items) {
			if (id === null || this.stopped.has(String(id))) continue;
			expect(this.emulator.batch(String(id)).status).not.toMatch(/^cancel/);
		}
		return items;
	}

	private running(model: string): WireBatch[] {
		return this.emulator.ledger.batches.filter(
			(batch) => !isFinished(batch) && this.submissionOfBatch(batch).model === model,
		);
	}

	/** A new batch does not say its model yet. */
	private modelOf({ id }: IDataObject): string | undefined {
		return id === null ? undefined : this.submissionOfBatch(this.emulator.batch(String(id))).model;
	}

	private submissionOfBatch({ metadata }: WireBatch) {
		return this.told.submissions[Number(metadata!.which)];
	}

	private submissionOf(key: string) {
		const sibling = this.emulator.ledger.batches.find(
			({ metadata }) => metadata!.submission_key.slice(0, 16) === key.slice(0, 16),
		);
		return sibling ? this.submissionOfBatch(sibling) : { room: 0 };
	}

	/**
	 * A new batch fits beside those that its execution could know of: what was there when it began, and
	 * what it has created. Of what another one creates at the same moment nobody can know; of two at
	 * once each keeps the limit by itself.
	 */
	private checkRoom(batch: WireBatch, request: RecordedRequest): void {
		const number = senderOf(request);
		const { batches } = this.emulator.ledger;
		this.creators.set(batch.id, { number, at: batches.indexOf(batch) });
		const { model, room } = this.submissionOfBatch(batch);
		const hasStopped = batches.some(
			({ id, metadata }) =>
				this.over.has(id) && metadata!.submission_key === batch.metadata!.submission_key,
		);
		if (hasStopped && this.operations[number] === 'submitWaiting') {
			this.broken.push(`${batch.id} is of a part that its user has stopped`);
		}
		const known = this.running(model).filter(({ id }) => {
			const { number: creator, at } = this.creators.get(id)!;
			return id !== batch.id && (creator === number || at < this.begun[number]);
		});
		if (known.length === 0 || known.length + 1 <= room) return;
		this.broken.push(`${batch.id} makes ${known.length + 1} parts in a queue for ${room}`);
	}

	/** Of each part one batch stands at most. */
	private checkOnce(): void {
		expect(this.broken).toEqual([]);
		const standing = this.emulator.ledger.batches.filter((batch) => !isSpent(batch));
		const keys = standing.map(({ metadata }) => metadata!.submission_key);
		expect(keys).toHaveLength(new Set(keys).size);
		const keepsRows = ({ metadata }: WireBatch) => metadata!.which === String(KEEPS_ROWS);
		expectRowsOf(this.emulator, standing.filter(keepsRows));
	}

	/**
	 * Submit Waiting Parts comes to an end, and then each part has a batch, unless its user has stopped
	 * it. A submission that nobody has written down, as it did fit at once, is as any other: who breaks
	 * it off runs it again, and what the service refuses all the same is reported as failed.
	 */
	private async checkNoneForgotten(): Promise<void> {
		const { batches, uploads } = this.emulator.ledger;
		for (let round = 0; hasQueues(this.emulator.ledger) && round < 12; round++) {
			await this.endAll();
			await this.pass(60_000);
			await this.submitWaiting();
			this.checkOnce();
		}
		expect(hasQueues(this.emulator.ledger)).toBe(false);
		for (const [index, { parts }] of this.told.submissions.entries()) {
			const own = batches.filter(({ metadata }) => metadata!.which === String(index));
			const isWrittenDown = own.some(({ metadata }) =>
				uploads.some(({ filename }) => filename!.includes(metadata!.submission_key.slice(0, 16))),
			);
			if (!isWrittenDown && !this.accepted.has(index)) continue;
			const answered = own.filter(
				(batch) =>
					!isSpent(batch) ||
					this.stopped.has(batch.id) ||
					(!isWrittenDown && batch.status === 'failed'),
			);
			const numbers = new Set(answered.map(({ metadata }) => metadata!.submission_part));
			expect(numbers.size).toBe(parts);
		}
	}
}

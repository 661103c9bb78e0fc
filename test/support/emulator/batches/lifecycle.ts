import { rm, writeFile } from 'node:fs/promises';

import type { BatchStatus, BatchValidationError } from '../../../../nodes/openai/api/objects';
import { unixSeconds } from '../clock';
import type { Control } from '../control';
import { ApiError, badRequest } from '../errors';
import type { Timing } from '../options';
import type { Spoken } from '../spoken';
import type { Store } from '../store';
import { windowSeconds, type StoredBatch, type WireBatch } from './batch';
import { readInput } from './input';
import { countsAt, doneAt, wireAt } from './progress';
import type { StopReason } from './resultLine';
import { writeResults } from './results';

export interface LifecycleOptions {
	timing: Timing;
	spoken: Spoken;
	unknownModels: RegExp;
	seed: number;
}

/**
 * The life of a batch as a function of the clock. Each method is one change of status; it checks
 * afterwards that no other change overtook it, and puts the next one on the clock.
 */
export class Lifecycle {
	constructor(
		private readonly store: Store,
		private readonly control: Control,
		private readonly options: LifecycleOptions,
	) {}

	/** The batch as a client sees it now. */
	view(batch: StoredBatch): WireBatch {
		return wireAt(batch, this.now, this.options.timing.in_progress);
	}

	/**
	 * Looks at a new batch before it exists, where the server refuses a creation for which there is
	 * no room in the queue.
	 *
	 * @throws ApiError 400 with the code `token_limit_exceeded`
	 */
	async admit(batch: StoredBatch): Promise<void> {
		batch.fate = this.control.fateOf(batch.wire);
		if (this.options.spoken.rules.fullQueue !== 'refuses the create') return;
		const input = await this.read(batch);
		const reasons = 'errors' in input ? input.errors : [];
		const full = reasons.find(({ code }) => code === 'token_limit_exceeded');
		if (full !== undefined) throw badRequest(full.message!, null, full.code);
	}

	/** Registers an admitted batch and lets its life begin. */
	add(batch: StoredBatch): void {
		this.store.addBatch(batch);
		this.schedule(batch, this.options.timing.validating, () => this.begin(batch));
	}

	/** validating → in_progress, or failed with every fault of the input file. */
	async begin(batch: StoredBatch): Promise<void> {
		batch.callOff();
		const input = await this.read(batch);
		if (batch.wire.status !== 'validating') return;
		if ('errors' in input) return this.fail(batch, input.errors);
		batch.work = { ...input.work, startedAt: this.now };
		batch.wire.model = input.model;
		batch.wire.request_counts = { total: batch.work.total, completed: 0, failed: 0 };
		if (input.badLines.length > 0) batch.wire.errors = { object: 'list', data: input.badLines };
		if (this.options.spoken.rules.resultFiles === 'from the start') await this.openFiles(batch);
		this.enter(batch, 'in_progress');
		this.scheduleEnd(batch);
	}

	/** validating → failed. */
	fail(batch: StoredBatch, errors: BatchValidationError[]): void {
		batch.wire.errors = { object: 'list', data: errors };
		this.enter(batch, 'failed');
	}

	/** in_progress → finalizing: every request has been executed. */
	finalize(batch: StoredBatch): void {
		this.freeze(batch, batch.work!.total);
		this.enter(batch, 'finalizing');
		this.schedule(batch, this.options.timing.finalizing, () => this.complete(batch));
	}

	/** finalizing → completed. */
	async complete(batch: StoredBatch): Promise<void> {
		await this.close(batch, 'completed');
	}

	/** in_progress → expired, with the results so far. */
	async expire(batch: StoredBatch): Promise<void> {
		this.freeze(batch, this.doneNow(batch));
		await this.close(batch, 'expired', 'batch_expired');
	}

	/**
	 * validating or in_progress → cancelling. Cancelling again changes nothing.
	 * That a finalizing batch refuses has not been seen at the real service.
	 *
	 * @throws ApiError 409 when the batch can no longer be cancelled
	 */
	cancel(batch: StoredBatch): void {
		const { status } = batch.wire;
		if (status === 'cancelling' || status === 'cancelled') return;
		if (status !== 'validating' && status !== 'in_progress') {
			throw new ApiError(409, { message: `Cannot cancel a batch with status '${status}'.` });
		}
		if (batch.work !== undefined) this.freeze(batch, this.doneNow(batch));
		this.enter(batch, 'cancelling');
		this.schedule(batch, this.options.timing.cancelling, () => this.finishCancel(batch));
	}

	/** cancelling → cancelled, with the results so far; none when nothing had begun. */
	async finishCancel(batch: StoredBatch): Promise<void> {
		if (batch.work === undefined) this.enter(batch, 'cancelled');
		else await this.close(batch, 'cancelled', 'batch_cancelled');
	}

	/** How many requests have been executed so far. */
	doneNow(batch: StoredBatch): number {
		return doneAt(batch.work!, this.now, this.options.timing.in_progress);
	}

	/** Stops progress from following the clock. */
	freeze(batch: StoredBatch, done: number): void {
		batch.work!.done = done;
		const counts = countsAt(batch.work!, done, batch.fate);
		batch.wire.request_counts = counts;
	}

	private read(batch: StoredBatch): NonNullable<StoredBatch['reading']> {
		batch.reading ??= readInput(this.store, batch, { ...this.options, control: this.control });
		return batch.reading;
	}

	/** Gives the batch its result files, which are empty until it ends. */
	private async openFiles(batch: StoredBatch): Promise<void> {
		const open = async (kind: string) => {
			const file = this.store.newFile('batch_output');
			await writeFile(file.path, '');
			const filename = `${batch.wire.id}_${kind}.jsonl`;
			this.store.addFile(file, { bytes: 0, filename, purpose: 'batch_output' });
			return file;
		};
		const files = { output: await open('output'), error: await open('error') };
		batch.work!.files = files;
		batch.wire.output_file_id = files.output.id;
		batch.wire.error_file_id = files.error.id;
	}

	private get now(): number {
		return this.store.clock.now();
	}

	private enter(batch: StoredBatch, status: Exclude<BatchStatus, 'validating'>): void {
		batch.callOff();
		batch.wire.status = status;
		batch.wire[`${status}_at`] = unixSeconds(this.now);
		this.store.events.emit('batch', batch);
	}

	private schedule(batch: StoredBatch, ms: number, change: () => void | Promise<void>): void {
		batch.callOff();
		batch.callOff = this.store.clock.after(ms, change);
	}

	/** Puts on the clock how the batch's progress ends. */
	private scheduleEnd(batch: StoredBatch): void {
		const { in_progress: duration } = this.options.timing;
		const windowMs = windowSeconds(batch.wire.completion_window) * 1000;
		const window = windowMs - (this.now - batch.wire.created_at * 1000);
		const goesOn = this.options.spoken.rules.overdue === 'goes on';
		const ends: Partial<Record<string, () => void | Promise<void>>> = {
			expire: () => (goesOn ? this.finalize(batch) : this.expire(batch)),
			cancel: () => this.cancel(batch),
		};
		const end = ends[batch.fate ?? ''] ?? (() => this.finalize(batch));
		if (batch.fate === 'stay_in_progress' || (duration > window && !goesOn)) {
			if (!goesOn) this.schedule(batch, window, () => this.expire(batch));
		} else {
			this.schedule(batch, duration, end);
		}
	}

	/** Writes the result files and enters a final status, unless another change came first. */
	private async close(
		batch: StoredBatch,
		status: 'completed' | 'expired' | 'cancelled',
		reason?: StopReason,
	): Promise<void> {
		batch.callOff();
		const before = batch.wire.status;
		const { done, inputPath } = batch.work!;
		const { store } = this;
		const { spoken } = this.options;
		const results = await writeResults({ store, spoken }, batch, { done: done!, reason });
		if (batch.wire.status !== before) {
			const written = [results.output, results.error].filter((file) => file !== null);
			for (const { object } of written) await store.deleteFile(object.id);
			return;
		}
		batch.wire.output_file_id = results.output?.object.id ?? null;
		batch.wire.error_file_id = results.error?.object.id ?? null;
		batch.wire.usage = results.usage;
		const { completed, failed } = batch.wire.request_counts ?? {};
		const isFailed =
			spoken.rules.allFailed === 'failed' &&
			status === 'completed' &&
			(failed ?? 0) > 0 &&
			completed === 0;
		this.enter(batch, isFailed ? 'failed' : status);
		if (spoken.rules.inputFile === 'deleted') await store.deleteFile(batch.wire.input_file_id);
		await rm(inputPath, { force: true });
	}
}

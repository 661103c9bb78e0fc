import { rm } from 'node:fs/promises';

import type { BatchStatus, BatchValidationError } from '../../../../nodes/openai/api/types';
import { unixSeconds } from '../clock';
import type { Control } from '../control';
import { ApiError } from '../errors';
import type { Limits, Timing } from '../options';
import type { Store } from '../store';
import type { StoredBatch, WireBatch } from './batch';
import { readInput } from './input';
import { countsAt, doneAt, wireAt } from './progress';
import { writeResults, type StopReason } from './results';

const WINDOW_MS = 86_400_000;

export interface LifecycleOptions {
	timing: Timing;
	limits: Limits;
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

	/** Registers a new batch and lets its life begin. */
	add(batch: StoredBatch): void {
		batch.fate = this.control.fateOf(batch.wire);
		this.store.addBatch(batch);
		this.schedule(batch, this.options.timing.validating, () => this.begin(batch));
	}

	/** validating → in_progress, or failed with every fault of the input file. */
	async begin(batch: StoredBatch): Promise<void> {
		batch.callOff();
		batch.reading ??= readInput(this.store, batch, { ...this.options, control: this.control });
		const input = await batch.reading;
		if (batch.wire.status !== 'validating') return;
		if ('errors' in input) return this.fail(batch, input.errors);
		batch.work = { ...input.work, startedAt: this.now };
		batch.wire.model = input.model;
		batch.wire.request_counts = { total: batch.work.total, completed: 0, failed: 0 };
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
		const window = WINDOW_MS - (this.now - batch.wire.created_at * 1000);
		const ends: Partial<Record<string, () => void | Promise<void>>> = {
			expire: () => this.expire(batch),
			cancel: () => this.cancel(batch),
		};
		const end = ends[batch.fate ?? ''] ?? (() => this.finalize(batch));
		if (batch.fate === 'stay_in_progress' || duration > window) {
			this.schedule(batch, window, () => this.expire(batch));
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
		const results = await writeResults(this.store, batch, { done: done!, reason });
		if (batch.wire.status !== before) {
			const written = [results.output, results.error].filter((file) => file !== null);
			for (const { object } of written) await this.store.deleteFile(object.id);
			return;
		}
		batch.wire.output_file_id = results.output?.object.id ?? null;
		batch.wire.error_file_id = results.error?.object.id ?? null;
		batch.wire.usage = results.usage;
		this.enter(batch, status);
		await rm(inputPath, { force: true });
	}
}

import { sleep } from 'n8n-workflow';

const CHECK_EVERY_MS = 1000;

/**
 * Ends a request in which nothing moves. n8n's HTTP helper has no idle limit once redirects are
 * off, and its time-out covers a whole upload, so requests bring their own: the guard's signal
 * aborts the request when `touch` was not called for the limit, or when the execution is cancelled.
 * Time is counted in checks, not read from a clock: while n8n itself is busy, no server is to blame.
 */
export class IdleGuard {
	private readonly controller = new AbortController();
	private idleMs = 0;
	private isHeld = false;
	private isRunning = true;

	/** Whether it was this guard that ended the request. */
	stalled = false;

	constructor(
		private limitMs: number,
		private readonly cancel: AbortSignal | undefined,
	) {
		if (cancel?.aborted) this.controller.abort();
		cancel?.addEventListener('abort', this.onCancel);
		void this.watch();
	}

	get signal(): AbortSignal {
		return this.controller.signal;
	}

	/** Something moved. A new limit holds from here on when one is given. */
	touch(limitMs = this.limitMs): void {
		this.idleMs = 0;
		this.isHeld = false;
		this.limitMs = limitMs;
	}

	/** The reader is busy: no limit until the next `touch`. */
	hold(): void {
		this.isHeld = true;
	}

	/** Ends the request at once. */
	abort(): void {
		this.controller.abort();
	}

	/** The request is over; the guard must not act on it any more. */
	stop(): void {
		this.isRunning = false;
		this.cancel?.removeEventListener('abort', this.onCancel);
	}

	/** Nothing more of the response is read: also closes its connection, where it goes on. */
	end(): void {
		this.stop();
		this.abort();
	}

	private readonly onCancel = () => this.abort();

	private async watch(): Promise<void> {
		while (this.isRunning) {
			const step = Math.max(1, Math.min(CHECK_EVERY_MS, this.limitMs - this.idleMs));
			await sleep(step);
			if (!this.isRunning || this.isHeld) continue;
			this.idleMs += step;
			if (this.idleMs < this.limitMs) continue;
			this.stalled = true;
			this.controller.abort();
			return;
		}
	}
}

/** How soon a cancelled execution is noticed. */
const SLICE_MS = 250;

/**
 * Waits, in short slices, so that cancelling the execution ends the wait.
 *
 * @returns false when the signal was aborted before the time was over
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
	for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
		await sleep(Math.min(left, SLICE_MS));
	}
	return !signal?.aborted;
}

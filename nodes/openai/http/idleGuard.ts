import { sleep } from 'n8n-workflow';
import type { TransferGuard } from '../client';

const CHECK_EVERY_MS = 1000;

/**
 * Ends a request in which nothing moves. n8n's HTTP helper has no idle limit once redirects are
 * off, and its time-out covers a whole upload, so requests bring their own: the guard's signal
 * aborts the request when `touch` was not called for the limit, or when the execution is cancelled.
 * Time is counted in checks, not read from a clock: while n8n itself is busy, no server is to blame.
 */
export class IdleGuard implements TransferGuard {
	private readonly controller = new AbortController();
	private idleMs = 0;
	private isHeld = false;
	private isRunning = true;

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

	touch(limitMs = this.limitMs): void {
		this.idleMs = 0;
		this.isHeld = false;
		this.limitMs = limitMs;
	}

	hold(): void {
		this.isHeld = true;
	}

	abort(): void {
		this.controller.abort();
	}

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

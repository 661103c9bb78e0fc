import { sleep } from 'n8n-workflow';

const CHECK_EVERY_MS = 1000;

/**
 * Ends a transfer in which nothing moves. n8n's HTTP helper has no idle limit once redirects are
 * off, and its time-out covers a whole upload, so transfers bring their own: the guard's signal
 * aborts the request when `touch` was not called for the limit, or when the execution is cancelled.
 */
export class IdleGuard {
	private readonly controller = new AbortController();
	private lastMove = Date.now();
	private running = true;

	/** Whether it was this guard that ended the transfer. */
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
		this.lastMove = Date.now();
		this.limitMs = limitMs;
	}

	/** The reader is busy: no limit until the next `touch`. */
	hold(): void {
		this.lastMove = Infinity;
	}

	/** Ends the transfer at once. */
	abort(): void {
		this.controller.abort();
	}

	/** The transfer is over; the guard must not act on it any more. */
	stop(): void {
		this.running = false;
		this.cancel?.removeEventListener('abort', this.onCancel);
	}

	private readonly onCancel = () => this.abort();

	private async watch(): Promise<void> {
		while (this.running) {
			await sleep(CHECK_EVERY_MS);
			if (this.running && Date.now() - this.lastMove >= this.limitMs) {
				this.stalled = true;
				this.controller.abort();
				return;
			}
		}
	}
}

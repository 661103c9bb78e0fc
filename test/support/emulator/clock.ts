/** What is due at a moment of the clock; the clock waits for its promise. */
export type Task = () => void | Promise<void>;

/** Time as the emulator sees it: everything that happens by itself is a task on its clock. */
export interface Clock {
	/** Unix milliseconds. */
	now(): number;
	/** Runs the task in `ms` milliseconds; the returned function calls it off. */
	after(ms: number, task: Task): () => void;
	/** Calls off what is due and waits for what is running. */
	close(): Promise<void>;
}

/** Follows the real time. */
export class AutomaticClock implements Clock {
	private readonly timers = new Set<NodeJS.Timeout>();
	private readonly running = new Set<Promise<void>>();

	now(): number {
		return Date.now();
	}

	after(ms: number, task: Task): () => void {
		const timer = setTimeout(() => {
			this.timers.delete(timer);
			const run = Promise.resolve(task()).finally(() => this.running.delete(run));
			this.running.add(run);
		}, ms);
		this.timers.add(timer);
		return () => {
			clearTimeout(timer);
			this.timers.delete(timer);
		};
	}

	async close(): Promise<void> {
		for (const timer of this.timers) clearTimeout(timer);
		await Promise.allSettled(this.running);
		for (const timer of this.timers) clearTimeout(timer);
	}
}

/** Stands still until `advance`, so that tests neither sleep nor race. */
export class ManualClock implements Clock {
	private tasks: Array<{ at: number; task: Task }> = [];

	constructor(private time: number) {}

	now(): number {
		return this.time;
	}

	after(ms: number, task: Task): () => void {
		const entry = { at: this.time + ms, task };
		this.tasks.push(entry);
		return () => {
			this.tasks = this.tasks.filter((other) => other !== entry);
		};
	}

	/**
	 * Moves the time by `ms` milliseconds. What becomes due on the way runs in its order, each at
	 * its own moment and to its end, including tasks that these tasks add.
	 */
	async advance(ms: number): Promise<void> {
		const end = this.time + ms;
		for (;;) {
			const next = this.tasks.reduce<(typeof this.tasks)[number] | undefined>(
				(first, entry) => (first === undefined || entry.at < first.at ? entry : first),
				undefined,
			);
			if (next === undefined || next.at > end) break;
			this.tasks = this.tasks.filter((entry) => entry !== next);
			this.time = next.at;
			await next.task();
		}
		this.time = end;
	}

	async close(): Promise<void> {
		this.tasks = [];
	}
}

/** Whole unix seconds, as all times on the wire. */
export function unixSeconds(milliseconds: number): number {
	return Math.floor(milliseconds / 1000);
}

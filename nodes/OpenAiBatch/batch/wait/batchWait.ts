import { tryGetBatch } from '../../../openai/api/batches';
import type { Batch } from '../../../openai/api/objects';
import { isFinished } from '../../../openai/api/objects';
import { isTransient } from '../../../openai/apiErrors';
import type { Fault, OpenAiClient } from '../../../openai/client';

const FIRST_INTERVAL_MS = 2_000;
const GROWTH = 1.5;
const JITTER = 0.25;

/** The poll at the end of the wait may take this long. */
const LAST_POLL_MS = 10_000;

/**
 * The time until the next poll, in milliseconds: 2 s at first, then growing up to the longest
 * interval, minus up to 25 % at random, so that many workflows do not poll at the same moment.
 *
 * @param polls how many polls there have been, from 1
 * @param longest milliseconds
 */
export function intervalAfter(polls: number, longest: number): number {
	const interval = Math.min(FIRST_INTERVAL_MS * GROWTH ** (polls - 1), longest);
	return interval * (1 - JITTER * Math.random());
}

export interface WaitSettings {
	batchId: string;
	itemIndex: number;
	/** Milliseconds. */
	maxWait: number;
	longestInterval: number;
	onTimeout: 'error' | 'continue';
}

/** The wait for one batch: what is known about it, and when to poll it next. */
export class BatchWait {
	/** As the last poll found it. */
	batch: Batch | undefined;
	/** A permanent fault, which ends the wait. */
	failure: Fault | undefined;
	/** The transient fault of the last poll. */
	lastFault: Fault | undefined;
	isTimedOut = false;
	/** Epoch milliseconds. */
	nextPoll: number;

	readonly client: OpenAiClient;
	private readonly end: number;
	private polls = 0;

	constructor(
		client: OpenAiClient,
		readonly settings: WaitSettings,
		now: number,
	) {
		const { itemIndex, maxWait } = settings;
		this.nextPoll = now;
		this.end = now + maxWait;
		this.client = client.with({ itemIndex, deadline: this.end + LAST_POLL_MS });
	}

	get isOver(): boolean {
		const isFinal = this.batch !== undefined && isFinished(this.batch);
		return isFinal || this.failure !== undefined || this.isTimedOut;
	}

	/** Polls the batch once. After a transient fault the batch stays as an earlier poll found it. */
	async poll(): Promise<void> {
		const result = await tryGetBatch(this.client, this.settings.batchId);
		this.polls++;
		this.lastFault = result.ok ? undefined : result.fault;
		if (result.ok) this.batch = result.value;
		else if (!isTransient(result.fault)) this.failure = result.fault;
		if (this.isOver) return;
		const now = Date.now();
		this.isTimedOut = now >= this.end;
		const interval = intervalAfter(this.polls, this.settings.longestInterval);
		const retryAfter = this.lastFault?.retryAfterMs ?? 0;
		this.nextPoll = Math.min(now + Math.max(interval, retryAfter), this.end);
	}
}

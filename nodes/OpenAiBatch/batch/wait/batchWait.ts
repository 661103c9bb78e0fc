import { tryGetBatch } from '../../../openai/api/batches';
import type { Batch } from '../../../openai/api/objects';
import { isFinished } from '../../../openai/api/objects';
import { isTransient } from '../../../openai/apiErrors';
import type { Fault, OpenAiClient } from '../../../openai/client';

const FIRST_INTERVAL_MS = 2_000;
const GROWTH = 0.5;
const JITTER = 0.25;

/** The poll at the end of the wait may take this long. */
const LAST_POLL_MS = 10_000;

/** So long after the beginning of the wait, a server may not know a batch that was just created. */
const UNKNOWN_FOR_MS = 60_000;

/**
 * The time until the next poll, in milliseconds: 2 s at first, then growing with the wait up to the
 * longest interval, minus up to 25 % at random, so that many workflows do not poll at the same
 * moment. Nothing but the beginning of a wait has to be known, so it goes on after a restart.
 *
 * @param waited milliseconds since the wait began
 * @param longest milliseconds
 */
export function intervalAfter(waited: number, longest: number): number {
	const interval = Math.min(FIRST_INTERVAL_MS + GROWTH * waited, longest);
	return interval * (1 - JITTER * Math.random());
}

export interface WaitSettings {
	batchId: string;
	itemIndex: number;
	/** When the wait begins, when it has to end, and when to poll first: epoch milliseconds. */
	since: number;
	until: number;
	firstPoll: number;
	/** Milliseconds. */
	longestInterval: number;
	onTimeout: 'error' | 'continue';
	/** Whether the batch was created just before the wait, as behind Submit. */
	isNew?: boolean;
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

	/** As the last poll used it. */
	client: OpenAiClient;

	constructor(
		client: OpenAiClient,
		readonly settings: WaitSettings,
	) {
		const { itemIndex, firstPoll } = settings;
		this.nextPoll = firstPoll;
		this.client = client.with({ itemIndex });
	}

	get isOver(): boolean {
		const isFinal = this.batch !== undefined && isFinished(this.batch);
		return isFinal || this.failure !== undefined || this.isTimedOut;
	}

	/** Polls the batch once. After a transient fault the batch stays as an earlier poll found it. */
	async poll(): Promise<void> {
		const { batchId, longestInterval, since, until } = this.settings;
		// The last poll can begin late: after those of many other batches, or when n8n was down.
		const deadline = Math.max(until, Date.now()) + LAST_POLL_MS;
		this.client = this.client.with({ deadline });
		const result = await tryGetBatch(this.client, batchId);
		this.lastFault = result.ok ? undefined : result.fault;
		if (result.ok) this.batch = result.value;
		else if (!isTransient(result.fault) && !this.mayAppear(result.fault)) {
			this.failure = result.fault;
		}
		if (this.isOver) return;
		const now = Date.now();
		this.isTimedOut = now >= until;
		const interval = intervalAfter(now - since, longestInterval);
		const retryAfter = this.lastFault?.retryAfterMs ?? 0;
		this.nextPoll = Math.min(now + Math.max(interval, retryAfter), until);
	}

	/** Servers whose reads lag behind their writes do not know a new batch at once. */
	private mayAppear({ status }: Fault): boolean {
		const { isNew = false, since } = this.settings;
		const isUnseen = status === 404 && this.batch === undefined;
		return isNew && isUnseen && Date.now() - since < UNKNOWN_FOR_MS;
	}
}

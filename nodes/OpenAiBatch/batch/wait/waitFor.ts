import { tryGetBatch } from '../../../openai/api/batches';
import { OpenAiClient } from '../../../openai/http/client';
import type { ApiContext } from '../../../openai/http/client';
import type { Fault } from '../../../openai/http/fault';
import { isTransient } from '../../../openai/http/retry';
import { isFinished } from '../../../openai/api/status';
import type { Batch } from '../../../openai/api/types';

const FIRST_INTERVAL_MS = 2_000;
const GROWTH = 1.5;
const JITTER = 0.25;

/** The look at the end of the time has this long for itself. */
const LAST_LOOK_MS = 10_000;

/**
 * The time until the next look, in milliseconds: 2 s at first, then growing up to the longest
 * interval, less up to 25 % so that many workflows do not come at once.
 *
 * @param looks how many looks there have been, from 1
 * @param longest milliseconds
 */
export function intervalAfter(
	looks: number,
	longest: number,
	random: () => number = Math.random,
): number {
	const interval = Math.min(FIRST_INTERVAL_MS * GROWTH ** (looks - 1), longest);
	return interval * (1 - JITTER * random());
}

export interface WaitSettings {
	batchId: string;
	itemIndex: number;
	/** Milliseconds. */
	maxWait: number;
	longestInterval: number;
}

/** The wait for one batch: what is known of it, and when to look again. */
export class WaitFor {
	/** As it was seen last. */
	batch: Batch | undefined;
	/** Why the wait cannot go on. */
	failure: Fault | undefined;
	/** Why the last look saw nothing, when that passes. */
	lastFault: Fault | undefined;
	isTimedOut = false;
	/** Epoch milliseconds. */
	nextLook: number;

	readonly client: OpenAiClient;
	private readonly end: number;
	private looks = 0;

	constructor(
		context: ApiContext,
		readonly settings: WaitSettings,
		now: number,
	) {
		const { itemIndex, maxWait } = settings;
		this.nextLook = now;
		this.end = now + maxWait;
		this.client = new OpenAiClient(context, { itemIndex, deadline: this.end + LAST_LOOK_MS });
	}

	get isOver(): boolean {
		const isFinal = this.batch !== undefined && isFinished(this.batch);
		return isFinal || this.failure !== undefined || this.isTimedOut;
	}

	/** Looks at the batch once. A fault that passes leaves what was seen before. */
	async look(): Promise<void> {
		const result = await tryGetBatch(this.client, this.settings.batchId);
		this.looks++;
		this.lastFault = result.ok ? undefined : result.fault;
		if (result.ok) this.batch = result.value;
		else if (!isTransient(result.fault)) this.failure = result.fault;
		if (this.isOver) return;
		const now = Date.now();
		this.isTimedOut = now >= this.end;
		const interval = intervalAfter(this.looks, this.settings.longestInterval);
		const asked = this.lastFault?.retryAfterMs ?? 0;
		this.nextLook = Math.min(now + Math.max(interval, asked), this.end);
	}
}

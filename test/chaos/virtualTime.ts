/**
 * Must be imported before anything that loads n8n-workflow. All waits of the nodes go through its
 * `sleep`: here they take no time, and the clocks go on as if they had taken it all. Nothing else
 * moves the clocks, so that a story is the same on every machine.
 */
import '../support/engine/environment';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';

const require = createRequire(__filename);
const id = require.resolve('n8n-workflow');
const actual = require(id) as typeof import('n8n-workflow');

const DAY = 86_400_000;

/** Waits come in slices up to this long. */
const LONGEST_SLICE_MS = 250;

/** Idle guards count in steps up to this long, beside the work: they pass with the waits. */
const LONGEST_STEP_MS = 1_000;

const realNow = Date.now.bind(Date);

/** Ahead of the real time, which is what `new Date()` still gives. */
let now = (Math.floor(realNow() / DAY) + 1) * DAY;
let queue: Promise<void> = Promise.resolve();
let steps: Array<{ at: number; wake: () => void }> = [];
let follower: (ms: number) => Promise<void> = async () => {};
let onPause: () => void = () => {};

/** The story that is told now, and in everything that a story starts, that story. */
let story: symbol | undefined;
const stories = new AsyncLocalStorage<symbol>();

async function goTo(time: number): Promise<void> {
	// Two waits at a time take as long as the longer one.
	if (time <= now) return;
	await follower(time - now);
	now = time;
	const due = steps.filter(({ at }) => at <= now);
	steps = steps.filter(({ at }) => at > now);
	for (const { wake } of due) wake();
}

async function sleep(ms: number): Promise<void> {
	// What an earlier story has left running stands still: it does not move the clocks of this one.
	if (stories.getStore() !== story) await new Promise<never>(() => {});
	virtualTime.longest = Math.max(virtualTime.longest, ms);
	if (ms > LONGEST_SLICE_MS && ms <= LONGEST_STEP_MS) {
		await new Promise<void>((wake) => steps.push({ at: now + ms, wake }));
		return;
	}
	onPause();
	await virtualTime.pass(ms);
	// Requests that are on their way go on in the meantime.
	await turn();
}

/** The time of all clocks, and what the nodes have slept. */
export const virtualTime = {
	/** The longest sleep in one piece: nothing can end it. */
	longest: 0,
	realNow,
	/** Whether somebody counts the time beside the work. */
	get isCounted(): boolean {
		return steps.length > 0;
	},
	/** Tells a story. */
	async tell<T>(run: () => Promise<T>): Promise<T> {
		story = Symbol();
		return await stories.run(story, run);
	},
	/**
	 * Begins a story at midnight, whose other clock goes on with ours.
	 *
	 * @returns epoch milliseconds
	 */
	begin(clock: (ms: number) => Promise<void>): number {
		now = (Math.floor(now / DAY) + 1) * DAY;
		follower = clock;
		onPause = () => {};
		for (const { wake } of steps.splice(0)) wake();
		return now;
	},
	/** Calls the listener when a wait begins. */
	onPause(listener: () => void): void {
		onPause = listener;
	},
	/** Moves all clocks by `ms`. */
	async pass(ms: number): Promise<void> {
		const end = now + ms;
		queue = queue.then(async () => await goTo(end));
		await queue;
	},
};

Date.now = () => Math.floor(now);
require.cache[id]!.exports = { ...actual, sleep };

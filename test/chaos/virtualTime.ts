/**
 * Must be imported before anything that loads n8n-workflow. All waits of the nodes go through its
 * `sleep`: here they take a thousandth of the time, and clocks go on as if they had taken it all.
 */
import '../engine/harness/environment';
import { createRequire } from 'node:module';

const require = createRequire(__filename);
const id = require.resolve('n8n-workflow');
const actual = require(id) as typeof import('n8n-workflow');

/** Waits come in slices up to this long; longer sleeps are those of idle guards, beside the work. */
const LONGEST_SLICE_MS = 250;

type OnPause = (ms: number) => Promise<void>;

const realNow = Date.now.bind(Date);
let ahead = 0;
let queue: Promise<void> = Promise.resolve();
let onPause: OnPause = async () => {};

/** What the nodes have slept so far, and how to be told of their waits. */
export const virtualTime = {
	/** Milliseconds of all waits. */
	paused: 0,
	/** The longest sleep in one piece: nothing can end it. */
	longest: 0,
	/** Lets other clocks go on with ours. */
	follow(listener: OnPause): void {
		onPause = listener;
	},
	/** Moves all clocks by `ms`. */
	async pass(ms: number): Promise<void> {
		ahead += ms;
		queue = queue.then(async () => await onPause(ms));
		await queue;
	},
	realNow,
};

async function sleep(ms: number): Promise<void> {
	virtualTime.longest = Math.max(virtualTime.longest, ms);
	if (ms > 0 && ms <= LONGEST_SLICE_MS) {
		virtualTime.paused += ms;
		await virtualTime.pass(ms);
	}
	await actual.sleep(ms / 1000);
}

Date.now = () => realNow() + Math.floor(ahead);
require.cache[id]!.exports = { ...actual, sleep };

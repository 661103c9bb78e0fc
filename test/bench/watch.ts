import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { factsOf } from '../support/processes/facts';

/** How often its memory is looked at. */
const LOOK_MS = 10;

/**
 * How often n8n is asked. Each answer takes it a millisecond or two, so that asking more often would
 * slow down whoever leaves it time to answer.
 */
const ASK_MS = 100;

/** What was observed of a run from outside of n8n. */
export interface Watched {
	/** The largest memory of n8n's main process, in bytes. */
	peak: number;
	/** The longest time until n8n answered. */
	longestAnswerMs: number;
}

/** Asks n8n for its health again and again, until the returned function is called. */
export function watch(url: string, pid: number): () => Promise<Watched> {
	let isOver = false;
	const watched: Watched = { peak: 0, longestAnswerMs: 0 };
	const ask = async () => {
		while (!isOver) {
			const start = performance.now();
			const { body } = await request(`${url}/healthz`, { reset: true });
			await body.dump();
			watched.longestAnswerMs = Math.max(watched.longestAnswerMs, performance.now() - start);
			await sleep(ASK_MS);
		}
	};
	const look = async () => {
		while (!isOver) {
			watched.peak = Math.max(watched.peak, factsOf(String(pid))?.memory ?? 0);
			await sleep(LOOK_MS);
		}
	};
	const both = Promise.all([ask(), look()]);
	// An n8n that has ended is an error of the run.
	both.catch(() => (isOver = true));
	return async () => {
		isOver = true;
		await both;
		return watched;
	};
}

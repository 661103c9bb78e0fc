import type { RecordedRequest } from '../../support/emulator';
import type { Done } from '../start';
import type { World } from '../world';
import { isUpload } from './retries';

/** The longest pause between two requests of an operation that does not wait for a batch. */
const LONGEST_PAUSE_MS = 60_000;

/** Nothing may stand still for longer than an upload's answer may take. */
const LONGEST_STALL_MS = 300_000;

/** After Max Wait the last request for a batch may take this long. */
const LAST_LOOK_MS = 10_000;

/** How inexact the time of a story is: a slice of a wait, and a connection that closes. */
const TOLERANCE_MS = 2_500;

/** All waits end: Wait at the time that the user set, with a last request; the others after a minute each. */
export function checkWaiting({ broken }: World, { act, requests, begun, ended, message }: Done) {
	const wrong = (why: string, detail: unknown) =>
		broken('waits stay within their limits', { why, operation: act.operation, detail });
	if (act.operation === 'wait') {
		const { maxWait } = act.parameters.options as { maxWait: number };
		const limit = maxWait * 60_000;
		const took = ended - begun;
		if (took > limit + LAST_LOOK_MS + TOLERANCE_MS) wrong('it took too long', { took, limit });
		const isTimedOut = /is not finished after|could not be read in/.test(message ?? '');
		if (isTimedOut && took < limit) wrong('it ended before its time', { took, limit });
		return;
	}
	const times = [...requests.map(({ at }) => at), ended];
	let upload: RecordedRequest | undefined;
	for (const [index, request] of requests.entries()) {
		const { at, path, fault } = request;
		// An upload that reads its source from the server is still the one whose answer is awaited.
		const isSource = upload !== undefined && path.endsWith('/content');
		if (!isSource) upload = isUpload(request) ? request : undefined;
		const isStalled = [request, upload].some((one) => one?.fault?.startsWith('stall'));
		const stall = isStalled ? LONGEST_STALL_MS : 0;
		const gap = times[index + 1] - at;
		if (gap > LONGEST_PAUSE_MS + stall + TOLERANCE_MS) wrong('a long pause', { gap, path, fault });
	}
}

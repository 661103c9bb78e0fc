import { setImmediate as turn } from 'node:timers/promises';
import type { RecordedRequest } from '../emulator';
import type { RunningExecution } from '../engine/harness';
import { NODE, type Input, type World } from './world';

export interface Act {
	resource: string;
	operation: string;
	parameters: Record<string, unknown>;
	input?: Input;
	/** Keep it to run the same execution again. */
	executionId?: string;
	/** How often "Retry On Fail" tries. */
	tries?: number;
}

/** Starts an operation. */
export function start(world: World, act: Act): RunningExecution {
	const { resource, operation, parameters, input = [{}], executionId, tries = 1 } = act;
	return world.engine.startNode(NODE, { resource, operation, ...parameters } as never, input, {
		executionId,
		credentialData: world.credentialData as never,
		retryOnFail: tries > 1,
		maxTries: tries,
		waitBetweenTries: 1,
	});
}

/** What an operation might still do goes on in as many turns of the event loop. */
const TURNS_TO_REST = 30;

/** Once an operation has ended, with or without success, nothing of it goes on. */
export async function rest({ emulator, broken }: World, operation: string): Promise<void> {
	const { requests } = emulator.ledger;
	const sent = requests.length;
	for (let turns = 0; turns < TURNS_TO_REST; turns++) await turn();
	const more = requests.slice(sent);
	// One may have been on its way, and is given up.
	if (more.length === 0 || (more.length === 1 && more[0].status === null)) return;
	const paths = more.map(({ method, path, status }) => `${method} ${path} ${status}`);
	broken('nothing goes on after the end', { operation, paths });
}

/** An operation and what it did. */
export interface Done {
	act: Act;
	requests: RecordedRequest[];
	/** Epoch milliseconds. */
	begun: number;
	ended: number;
	/** Undefined for a success. */
	message?: string;
}

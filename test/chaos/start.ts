import { setImmediate as turn } from 'node:timers/promises';
import type { RecordedRequest } from '../support/emulator';
import type { RunningExecution } from '../support/engine';
import { NODE, type Input, type World } from './world';

export interface Act {
	resource: string;
	operation: string;
	parameters: Record<string, unknown>;
	input?: Input;
	/** The same id runs the same execution again. */
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

/** An abandoned request that is on its way arrives within so many turns of the event loop. */
const TURNS_TO_ARRIVE = 2;

/** Whatever an operation might still do happens within so many turns. */
const TURNS_TO_REST = 30;

/** Once an operation has ended, with or without success, nothing of it goes on. */
export async function rest({ emulator, broken }: World, operation: string): Promise<void> {
	const { requests } = emulator.ledger;
	let sent = 0;
	for (let turns = 0; turns < TURNS_TO_REST; turns++) {
		await turn();
		if (turns < TURNS_TO_ARRIVE) sent = requests.length;
	}
	if (requests.length === sent) return;
	const more = requests.slice(sent).map(({ method, path }) => `${method} ${path}`);
	broken('nothing goes on after the end', { operation, more });
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

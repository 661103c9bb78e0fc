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

import { setImmediate as turn } from 'node:timers/promises';
import type { RecordedRequest } from '../support/emulator';
import type { RunningExecution } from '../support/engine';
import { NODE, type Input, type World } from './world';

export interface Act {
	/** The submission of the story that it submits. */
	name?: string;
	resource: string;
	operation: string;
	parameters: Record<string, unknown>;
	input?: Input;
	/** The same id runs the same execution again. */
	executionId?: string;
	/** How often "Retry On Fail" tries. */
	tries?: number;
}

/** The header by which the server knows executions apart; its value must not be a word of an error. */
const MARK = 'x-execution';

const markOf = (number: number) => `the-execution-${number}-of-the-story`;

/** The number of the execution that sent a request; undefined for the triggers. */
export function senderOf({ headers }: RecordedRequest): number | undefined {
	const found = /\d+/.exec(String(headers[MARK] ?? ''));
	return found ? Number(found[0]) : undefined;
}

export interface Started extends RunningExecution {
	/** Its number in `world.executions`, from 0. */
	number: number;
}

/** Starts an operation. */
export function start(world: World, act: Act): Started {
	const { resource, operation, parameters, input = [{}], executionId, tries = 1 } = act;
	const number = world.executions.push({ act, begun: Date.now() }) - 1;
	const [[name, data]] = Object.entries(world.credentialData);
	const marked = { ...data, header: true, headerName: MARK, headerValue: markOf(number) };
	const node = { resource, operation, ...parameters } as never;
	const running = world.engine.startNode(NODE, node, input, {
		executionId,
		credentialData: { [name]: marked } as never,
		retryOnFail: tries > 1,
		maxTries: tries,
		waitBetweenTries: 1,
	});
	return { ...running, number };
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

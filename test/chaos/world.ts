import { virtualTime } from './virtualTime';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { INodeExecutionData, IDataObject } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';

import { OpenAiBatch, OpenAiBatchTrigger } from '../support/engine/nodes';
import { startEmulator, type Emulator } from '../support/emulator';
import { faultKinds } from '../support/emulator/faultKinds';
import type { LineParts } from '../support/emulator/dialects/dialect';
import { Random } from '../support/emulator/random';
import { createEngine, type Engine } from '../support/engine';
import { serverNamed, type Server } from './servers';
import { senderOf, type Act } from './start';

export const NODE = 'openAiBatch';
export const TRIGGER = 'openAiBatchTrigger';
export const SECRET = 'key-that-nobody-may-see-0123456789';

/** The statuses that triggers tell of unless told otherwise. */
export const FINISHED = ['completed', 'failed', 'expired', 'cancelled'];

/** Milliseconds that a batch spends in each status. */
const TIMING = { validating: 2_000, in_progress: 30_000, finalizing: 3_000, cancelling: 3_000 };

/** The same where several executions may create the same batch. */
const VALIDATING_MS = 60_000;

/** How often requests are struck; most stories see a few faults, some see little else. */
const RATES = [0, 0.05, 0.15, 0.3, 0.5, 0.8];

/** What a model says that does not keep to JSON. */
export const PROSE = 'That is a matter of taste.';

const STALL_STEP_MS = 500;

/** Who waits may do something between two steps. */
const TURNS_A_STEP = 3;

/** What would take a story's whole time when it came often. */
const SLOW = ['stall before', 'stall after', 'drip'];

/** A line of a result file as it was written, and whether the request had succeeded. */
export interface WrittenLine {
	isSuccess: boolean;
	/** Why a success is of no use, in the words of Include; undefined when it is of use. */
	fault?: 'cut_off' | 'invalid_json' | 'refused';
	/** The line in the words of the server; a text where it is no JSON. */
	wire: unknown;
}

/** One run: a server that fails at random, n8n's engine with the nodes, and what went wrong. */
export interface World {
	seed: number;
	random: Random;
	emulator: Emulator;
	server: Server;
	/** The result lines of each batch by custom_id: what really became of its requests. */
	written: Map<string, Map<string, WrittenLine>>;
	/** The custom ids in each batch's input file, which may be deleted meanwhile. */
	requested: Map<string, Array<string | undefined>>;
	/** Everything that was started, and when, in epoch milliseconds. */
	executions: Array<{ act: Act; begun: number }>;
	/** What has created each batch. */
	acts: Map<string, Act>;
	/** The batches that were not finished when each batch was created. */
	openAt: Map<string, Set<string>>;
	/**
	 * Batches beside another one of the same part, of which an execution has said that it could not
	 * look, or that was killed before it could, and that ran before the next one looked.
	 */
	unsettled: Set<string>;
	engine: Engine;
	credentialData: Record<string, IDataObject>;
	/** Whether its submissions have Max Enqueued Tokens. */
	isAboutWaiting: boolean;
	/** How far the list of batches lags behind, in milliseconds. */
	lag: number;
	/** Lets faults begin, and ends them. */
	storm: () => void;
	calm: () => void;
	/** Notes a broken invariant. */
	broken: (invariant: string, detail: unknown) => void;
	violations: Array<{ invariant: string; detail: unknown }>;
	/** Counts of what was done, for the report. */
	count: (name: string, by?: number) => void;
	/** How many requests get no answer just now, and are still waited for. */
	stalled: () => number;
}

/** Most of the time would go into making isolates, and nothing here depends on them. */
export const ENGINE = 'legacy';

export type Input = Array<INodeExecutionData | IDataObject>;

export async function startChaosEngine(): Promise<Engine> {
	return await createEngine({
		nodes: { [NODE]: OpenAiBatch, [TRIGGER]: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: {} },
		expressionEngine: ENGINE,
	});
}

export async function openWorld(
	engine: Engine,
	{ seed, serverName, count }: { seed: number; serverName: string; count: World['count'] },
): Promise<World> {
	const random = new Random(seed);
	// Jitter must not change the story.
	const jitter = new Random(~seed);
	Math.random = () => jitter.next();
	const server = serverNamed(serverName);
	const written: World['written'] = new Map();
	const isAboutWaiting = server.holdsQueues && random.next() < 0.5;
	// What is given up while it is validated costs nothing: that takes a while at the service.
	const validating = isAboutWaiting ? VALIDATING_MS : TIMING.validating;
	const now = virtualTime.begin(async (ms) => await emulator.advance(ms));
	const emulator: Emulator = await startEmulator({
		clock: 'manual',
		now,
		apiKey: SECRET,
		timing: { ...TIMING, validating },
		seed,
		dialect: { ...server.dialect, line: noted(server.dialect.line, written) },
	});
	const requested: World['requested'] = new Map();
	emulator.onBatch(({ id, input_file_id: fileId }) => {
		if (!requested.has(id)) requested.set(id, customIds(emulator, fileId));
	});
	const stalled = new Set<Socket>();
	emulator.faults.onStall = ({ raw }) => void waitOut(raw.socket, stalled);
	const rate = random.pick(RATES);
	const all = Object.keys(faultKinds());
	// Some stories see all kinds, others a few of them again and again, or broken transfers only.
	const usual = all.filter((name) => !SLOW.includes(name));
	const few = Array.from({ length: random.integer(1, 6) }, () => random.pick(usual));
	const cuts = all.filter((name) => /^(cut|nothing|reset)/.test(name));
	const kinds = random.pick([rate < 0.4 ? all : usual, rate < 0.4 ? all : usual, few, few, cuts]);
	const violations: World['violations'] = [];
	const world: World = {
		seed,
		random,
		emulator,
		server,
		written,
		requested,
		executions: [],
		acts: new Map(),
		openAt: new Map(),
		unsettled: new Set(),
		engine,
		isAboutWaiting,
		credentialData: { openAiBatchApi: { apiKey: SECRET, url: emulator.url } },
		lag: random.pick([0, 0, 1_000, 4_000, 12_000]),
		storm: () => emulator.faults.plan({ seed, rate, kinds }),
		calm: () => emulator.faults.plan({ seed, rate: 0 }),
		broken: (invariant, detail) => violations.push({ invariant, detail }),
		violations,
		count,
		stalled: () => stalled.size,
	};
	emulator.ledger.onCreated = ({ id }, request) => {
		const { batches } = emulator.ledger;
		const open = batches.filter(({ status }) => !FINISHED.includes(status));
		world.openAt.set(id, new Set(open.map((batch) => batch.id)));
		world.acts.set(id, world.executions[senderOf(request)!].act);
	};
	emulator.faults.listDelay(world.lag);
	return world;
}

/** The server's own way to write lines, which also notes them. */
function noted(line: Server['dialect']['line'], written: World['written']) {
	return (parts: LineParts) => {
		const { batchId, request, response, error } = parts;
		const lines = written.get(batchId) ?? new Map<string, WrittenLine>();
		const wire = line(parts);
		const isSuccess = response?.status_code === 200 && error === null;
		const fault = isSuccess ? faultOf(request.body, response?.body) : undefined;
		lines.set(request.custom_id, { isSuccess, fault, wire });
		written.set(batchId, lines);
		return wire;
	};
}

/** Why an answer is of no use, by the words of OpenAI in it. */
function faultOf(request: unknown, answer: unknown): WrittenLine['fault'] {
	const text = JSON.stringify(answer);
	if (/"refusal":"/.test(text)) return 'refused';
	if (/"finish_reason":"length"|"status":"incomplete"/.test(text)) return 'cut_off';
	const isJsonWanted = /"type":"json_/.test(JSON.stringify(request));
	return isJsonWanted && text.includes(PROSE) ? 'invalid_json' : undefined;
}

/** The ids in an input file; undefined for a line without one. */
function customIds(emulator: Emulator, fileId: string): Array<string | undefined> {
	const lines = emulator.file(fileId).text().split('\n').filter(Boolean);
	return lines.map((line) => (JSON.parse(line) as { custom_id?: string }).custom_id);
}

/** Time goes on for a request without an answer, until whoever sent it gives it up. */
async function waitOut(socket: Socket, stalled: Set<Socket>): Promise<void> {
	stalled.add(socket);
	while (!socket.destroyed) {
		// Not after it was given up, or the time would depend on how fast connections close.
		if (virtualTime.isCounted) await virtualTime.pass(STALL_STEP_MS);
		for (let turns = 0; turns < TURNS_A_STEP; turns++) await turn();
	}
	stalled.delete(socket);
}

/** One of ten, nine of ten, …: whether something happens in this story. */
export const chance = ({ random }: World, share: number): boolean => random.next() < share;

/** Whether the service has a file. */
export function exists({ emulator }: World, fileId: string): boolean {
	try {
		return emulator.file(fileId) !== undefined;
	} catch {
		return false;
	}
}

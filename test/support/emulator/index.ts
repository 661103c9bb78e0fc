import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Batch, BatchStatus, FileObject } from '../../../nodes/openai/api/objects';
import { newBatch, type StoredBatch, type WireBatch } from './batches/batch';
import { Lifecycle } from './batches/lifecycle';
import { step } from './batches/step';
import { AutomaticClock, ManualClock, unixSeconds } from './clock';
import { Control } from './control';
import { Faults } from './faults';
import type { Dialect, DialectName } from './dialects';
import { Ledger } from './ledger';
import { DEFAULT_TIMING, DEFAULT_WEBHOOKS, type EmulatorOptions } from './options';
import { buildServer } from './server';
import { Spoken } from './spoken';
import { Store } from './store';
import { Webhooks } from './webhooks';

export { DIALECTS, type Dialect, type DialectName } from './dialects';
export type { EmulatorOptions } from './options';
export type { Fault, FaultPlan, FaultRule } from './faults';
export type { RecordedRequest } from './ledger';
export type { Fate, Outcome } from './outcomes';

/** A running emulator. */
export interface Emulator {
	/** The base URL for clients, as `http://127.0.0.1:4010/v1`; its path changes with the dialect. */
	readonly url: string;
	apiKey: string;
	ledger: Ledger;
	faults: Faults;
	control: Control;
	/** Endpoints, and every delivery to them. */
	webhooks: Webhooks;
	/** Emits `batch` with the wire object at every creation and change of status. */
	onBatch(listener: (batch: WireBatch) => void): void;
	/**
	 * Puts a batch into the project's history as it is, by default a completed one of now: its life
	 * does not go on by itself, and whatever odd fields a server may send are kept.
	 */
	addBatch(batch: Partial<Batch>): WireBatch;
	/** Stores a file without an upload, for contents that no client would send. */
	addFile(content: string | Buffer, facts?: { filename?: string; purpose?: string }): FileObject;
	/** Speaks like another server from now on; what is stored stays, with the ids that it has. */
	speak(dialect: DialectName | Dialect): void;
	/** The batch as a client of OpenAI would see it now. */
	batch(id: string): WireBatch;
	/** A stored file: its object, where its bytes lie, and the bytes as text. */
	file(id: string): { object: FileObject; path: string; text(): string };
	/** Moves a manual clock; resolves when everything that became due is done. */
	advance(ms: number): Promise<void>;
	/**
	 * Takes a batch to a status at once, through all statuses on the way, without moving the clock.
	 * `done` says how many requests have been executed while it is in progress.
	 */
	step(batchId: string, to: BatchStatus, options?: { done?: number }): Promise<void>;
	close(): Promise<void>;
}

/** Starts an emulator of the Files and Batch API on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
	const { apiKey = 'sk-emulator' } = options;
	const manual = new ManualClock(options.now ?? Math.floor(Date.now() / 1000) * 1000);
	const clock = options.clock === 'manual' ? manual : new AutomaticClock();
	const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'openai-emulator-')));
	await mkdir(folder, { recursive: true });

	const hooks = { ...DEFAULT_WEBHOOKS, ...options.webhooks };
	const { dialect = 'openai', limits = {}, basePath } = options;
	const spoken = new Spoken(dialect, { limits, basePath, webhooks: hooks.offered });
	const store = new Store(folder, clock, spoken);
	const control = new Control();
	const lifecycle = new Lifecycle(store, control, {
		timing: { ...DEFAULT_TIMING, ...options.timing },
		spoken,
		unknownModels: options.unknownModels ?? /nonexistent/,
		seed: options.seed ?? 1,
	});
	const ledger = new Ledger();
	const faults = new Faults(clock);
	const webhooks = new Webhooks(store, hooks);
	const context = { apiKey, spoken, clock, store, lifecycle, ledger, faults, webhooks };
	const app = await buildServer(context);
	await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
	const { port } = app.server.address() as AddressInfo;

	const find = (id: string): StoredBatch => {
		const batch = store.batches.get(id);
		if (batch === undefined) throw new Error(`The emulator has no batch ${id}`);
		return batch;
	};
	return {
		get url() {
			return `http://127.0.0.1:${port}${spoken.basePath}`;
		},
		apiKey,
		ledger,
		faults,
		control,
		webhooks,
		onBatch: (listener) => store.events.on('batch', ({ wire }: StoredBatch) => listener(wire)),
		addBatch: (batch) => {
			const api = '/v1/chat/completions';
			const request = { input_file_id: 'file-history', completion_window: '24h', metadata: null };
			const createdAt = unixSeconds(clock.now());
			const id = spoken.dialect.ids.batch(createdAt);
			const wire = newBatch(id, { endpoint: api, ...request }, createdAt);
			Object.assign(wire, { status: 'completed', completed_at: wire.created_at }, batch);
			store.addBatch({ wire, api, callOff: () => {}, hiddenLists: 0 });
			return wire;
		},
		addFile: (content, { filename = 'file.jsonl', purpose = 'batch_output' } = {}) => {
			const file = store.newFile(purpose);
			writeFileSync(file.path, content);
			return store.addFile(file, { bytes: Buffer.byteLength(content), filename, purpose }).object;
		},
		speak: (dialect) => spoken.use(dialect),
		batch: (id) => lifecycle.view(find(id)),
		file: (id) => {
			const file = store.file(id);
			if (file === undefined) throw new Error(`The emulator has no file ${id}`);
			return { ...file, text: () => readFileSync(file.path, 'utf8') };
		},
		advance: async (ms) => {
			if (clock !== manual) throw new Error("advance() needs startEmulator({ clock: 'manual' })");
			await manual.advance(ms);
		},
		step: (id, to, { done } = {}) => step(lifecycle, find(id), to, done),
		close: async () => {
			await webhooks.close();
			faults.close();
			await app.close();
			await clock.close();
			if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
		},
	};
}

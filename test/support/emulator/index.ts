import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Batch, BatchStatus, FileObject } from '../../../nodes/openai/api/types';
import { newBatch, type StoredBatch, type WireBatch } from './batches/batch';
import { Lifecycle } from './batches/lifecycle';
import { step } from './batches/step';
import { AutomaticClock, ManualClock } from './clock';
import { Control } from './control';
import { Faults } from './faults';
import { Ledger } from './ledger';
import { DEFAULT_LIMITS, DEFAULT_TIMING, DEFAULT_WEBHOOKS, type EmulatorOptions } from './options';
import { buildServer } from './server';
import { Store } from './store';
import { Webhooks } from './webhooks';

export type { EmulatorOptions } from './options';
export type { Fault, FaultPlan, FaultRule } from './faults';
export type { RecordedRequest } from './ledger';
export type { Fate, Outcome } from './outcomes';

/** A running emulator. */
export interface Emulator {
	/** The base URL for clients, as `http://127.0.0.1:4010/v1`. */
	url: string;
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
	/** The batch as a client would see it now. */
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
	const { apiKey = 'sk-emulator', basePath = '/v1' } = options;
	const manual = new ManualClock(options.now ?? Math.floor(Date.now() / 1000) * 1000);
	const clock = options.clock === 'manual' ? manual : new AutomaticClock();
	const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'openai-emulator-')));
	await mkdir(folder, { recursive: true });

	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const store = new Store(folder, clock);
	const control = new Control();
	const lifecycle = new Lifecycle(store, control, {
		timing: { ...DEFAULT_TIMING, ...options.timing },
		limits,
		unknownModels: options.unknownModels ?? /nonexistent/,
		seed: options.seed ?? 1,
	});
	const ledger = new Ledger();
	const faults = new Faults(basePath, clock);
	const webhooks = new Webhooks(store, { ...DEFAULT_WEBHOOKS, ...options.webhooks });
	const context = { apiKey, basePath, limits, clock, store, lifecycle, ledger, faults, webhooks };
	const app = await buildServer(context);
	await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
	const { port } = app.server.address() as AddressInfo;

	const find = (id: string): StoredBatch => {
		const batch = store.batches.get(id);
		if (batch === undefined) throw new Error(`The emulator has no batch ${id}`);
		return batch;
	};
	return {
		url: `http://127.0.0.1:${port}${basePath}`,
		apiKey,
		ledger,
		faults,
		control,
		webhooks,
		onBatch: (listener) => store.events.on('batch', ({ wire }: StoredBatch) => listener(wire)),
		addBatch: (batch) => {
			const request = { input_file_id: 'file-history', completion_window: '24h', metadata: null };
			const wire = newBatch({ endpoint: '/v1/chat/completions', ...request }, clock.now());
			Object.assign(wire, { status: 'completed', completed_at: wire.created_at }, batch);
			store.addBatch({ wire, callOff: () => {}, hiddenLists: 0 });
			return wire;
		},
		addFile: (content, { filename = 'file.jsonl', purpose = 'batch_output' } = {}) => {
			const file = store.newFile();
			writeFileSync(file.path, content);
			return store.addFile(file, { bytes: Buffer.byteLength(content), filename, purpose }).object;
		},
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

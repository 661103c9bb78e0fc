import type { Batch, BatchStatus, ListPage } from '../../../nodes/openai/api/types';
import type { BatchSource } from '../../../nodes/OpenAiBatchTrigger/poll';

/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
	constructor(private state: number) {}

	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	}

	/** A whole number from 0 to `below` - 1. */
	below(below: number): number {
		return Math.floor(this.next() * below);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(values: readonly T[]): T {
		return values[this.below(values.length)];
	}
}

/** What became of batches, for the oracle. */
export interface Happening {
	/** As the trigger's `event_id`. */
	id: string;
	at: number;
}

export interface ModelOptions {
	/** The server's clock at the start, in unix seconds. */
	time?: number;
	/** Most batches in a page, whatever is asked for. */
	pageSize?: number;
	/** Whether the server tells times other than the creation's. */
	times?: boolean;
	/** Whether it spells statuses in upper case. */
	upperCase?: boolean;
	/** What a server may leave out of a list page. */
	hasMore?: boolean;
}

interface Stored {
	batch: Batch;
	/** The list shows it from this moment on. */
	visibleAt: number;
	/** Where it stands among the batches of its second. */
	order: number;
}

const NEXT: Partial<Record<BatchStatus, BatchStatus[]>> = {
	validating: ['in_progress', 'in_progress', 'in_progress', 'failed', 'cancelling'],
	in_progress: ['finalizing', 'finalizing', 'finalizing', 'expired', 'cancelling'],
	finalizing: ['completed'],
	cancelling: ['cancelled'],
};

/** Whether one batch comes before another one in the list. */
const isNewer = (one: Stored, other: Stored): boolean =>
	one.batch.created_at > other.batch.created_at ||
	(one.batch.created_at === other.batch.created_at && one.order > other.order);

/** A server's batches, with a clock that moves only when told to. */
export class ModelServer implements BatchSource {
	time: number;
	requests = 0;
	readonly happened: Happening[] = [];
	/** Called before every request; may change the server, or throw. */
	onRequest: () => void = () => {};

	/** In the order of creation. */
	private readonly stored = new Map<string, Stored>();
	/** In the order of the list. */
	private readonly listed: Stored[] = [];
	private count = 0;

	constructor(
		private readonly random: Random,
		private readonly options: ModelOptions = {},
	) {
		this.time = options.time ?? 1_790_000_000;
	}

	get batches(): Batch[] {
		return Array.from(this.stored.values(), ({ batch }) => batch);
	}

	create(fields: Partial<Batch> = {}, lag = 0): Batch {
		const number = (this.count++).toString(16).padStart(6, '0');
		const batch: Batch = {
			id: `batch_${this.random
				.below(2 ** 32)
				.toString(16)
				.padStart(8, '0')}${number}`,
			object: 'batch',
			endpoint: '/v1/responses',
			input_file_id: 'file-input',
			completion_window: '24h',
			status: 'validating',
			created_at: this.time,
			...fields,
		};
		const stored = { batch, visibleAt: this.time + lag, order: this.random.next() };
		this.stored.set(batch.id, stored);
		const older = this.listed.findIndex((other) => isNewer(stored, other));
		this.listed.splice(older < 0 ? this.listed.length : older, 0, stored);
		this.happened.push({ id: `${batch.id}:created`, at: batch.created_at });
		return batch;
	}

	/** Many finished batches, `spacing` seconds apart, the newest of them now. */
	past(count: number, spacing: number): void {
		const now = this.time;
		for (let age = count - 1; age >= 0; age--) {
			const created = now - age * spacing;
			this.create({ created_at: created, status: 'completed', completed_at: created + 60 });
		}
	}

	move(batch: Batch, to: BatchStatus): void {
		batch.status = to;
		if (this.options.times !== false) batch[`${to as 'completed'}_at`] = this.time;
		this.happened.push({ id: `${batch.id}:${to}`, at: this.time });
	}

	/** Whether the status of a batch can change. */
	isOpen(batch: Batch): boolean {
		return batch.status in NEXT;
	}

	/** Takes a batch one status on, to a random one of those that can follow. */
	step(batch: Batch): void {
		const next = NEXT[batch.status as BatchStatus];
		if (next) this.move(batch, this.random.pick(next));
	}

	delete(batch: Batch): void {
		this.listed.splice(this.listed.indexOf(this.stored.get(batch.id)!), 1);
		this.stored.delete(batch.id);
	}

	async page(after: string | undefined): Promise<ListPage<Batch> | undefined> {
		this.begin();
		const start = after === undefined ? undefined : this.stored.get(after);
		if (after !== undefined && !this.isVisible(start)) return undefined;
		const size = this.options.pageSize ?? 100;
		const data: Batch[] = [];
		let hasMore = false;
		for (let at = start ? this.listed.indexOf(start) + 1 : 0; at < this.listed.length; at++) {
			if (!this.isVisible(this.listed[at])) continue;
			hasMore = data.length === size;
			if (hasMore) break;
			data.push(this.show(this.listed[at].batch));
		}
		if (this.options.hasMore === false) return { data };
		return { data, has_more: hasMore, last_id: data.at(-1)?.id ?? null };
	}

	async batch(id: string): Promise<Batch | undefined> {
		this.begin();
		const stored = this.stored.get(id);
		return stored && this.show(stored.batch);
	}

	private isVisible(stored: Stored | undefined): boolean {
		return stored !== undefined && stored.visibleAt <= this.time;
	}

	private begin(): void {
		this.requests++;
		this.onRequest();
	}

	private show(batch: Batch): Batch {
		const status = this.options.upperCase ? batch.status.toUpperCase() : batch.status;
		return { ...batch, status };
	}
}

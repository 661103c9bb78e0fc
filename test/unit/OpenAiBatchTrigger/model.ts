import { readBatch } from '../../../nodes/openai/api/readBatch';
import type { Batch, BatchStatus, ListPage } from '../../../nodes/openai/api/objects';
import type { BatchSource } from '../../../nodes/OpenAiBatchTrigger/poll';
import type { Random } from '../../support/emulator/random';

/** One thing that happened to a batch, by which a test knows what has to be reported. */
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
	/** Whether the server sends other times than the creation's. */
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
	/** What it was before its last change, and when that was. */
	former?: { batch: Batch; until: number };
}

const NEXT: Partial<Record<BatchStatus, BatchStatus[]>> = {
	validating: ['in_progress', 'in_progress', 'in_progress', 'failed', 'cancelling'],
	in_progress: ['finalizing', 'finalizing', 'finalizing', 'expired', 'cancelling'],
	finalizing: ['completed'],
	cancelling: ['cancelled'],
};

/** A server's batches, with a clock that only tests move. */
export class ModelServer implements BatchSource {
	time: number;
	requests = 0;
	readonly happened: Happening[] = [];
	/** Called before every request; may change the server, or throw. */
	onRequest: () => void = () => {};
	/** Whether the list leaves out a batch, for a moment. */
	isHidden: (batch: Batch) => boolean = () => false;
	/** Whether the list shows the status that a batch had before a change of the last minute. */
	isStale: (batch: Batch) => boolean = () => false;
	/** All batches there have ever been. */
	readonly all: Batch[] = [];

	private readonly stored = new Map<string, Stored>();
	/** The same batches, newest first. */
	private readonly list: Stored[] = [];
	private count = 0;

	constructor(
		private readonly random: Random,
		private readonly options: ModelOptions = {},
	) {
		this.time = options.time ?? 1_790_000_000;
	}

	get batches(): Batch[] {
		return [...this.stored.values()].map(({ batch }) => batch);
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
		this.all.push(batch);
		const stored = { batch, visibleAt: this.time + lag, order: this.random.next() };
		const byAge = (other: Stored) =>
			other.batch.created_at! - batch.created_at! || other.order - stored.order;
		const place = this.list.findIndex((other) => byAge(other) < 0);
		this.list.splice(place < 0 ? this.list.length : place, 0, stored);
		this.stored.set(batch.id, stored);
		this.happened.push({ id: `${batch.id}:created`, at: batch.created_at! });
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
		const stored = this.stored.get(batch.id);
		if (stored) stored.former = { batch: { ...batch }, until: this.time };
		batch.status = to;
		if (this.options.times !== false) batch[`${to as 'completed'}_at`] = this.time;
		this.happened.push({ id: `${batch.id}:${to}`, at: this.time });
	}

	/** Takes a batch one status on, to a random one of those that can follow. */
	step(batch: Batch): void {
		const next = NEXT[batch.status as BatchStatus];
		if (next) this.move(batch, this.random.pick(next));
	}

	delete(batch: Batch): void {
		const stored = this.stored.get(batch.id);
		this.stored.delete(batch.id);
		this.list.splice(this.list.indexOf(stored!), 1);
	}

	async page(after: string | undefined): Promise<ListPage<Batch> | undefined> {
		this.begin();
		const size = this.options.pageSize ?? 100;
		const isShown = ({ batch, visibleAt }: Stored) =>
			visibleAt <= this.time && !this.isHidden(batch);
		const shown: Stored[] = [];
		let isAfter = after === undefined;
		for (const stored of this.list) {
			if (!isShown(stored)) continue;
			if (isAfter) shown.push(stored);
			if (shown.length > size) break;
			isAfter ||= stored.batch.id === after;
		}
		if (!isAfter) return undefined;
		const data = shown.slice(0, size).map((stored) => this.show(this.listed(stored)));
		if (this.options.hasMore === false) return { data };
		return { data, has_more: shown.length > size, last_id: data.at(-1)?.id ?? null };
	}

	async batch(id: string): Promise<Batch | undefined> {
		this.begin();
		const stored = this.stored.get(id);
		return stored && this.show(stored.batch);
	}

	private begin(): void {
		this.requests++;
		this.onRequest();
	}

	/** What the list shows of a batch. */
	private listed({ batch, former }: Stored): Batch {
		const isRecent = former !== undefined && this.time - former.until <= 60;
		return isRecent && this.isStale(batch) ? former.batch : batch;
	}

	private show(batch: Batch): Batch {
		const status = this.options.upperCase ? batch.status.toUpperCase() : batch.status;
		// As the nodes get it, whatever the server sends.
		return readBatch({ ...batch, status } as never)!;
	}
}

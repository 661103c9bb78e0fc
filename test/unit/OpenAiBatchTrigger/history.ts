import { EVENTS, type EventName } from '../../../nodes/batchEvents/batchEvent';
import { poll } from '../../../nodes/OpenAiBatchTrigger/poll';
import type { PollSettings } from '../../../nodes/OpenAiBatchTrigger/polling.properties';
import { ModelServer, Random, type ModelOptions } from './model';

export interface HistoryOptions extends ModelOptions {
	steps: number;
	/** Most batches that are created at once. */
	burst: number;
	/** How late, in seconds, a batch may turn up in the list. */
	lag: number;
	/** The fewest requests that a poll's time is enough for. */
	fewest: number;
	deletions: boolean;
	/** Whether there are batches before the activation. */
	past: boolean;
	/** Whether events may come twice where the trigger's place in the list was deleted. */
	mayDouble: boolean;
}

const MINUTE = 60;
const DAY = 86_400;

/**
 * One random life of a trigger and a server: creations, changes of status, deletions, list pages
 * that shift while they are read, faults, polls without the time to read everything, memory lost
 * and restored, crashes before and after n8n stored the state, long pauses, a clock of n8n's that
 * has nothing to do with the server's.
 */
export class History {
	readonly log: string[] = [];
	/** Event ids in the order of their delivery. */
	readonly delivered: string[] = [];
	readonly server: ModelServer;
	largest = 0;

	private readonly random: Random;
	private readonly deleted = new Set<string>();
	private memory: unknown;
	private saved: unknown;
	private activatedAt = 0;
	private readonly duringActivation = new Set<string>();
	private readonly settings: PollSettings;

	constructor(
		seed: number,
		private readonly options: HistoryOptions,
	) {
		this.random = new Random(seed);
		this.server = new ModelServer(this.random, options);
		const chosen = EVENTS.filter(() => this.random.chance(0.7));
		this.settings = {
			events: new Set(chosen.length > 0 ? chosen : EVENTS),
			filters: { endpoint: '', metadata: [], batchIds: [] },
			finishedWithin: 0,
			simplify: true,
		};
	}

	async run(): Promise<void> {
		for (let i = this.options.past ? this.random.below(4) : -1; i >= 0; i--) this.happen();
		// What the list does not show at the activation is news later, whatever its times are.
		this.server.time += this.options.lag;
		await this.activate();
		for (let step = 0; step < this.options.steps; step++) {
			// The first scheduled poll may follow the activation at once.
			if (step > 0 || this.random.chance(0.5)) this.happen();
			else this.change(3);
			await this.tick();
			if (this.random.chance(0.15)) this.restart();
		}
		await this.settle();
		this.verify();
	}

	/** Something happens on the server, or nothing. */
	private happen(): void {
		const { random, server, options } = this;
		server.time += random.pick([MINUTE, MINUTE, MINUTE + 1, 10 * MINUTE, DAY / 2]);
		if (random.chance(0.03)) server.time += 9 * DAY;
		this.change(random.chance(0.1) ? options.burst : random.below(4));
	}

	private change(creations: number): void {
		const { random, server, options } = this;
		for (let i = 0; i < creations; i++) {
			server.create({}, random.chance(0.1) ? random.below(options.lag + 1) : 0);
		}
		const eagerness = random.next() ** 2;
		for (const batch of server.batches) {
			// No window is longer than seven days.
			while (server.isOpen(batch) && server.time - batch.created_at > 7 * DAY) server.step(batch);
			while (server.isOpen(batch) && random.chance(eagerness)) {
				server.step(batch);
				server.time += random.below(2);
			}
			if (options.deletions && random.chance(0.01)) {
				this.deleted.add(batch.id);
				server.delete(batch);
			}
		}
	}

	private async activate(): Promise<void> {
		this.activatedAt = this.server.happened.length;
		const hasTime = this.options.times === false || this.random.chance(0.5);
		const { events, stored } = await this.poll(hasTime ? Infinity : this.options.fewest);
		this.delivered.push(...events);
		this.memory = stored;
		this.saved = stored;
		// Where an activation has to go by times, it cannot tell what was just before it.
		const { seen } = stored as { seen: number };
		for (const { id, at } of this.server.happened) {
			if (at >= seen) this.duringActivation.add(id);
		}
	}

	private async tick(): Promise<void> {
		const { random, server, options } = this;
		const enough = random.chance(0.5) ? Infinity : options.fewest + random.below(4);
		const fault = random.chance(0.1) ? 1 + random.below(3) : 0;
		let requests = 0;
		server.onRequest = () => {
			if (++requests === fault) throw new Error('fault');
			if (random.chance(0.2)) this.change(random.below(2));
			if (random.chance(0.2)) server.time += 1;
		};
		try {
			const { events, stored } = await this.poll(enough);
			const crash = random.chance(0.08);
			this.log.push(`poll ${requests} ${events.join(' ')}${crash ? ' crash' : ''}`);
			if (crash && random.chance(0.5)) {
				// n8n died before it stored anything: nothing was delivered either.
				this.memory = this.saved;
				return;
			}
			this.memory = stored;
			if (events.length === 0) return;
			this.saved = stored;
			this.delivered.push(...events);
		} catch (error) {
			if (
				!['fault', 'The list of batches changed while it was read'].includes(
					(error as Error).message,
				)
			) {
				throw error;
			}
			this.log.push(`fault ${requests}`);
		} finally {
			server.onRequest = () => {};
		}
	}

	private restart(): void {
		this.log.push('restart');
		this.memory = this.saved;
	}

	private async poll(enough: number): Promise<{ events: string[]; stored: unknown }> {
		const { server, settings } = this;
		const start = server.requests;
		const { events, stored } = await poll(
			server,
			JSON.parse(JSON.stringify(this.memory ?? null)),
			settings,
			{
				now: () => (server.requests - start < enough ? 0 : 2),
				stopAt: 1,
			},
		);
		this.largest = Math.max(this.largest, JSON.stringify(stored).length);
		return { events: events.map(({ name, batch }) => `${batch.id}:${name}`), stored };
	}

	/** Everything finishes, and polls have the time to tell it. */
	private async settle(): Promise<void> {
		const { server } = this;
		server.time += this.options.lag;
		for (let round = 0; round < 12; round++) {
			server.time += 2 * MINUTE;
			for (const batch of server.batches) server.step(batch);
			const { events, stored } = await this.poll(Infinity);
			this.log.push(`settle ${events.join(' ')}`);
			this.delivered.push(...events);
			this.memory = stored;
		}
	}

	/** @throws for events that are missed, told twice, or should not be told */
	private verify(): void {
		const { settings, options, delivered } = this;
		const isWanted = (id: string) => settings.events.has(id.split(':')[1] as EventName);
		const after = this.server.happened.slice(this.activatedAt).map(({ id }) => id);
		const happened = new Set(after.filter(isWanted));
		const isTold = (id: string) => {
			const name = id.split(':')[1];
			return (
				options.times !== false ||
				['created', 'completed', 'failed', 'expired', 'cancelled'].includes(name)
			);
		};
		const batchOf = (id: string) => id.split(':')[0];
		const found = new Set(delivered);
		const missed = [...happened].filter(
			(id) => isTold(id) && !this.deleted.has(batchOf(id)) && !found.has(id),
		);
		const first = new Set<string>();
		const twice = delivered.filter((id) => first.size === first.add(id).size);
		const before = new Set(this.server.happened.slice(0, this.activatedAt).map(({ id }) => id));
		const wrong = delivered.filter((id) => before.has(id) && !this.duringActivation.has(id));
		const wronglyTwice = this.options.mayDouble ? [] : twice;
		if (missed.length + wronglyTwice.length + wrong.length === 0) return;
		throw new Error(JSON.stringify({ missed, twice, wrong }));
	}
}

const ORDINARY: HistoryOptions = {
	steps: 30,
	burst: 30,
	lag: 20,
	fewest: 1,
	deletions: false,
	past: true,
	mayDouble: false,
};

/** Runs `count` histories. @throws with the seed, the log and what was wrong, for the first bad one */
export async function runHistories(count: number, options: Partial<HistoryOptions>): Promise<void> {
	for (let seed = 1; seed <= count; seed++) {
		const history = new History(seed, { ...ORDINARY, ...options });
		try {
			await history.run();
		} catch (error) {
			throw new Error(`seed ${seed}: ${(error as Error).message}\n${history.log.join('\n')}`);
		}
	}
}

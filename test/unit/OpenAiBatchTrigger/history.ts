import { EVENTS, type EventName } from '../../../nodes/batchEvents/batchEvent';
import { matchesFilters, type EventFilters } from '../../../nodes/batchEvents/eventFilters';
import { isFinished } from '../../../nodes/openai/api/objects';
import type { Batch } from '../../../nodes/openai/api/objects';
import { poll } from '../../../nodes/OpenAiBatchTrigger/poll';
import type { PollSettings } from '../../../nodes/OpenAiBatchTrigger/polling.properties';
import { readState } from '../../../nodes/OpenAiBatchTrigger/state';
import { Random } from '../../support/emulator/random';
import { ModelServer, type ModelOptions } from './model';
import { nameOfEvent, Submissions } from './submissions';

export interface HistoryOptions extends ModelOptions {
	steps: number;
	/** Most batches that are created at once. */
	burst: number;
	/** How late, in seconds, a batch may appear in the list. */
	lag: number;
	/** The fewest requests that a poll's time is enough for. */
	fewest: number;
	deletions: boolean;
	/** Whether the list drops known open batches, and shows earlier statuses, for a moment. */
	wavers: boolean;
	/** Whether the user changes the filters and the events. */
	changes: boolean;
}

type Choice = Pick<PollSettings, 'events' | 'filters'>;

const MINUTE = 60;
const DAY = 86_400;

const JOBS = ['a', 'b'];

/**
 * One random life of a trigger and a server: creations, changes of status, deletions, list pages
 * that shift while they are read, faults, polls without the time to read everything, memory lost
 * and restored, crashes before and after n8n stored the state, long pauses, a clock of n8n's that
 * differs from the server's and is corrected.
 */
export class History {
	readonly log: string[] = [];
	/** Event ids in the order of their delivery. */
	readonly delivered: string[] = [];
	readonly server: ModelServer;

	/** The submissions that were reported, in the order of their delivery. */
	private readonly finished: string[] = [];
	private readonly submissions: Submissions;
	private readonly random: Random;
	private readonly deleted = new Set<string>();
	private memory: unknown;
	private saved: unknown;
	private activatedAt = 0;
	/** From here on in what happened, the choice of the last polls is all that counts. */
	private steadyFrom = Infinity;
	/** How many seconds n8n's clock is ahead of the server's. */
	private skew: number;
	private readonly duringActivation = new Set<string>();
	private readonly settings: PollSettings;
	/** What the user had chosen in any of the polls. */
	private readonly choices: Choice[] = [];

	constructor(
		seed: number,
		private readonly options: HistoryOptions,
	) {
		this.random = new Random(seed);
		this.server = new ModelServer(this.random, options);
		this.submissions = new Submissions(this.random, this.server);
		this.skew = this.random.below(2 * DAY) - DAY;
		this.settings = {
			...this.choose(),
			submissionFinished: true,
			finishedWithin: 0,
			simplify: true,
		};
	}

	async run(): Promise<void> {
		for (let i = this.random.below(4); i >= 0; i--) this.happen();
		// What the list does not show at the activation is news later, whatever its times are.
		this.server.time += this.options.lag;
		await this.activate();
		for (let step = 0; step < this.options.steps; step++) {
			// The first scheduled poll may follow the activation at once.
			if (step > 0 || this.random.chance(0.5)) this.happen();
			else this.change(3);
			if (this.options.changes && this.random.chance(0.15)) this.rechoose();
			await this.tick();
			if (this.random.chance(0.15)) this.restart();
		}
		await this.settle();
		this.verify();
	}

	private choose(): Choice {
		const { random, options } = this;
		const chosen = EVENTS.filter(() => random.chance(0.7));
		const filters: EventFilters = { endpoint: '', metadata: [], batchIds: [] };
		if (options.changes && random.chance(0.6)) filters.metadata = [['job', random.pick(JOBS)]];
		return { events: new Set(chosen.length > 0 ? chosen : EVENTS), filters };
	}

	/** The user changes the filters, the events or both. */
	private rechoose(): void {
		const { events, filters } = this.choose();
		if (this.random.chance(0.5)) this.settings.events = events;
		if (this.random.chance(0.8)) this.settings.filters = filters;
		this.log.push(`choose ${[...this.settings.events]} ${filters.metadata}`);
	}

	/** Something happens on the server, or nothing. */
	private happen(): void {
		const { random, server, options } = this;
		// Somebody corrects n8n's clock.
		if (random.chance(0.02)) this.skew -= random.below(DAY);
		server.time += random.pick([MINUTE, MINUTE, MINUTE + 1, 10 * MINUTE, DAY / 2]);
		if (random.chance(0.03)) server.time += 9 * DAY;
		this.change(random.chance(0.1) ? options.burst : random.below(4));
	}

	private change(creations: number): void {
		const { random, server, submissions, options } = this;
		for (let i = 0; i < creations; i++) {
			const job = random.pick(JOBS);
			const lag = random.chance(0.1) ? random.below(options.lag + 1) : 0;
			if (random.chance(0.5)) submissions.create(job, lag);
			else server.create({ metadata: options.changes ? { job } : undefined }, lag);
		}
		const eagerness = random.next() ** 2;
		for (const batch of server.batches) {
			// No window is longer than seven days.
			while (!isFinished(batch) && server.time - batch.created_at! > 7 * DAY) this.step(batch);
			while (!isFinished(batch) && random.chance(eagerness)) {
				this.step(batch);
				server.time += random.below(2);
			}
			if (options.deletions && random.chance(0.01)) {
				this.deleted.add(batch.id);
				server.delete(batch);
			}
		}
	}

	private step(batch: Batch): void {
		this.server.step(batch);
		this.submissions.note(batch);
	}

	private async activate(): Promise<void> {
		this.activatedAt = this.server.happened.length;
		const hasTime = this.options.times === false || this.random.chance(0.5);
		const { events, finished, stored } = await this.poll(hasTime ? Infinity : this.options.fewest);
		this.delivered.push(...events);
		this.finished.push(...finished);
		this.memory = stored;
		this.saved = stored;
		// What an activation leaves unread is judged by times, which have no fractions of a second.
		const { unread } = stored as { unread?: { since: number } };
		for (const { id, at } of this.server.happened) {
			if (unread && at >= unread.since) this.duringActivation.add(id);
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
		if (options.wavers) this.waver();
		try {
			const { events, finished, stored } = await this.poll(enough);
			const crash = random.chance(0.08);
			this.log.push(
				`poll ${requests} ${[...events, ...finished].join(', ')}${crash ? ' crash' : ''}`,
			);
			if (crash && random.chance(0.5)) {
				// n8n died before it stored anything: nothing was delivered either.
				this.memory = this.saved;
				return;
			}
			this.memory = stored;
			if (events.length + finished.length === 0) return;
			this.saved = stored;
			this.delivered.push(...events);
			this.finished.push(...finished);
		} catch (error) {
			const expected = ['fault', 'The list of batches changed while it was read'];
			if (!expected.includes((error as Error).message)) throw error;
			this.log.push(`fault ${requests}`);
		} finally {
			server.onRequest = () => {};
			server.isHidden = () => false;
			server.isStale = () => false;
		}
	}

	/** For one poll, the list drops some batches that the trigger follows, and is behind with others. */
	private waver(): void {
		const { random, server } = this;
		const followed = [this.memory, this.saved].map(
			(state) => new Set(readState(state)?.open.map(({ id }) => id)),
		);
		const hidden = new Set(server.batches.filter(() => random.chance(0.3)).map(({ id }) => id));
		server.isHidden = ({ id }) => hidden.has(id) && followed.every((ids) => ids.has(id));
		server.isStale = () => random.chance(0.2);
	}

	private restart(): void {
		this.log.push('restart');
		this.memory = this.saved;
	}

	private async poll(
		enough: number,
	): Promise<{ events: string[]; finished: string[]; stored: unknown }> {
		const { server, settings } = this;
		const start = server.requests;
		this.choices.push({ ...settings });
		const { events, submissions, stored } = await poll(
			server,
			JSON.parse(JSON.stringify(this.memory ?? null)),
			settings,
			{
				now: () => (server.time + this.skew) * 1000,
				hasTime: () => server.requests - start < enough,
			},
		);
		const unwanted = events.find(
			({ name, batch }) => !settings.events.has(name) || !matchesFilters(batch, settings.filters),
		);
		if (unwanted) throw new Error(`unwanted: ${unwanted.batch.id}:${unwanted.name}`);
		return {
			events: events.map(({ name, batch }) => `${batch.id}:${name}`),
			finished: submissions.map(nameOfEvent),
			stored,
		};
	}

	/** Everything finishes, and polls have the time to report it. */
	private async settle(): Promise<void> {
		const { server } = this;
		server.time += this.options.lag;
		for (let round = 0; round < 12; round++) {
			server.time += 2 * MINUTE;
			if (round === 2) this.steadyFrom = server.happened.length;
			for (const batch of server.batches) this.step(batch);
			const { events, finished, stored } = await this.poll(Infinity);
			this.log.push(`settle ${[...events, ...finished].join(', ')}`);
			this.delivered.push(...events);
			this.finished.push(...finished);
			this.memory = stored;
		}
	}

	/** @throws for events that are missed, reported twice, or should not be reported */
	private verify(): void {
		const { options, delivered, server, choices } = this;
		const batches = new Map(server.all.map((batch) => [batch.id, batch]));
		const wants = (batch: Batch, name: string) => (choice: Choice) =>
			choice.events.has(name as EventName) && matchesFilters(batch, choice.filters);
		const known = new Set(delivered);
		const withoutTime = ['created', 'completed', 'failed', 'expired', 'cancelled'];
		const missed = server.happened.slice(this.activatedAt).filter(({ id }, index) => {
			const [batchId, name] = id.split(':');
			if (this.deleted.has(batchId)) return false;
			if (options.times === false && !withoutTime.includes(name)) return false;
			const isSteady = this.activatedAt + index >= this.steadyFrom;
			const relevant = isSteady ? choices.slice(-1) : choices;
			return relevant.every(wants(batches.get(batchId)!, name)) && !known.has(id);
		});
		const left = new Set(delivered);
		const twice = delivered.filter((id) => !left.delete(id));
		const before = new Set(server.happened.slice(0, this.activatedAt).map(({ id }) => id));
		const wrong = delivered.filter((id) => before.has(id) && !this.duringActivation.has(id));
		const submissions = this.submissions.verify(this.finished, {
			from: this.activatedAt,
			deleted: this.deleted,
			// A list that lags or wavers can hide a retry.
			showsAll: options.lag === 0 && !options.wavers,
			isWatched: (batch) => choices.every(({ filters }) => matchesFilters(batch, filters)),
		});
		const all = [missed, twice, wrong, ...Object.values(submissions)];
		if (all.every(({ length }) => length === 0)) return;
		throw new Error(
			JSON.stringify({ missed: missed.map(({ id }) => id), twice, wrong, submissions }),
		);
	}
}

const ORDINARY: HistoryOptions = {
	steps: 30,
	burst: 30,
	lag: 20,
	fewest: 1,
	deletions: false,
	wavers: false,
	changes: false,
};

/** Multiplies the number of histories, for a thorough run. */
const FACTOR = Number(process.env.HISTORIES ?? 1);

/** More than any machine needs: the work is done by then, however busy it is. */
export const HISTORIES_TIMEOUT_MS = 1_200_000 * Math.max(1, FACTOR);

/** Runs `count` histories. @throws with the seed, the log and what was wrong, for the first bad one */
export async function runHistories(count: number, options: Partial<HistoryOptions>): Promise<void> {
	for (let seed = 1; seed <= count * FACTOR; seed++) {
		const history = new History(seed, { ...ORDINARY, ...options });
		try {
			await history.run();
		} catch (error) {
			throw new Error(`seed ${seed}: ${(error as Error).message}\n${history.log.join('\n')}`);
		}
	}
}

/** Servers and users of every kind: what they are like, how many histories, and their options. */
export const RUNS: Array<[string, number, Partial<HistoryOptions>]> = [
	['an ordinary server', 60, {}],
	['a list that shows every batch at once', 60, { lag: 0, burst: 5 }],
	['short list pages, and polls without the time to read them all', 180, { pageSize: 10 }],
	['batches that are deleted', 120, { pageSize: 10, deletions: true }],
	['hundreds of batches at once', 8, { burst: 400 }],
	['a list that drops batches and shows earlier statuses for a moment', 120, { wavers: true }],
	[
		'a server without times, counts and has_more, in upper case',
		120,
		{ pageSize: 20, times: false, upperCase: true, hasMore: false },
	],
];

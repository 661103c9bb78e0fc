import type { PollOutcome, Poller } from '../support/engine';
import { checkError } from './checks/errors';
import { checkSubmissions } from './checks/submissions';
import { virtualTime } from './virtualTime';
import { chance, FINISHED, SECRET, TRIGGER, type World } from './world';

/** n8n polls at most once a minute. */
const INTERVAL_MS = 60_000;

/** The next poll may begin after a minute, whether this one is done or not. */
const LONGEST_POLL_MS = 60_000;

/** A workflow with the polling trigger, which watches all batches of a story. */
export class Watcher {
	private readonly poller: Poller;
	private readonly reported = new Map<unknown, number>();
	private readonly items: Array<Record<string, unknown>> = [];
	private isActive = false;
	private hasRestarted = false;
	private readonly durable: boolean;

	constructor(private readonly world: World) {
		this.durable = chance(world, 0.3);
		const credentialData = world.credentialData as never;
		const events = [...FINISHED, 'submission_finished'];
		this.poller = world.engine.poller(
			TRIGGER,
			{ events },
			{ durable: this.durable, credentialData },
		);
	}

	/**
	 * Switches the workflow on, as often as it takes. With durable cursors n8n drops what the poll of
	 * the activation remembered, so only what follows a first tick can be expected.
	 */
	async activate(): Promise<void> {
		for (let polls = this.durable ? 2 : 1; polls > 0;) {
			const outcome = await this.poll(async () =>
				this.isActive ? await this.poller.tick() : await this.poller.activate(),
			);
			if (outcome.error) this.world.calm();
			else polls--;
			this.isActive ||= outcome.error === undefined;
		}
		this.world.storm();
	}

	/** A minute later: polls, or restarts n8n. Returns whether it has polled. */
	async tick(): Promise<boolean> {
		await virtualTime.pass(INTERVAL_MS);
		if (this.isActive && chance(this.world, 0.1)) {
			this.hasRestarted = true;
			// With durable cursors a restart does not poll.
			const outcome = this.durable
				? await this.poller.restart()
				: await this.poll(async () => await this.poller.activate('init'));
			// A failed activation is repeated by n8n.
			this.isActive = outcome?.error === undefined;
			return outcome !== undefined;
		}
		if (this.isActive) await this.poll(async () => await this.poller.tick());
		else await this.activate();
		return true;
	}

	/** Polls without faults until nothing comes any more, and checks that every event was reported. */
	async finish(): Promise<void> {
		this.world.calm();
		for (let quiet = 0; quiet < 2;) {
			const before = this.reported.size;
			const hasPolled = await this.tick();
			if (hasPolled) quiet = this.reported.size === before ? quiet + 1 : 0;
		}
		const { emulator, broken } = this.world;
		for (const { id, status } of emulator.ledger.batches) {
			const event = `${id}:${status}`;
			if (!FINISHED.includes(status)) continue;
			if (!this.reported.has(event)) broken('no event is missed', event);
		}
		for (const [event, times] of this.reported) {
			// Without durable cursors a restart forgets what quiet polls remembered.
			const mayRepeat = this.hasRestarted && !this.durable;
			if (times > 1 && !mayRepeat) broken('no event is reported twice', { event, times });
		}
		checkSubmissions(this.world, this.items);
		this.world.count('events', this.reported.size);
	}

	private async poll(run: () => Promise<PollOutcome>): Promise<PollOutcome> {
		const begun = Date.now();
		const outcome = await run();
		const took = Date.now() - begun;
		if (took > LONGEST_POLL_MS) this.world.broken('waits stay within their limits', { took });
		this.take(outcome);
		return outcome;
	}

	private take({ items, error, stored }: PollOutcome): void {
		this.world.count('polls');
		for (const { json } of items ?? []) {
			this.items.push(json);
			this.reported.set(json.event_id, (this.reported.get(json.event_id) ?? 0) + 1);
		}
		if (JSON.stringify([items, stored]).includes(SECRET)) {
			this.world.broken('the key is nowhere', 'in what the trigger returned or stored');
		}
		if (!error) return;
		this.world.count('polls that failed');
		if (items) this.world.broken('a failed poll emits nothing', items);
		const act = { resource: 'trigger', operation: 'poll', parameters: {} };
		// A poll has no items.
		Object.assign((error as { context?: object }).context ?? {}, { itemIndex: 0 });
		checkError(this.world, act, error, { uploads: [], batches: [] });
	}
}

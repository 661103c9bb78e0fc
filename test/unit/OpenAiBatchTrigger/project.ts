import type { Batch } from '../../../nodes/openai/api/objects';
import type { EventFilters } from '../../../nodes/batchEvents/eventFilters';
import type { SubmissionEvent } from '../../../nodes/batchEvents/submissionEvent';
import { poll } from '../../../nodes/OpenAiBatchTrigger/poll';
import type { PollSettings } from '../../../nodes/OpenAiBatchTrigger/polling.properties';
import { Random } from '../../support/emulator/random';
import { placed, type Place } from '../batchEvents/submissionBatches';
import { ModelServer, type ModelOptions } from './model';

/** A server with a project's history, and a trigger there. */
export class Project {
	readonly server: ModelServer;
	readonly settings: PollSettings & { filters: EventFilters };
	/** What the trigger has stored. */
	state: unknown;
	/** The submissions that it has reported, in the order of their delivery. */
	readonly finished: SubmissionEvent[] = [];

	constructor(settings: Partial<PollSettings> = {}, options: ModelOptions = {}) {
		this.server = new ModelServer(new Random(1), options);
		this.settings = {
			events: new Set(['completed', 'failed', 'expired', 'cancelled'] as const),
			filters: { endpoint: '', metadata: [], batchIds: [] },
			submissionFinished: false,
			finishedWithin: 0,
			simplify: true,
			...settings,
		};
	}

	/**
	 * One poll.
	 *
	 * @param enough for how many requests there is time
	 * @param skew how many seconds n8n's clock is ahead of the server's
	 * @returns the ids of the events, and the number of requests
	 */
	async poll(enough = Infinity, skew = 0): Promise<{ ids: string[]; requests: number }> {
		const { server } = this;
		const start = server.requests;
		const time = {
			now: () => (server.time + skew) * 1000,
			hasTime: () => server.requests - start < enough,
		};
		const { events, submissions, stored } = await poll(server, this.state, this.settings, time);
		this.finished.push(...submissions);
		this.state = JSON.parse(JSON.stringify(stored));
		return {
			ids: events.map(({ batch, name }) => `${batch.id}:${name}`),
			requests: server.requests - start,
		};
	}

	/** The event ids of one poll. */
	async reported(...args: Parameters<Project['poll']>): Promise<string[]> {
		return (await this.poll(...args)).ids;
	}

	/** The size of the stored state in bytes. */
	get size(): number {
		return JSON.stringify(this.state).length;
	}

	running(fields: Partial<Batch> = {}): Batch {
		return this.server.create({ status: 'in_progress', ...fields });
	}

	/** A part of a submission, or a retry of one, that runs. */
	part(place: Place, fields: Partial<Batch> = {}): Batch {
		return this.running({ metadata: placed(place), ...fields });
	}

	/** The ids of the batches of each submission that was reported. */
	get finishedIds(): string[][] {
		return this.finished.map(({ batches }) => batches.map(({ id }) => id));
	}

	finish(batch: Batch, status: 'completed' | 'failed' | 'expired' | 'cancelled' = 'completed') {
		this.server.move(batch, status);
	}
}

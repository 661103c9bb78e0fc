import { randomBytes } from 'node:crypto';

import type { StoredBatch } from '../batches/batch';
import { unixSeconds } from '../clock';
import type { WebhookOptions } from '../options';
import type { Store } from '../store';
import { Deliveries, type WebhookEvent } from './deliveries';
import { Endpoints } from './endpoints';

export type { Delivery, Message, WebhookEvent } from './deliveries';
export type { StoredEndpoint } from './endpoints';

const TOLD: readonly string[] = ['completed', 'failed', 'expired', 'cancelled'];

/** Tells registered endpoints of batches that end. */
export class Webhooks {
	readonly endpoints: Endpoints;
	readonly deliveries: Deliveries;
	/** How many times the next events are delivered; 1 is once. */
	copies = 1;
	private readonly unfinished = new Set<string>();

	constructor(
		private readonly store: Store,
		readonly options: WebhookOptions,
	) {
		this.endpoints = new Endpoints(store.clock);
		this.deliveries = new Deliveries(store.clock, this.endpoints, options);
		store.events.on('batch', ({ wire }: StoredBatch) => this.follow(wire.id, wire.status));
	}

	/** An event of this type about an object, to every endpoint that asked for the type. */
	tell(type: string, objectId: string): void {
		const event = this.newEvent(type, objectId);
		for (const endpoint of this.endpoints.all()) {
			if (!(endpoint.wire.event_types as string[]).includes(type)) continue;
			this.deliveries.enqueue(endpoint, event, this.copies);
		}
	}

	newEvent(type: string, objectId: string): WebhookEvent {
		return {
			id: `evt_${randomBytes(16).toString('hex')}`,
			object: 'event',
			created_at: unixSeconds(this.store.clock.now()),
			type,
			data: { id: objectId },
		};
	}

	async close(): Promise<void> {
		await this.deliveries.close();
	}

	/** A batch that was put into the history as it is has not ended just now. */
	private follow(id: string, status: string): void {
		if (!TOLD.includes(status)) this.unfinished.add(id);
		else if (this.unfinished.delete(id)) this.tell(`batch.${status}`, id);
	}
}

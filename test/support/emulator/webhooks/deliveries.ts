import { randomBytes } from 'node:crypto';

import { Agent, request } from 'undici';

import { unixSeconds, type Clock } from '../clock';
import type { WebhookOptions } from '../options';
import type { Endpoints, StoredEndpoint } from './endpoints';
import { signedHeaders } from './signature';

/** The thin body of every delivery: what happened, and the id to ask for the rest. */
export interface WebhookEvent {
	id: string;
	object: 'event';
	/** Unix seconds. */
	created_at: number;
	type: string;
	data: { id: string };
}

/** One event on its way to one endpoint. */
export interface Message {
	/** `webhook-id`: the same in every try. */
	id: string;
	endpointId: string;
	event: WebhookEvent;
	tries: number;
}

/** One try to deliver a message. */
export interface Delivery {
	message: Message;
	url: string;
	headers: Record<string, string>;
	body: string;
	/** Unix milliseconds of the emulator's clock. */
	at: number;
	/** The status of the answer; null while there is none, and for ever when the connection broke. */
	status: number | null;
}

const CALLER = { 'content-type': 'application/json', 'user-agent': 'OpenAI/1.0' };

/**
 * Sends messages to their endpoints, signed, until they are acknowledged by any 2xx: again and
 * again on the emulator's clock, as often as the options say.
 */
export class Deliveries {
	/** Every try, oldest first. */
	readonly ledger: Delivery[] = [];
	private held: Message[] | undefined;
	private readonly agent = new Agent();
	private readonly closing = new AbortController();

	constructor(
		private readonly clock: Clock,
		private readonly endpoints: Endpoints,
		private readonly options: WebhookOptions,
	) {}

	/** Puts a message on its way, `copies` times. */
	enqueue(endpoint: StoredEndpoint, event: WebhookEvent, copies = 1): void {
		const id = `wh_${randomBytes(16).toString('hex')}`;
		const message: Message = { id, endpointId: endpoint.wire.id, event, tries: 0 };
		for (let copy = 0; copy < copies; copy++) this.schedule(message);
	}

	/** Keeps messages back until `release`, also those that are to be sent again. */
	hold(): void {
		this.held ??= [];
	}

	/** Lets the messages that were kept back go, in their order or the last one first. */
	release(order: 'in order' | 'reversed' = 'in order'): void {
		const held = this.held ?? [];
		this.held = undefined;
		for (const message of order === 'reversed' ? held.reverse() : held) this.schedule(message);
	}

	/** Delivers a message once more, acknowledged or not. */
	redeliver(message: Message): void {
		this.schedule(message);
	}

	/** One try, whose outcome is in the ledger. */
	async attempt(message: Message, endpoint: StoredEndpoint): Promise<Delivery> {
		message.tries++;
		const body = JSON.stringify(message.event);
		const now = this.clock.now();
		const secrets = this.endpoints.validSecrets(endpoint);
		const headers = { ...CALLER, ...signedHeaders(message.id, unixSeconds(now), body, secrets) };
		const { url } = endpoint.wire;
		const delivery: Delivery = { message, url, headers, body, at: now, status: null };
		this.ledger.push(delivery);
		try {
			const answer = await request(this.addressOf(url), {
				method: 'POST',
				headers,
				body,
				dispatcher: this.agent,
				signal: this.closing.signal,
			});
			await answer.body.dump();
			delivery.status = answer.statusCode;
		} catch {
			// No answer is as good as a refusal: the message is sent again.
		}
		return delivery;
	}

	async close(): Promise<void> {
		this.closing.abort();
		await this.agent.destroy();
	}

	private schedule(message: Message, wait = 0): void {
		if (this.held) this.held.push(message);
		else this.clock.after(wait, async () => await this.deliver(message));
	}

	private async deliver(message: Message): Promise<void> {
		if (this.held) {
			this.held.push(message);
			return;
		}
		const endpoint = this.endpoints.get(message.endpointId);
		if (endpoint === undefined) return;
		const { status } = await this.attempt(message, endpoint);
		const wait = this.options.retryAfter[message.tries - 1];
		const isAcknowledged = status !== null && status >= 200 && status < 300;
		if (!isAcknowledged && wait !== undefined && !this.closing.signal.aborted) {
			this.schedule(message, wait);
		}
	}

	private addressOf(url: string): URL {
		const { pathname, search } = new URL(url);
		return this.options.deliverTo === undefined
			? new URL(url)
			: new URL(pathname + search, this.options.deliverTo);
	}
}

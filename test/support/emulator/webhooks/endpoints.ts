import { randomBytes } from 'node:crypto';

import type { WebhookEndpoint } from 'openai/resources/webhooks';

import { unixSeconds, type Clock } from '../clock';
import { hintOf, newSecret } from './signature';

const DAY_MS = 86_400_000;

/** What a client sets of an endpoint. */
export type EndpointSettings = Pick<WebhookEndpoint, 'name' | 'url' | 'event_types'>;

/** A registered address with the secrets that sign what is delivered to it. */
export interface StoredEndpoint {
	wire: WebhookEndpoint;
	/** Newest first; `until` in unix milliseconds. */
	secrets: Array<{ secret: string; until: number }>;
}

/** The project's webhook endpoints. */
export class Endpoints {
	private readonly byId = new Map<string, StoredEndpoint>();

	constructor(private readonly clock: Clock) {}

	get(id: string): StoredEndpoint | undefined {
		return this.byId.get(id);
	}

	/** Newest first. */
	all(): StoredEndpoint[] {
		return [...this.byId.values()].reverse();
	}

	create(settings: EndpointSettings): StoredEndpoint {
		const now = unixSeconds(this.clock.now());
		const secret = newSecret();
		const endpoint: StoredEndpoint = {
			wire: {
				id: `whe_${randomBytes(16).toString('hex')}`,
				object: 'webhook_endpoint',
				created_at: now,
				updated_at: now,
				...settings,
				signing_secret_hint: hintOf(secret),
			},
			secrets: [{ secret, until: Infinity }],
		};
		this.byId.set(endpoint.wire.id, endpoint);
		return endpoint;
	}

	/** Changes settings; what stays the same does not count as an update. */
	update({ wire }: StoredEndpoint, changes: Partial<EndpointSettings>): void {
		const before = JSON.stringify(wire);
		Object.assign(wire, changes);
		if (JSON.stringify(wire) !== before) wire.updated_at = unixSeconds(this.clock.now());
	}

	/** Gives the endpoint another secret; the old one goes at once, or after a day. */
	rotate(endpoint: StoredEndpoint, keepOld: boolean): void {
		const secret = newSecret();
		const now = this.clock.now();
		const [{ secret: old }] = endpoint.secrets;
		endpoint.secrets = [
			{ secret, until: Infinity },
			...(keepOld ? [{ secret: old, until: now + DAY_MS }] : []),
		];
		endpoint.wire.signing_secret_hint = hintOf(secret);
		endpoint.wire.updated_at = unixSeconds(now);
	}

	delete(id: string): void {
		this.byId.delete(id);
	}

	/** The secrets that are valid now, newest first. */
	validSecrets({ secrets }: StoredEndpoint): string[] {
		return secrets.filter(({ until }) => this.clock.now() < until).map(({ secret }) => secret);
	}
}

import type { Message } from '../support/emulator/webhooks';
import { WebhookNode } from '../support/engine/webhookHarness';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { checkError } from './checks/errors';
import { OpenAiBatchWebhookTrigger } from '../support/engine/nodes';
import { chance, ENGINE, FINISHED, SECRET, type World } from './world';

/** The longest time in which the node may ask for the batch, in milliseconds, and a little more. */
const LONGEST_ANSWER_MS = 10_000 + 2_500;

/**
 * A workflow with the webhook trigger, and the part of the service that delivers to it:
 * late, in any order, again until it is acknowledged, and sometimes even after that. The emulator's
 * own deliveries go by its clock, which stands still while they are under way; so these do not.
 */
export class Listener {
	private readonly due: Message[] = [];
	private readonly known = new Set<string>();
	private sent = 0;

	private constructor(
		private readonly world: World,
		private readonly node: WebhookNode,
	) {}

	/** Publishes the workflow; undefined in stories without it. */
	static async start(world: World): Promise<Listener | undefined> {
		if (!chance(world, 0.4) || world.server.dialect.webhooksPath === null) return undefined;
		const node = await WebhookNode.start({
			node: OpenAiBatchWebhookTrigger,
			credentials: [OpenAiBatchApi],
			credentialData: world.credentialData as never,
			expressionEngine: ENGINE,
		});
		const { webhooks } = world.emulator;
		webhooks.options.deliverTo = node.origin;
		webhooks.deliveries.hold();
		await node.activate();
		const listener = new Listener(world, node);
		world.emulator.onBatch(({ id, status }) => listener.note(id, status));
		return listener;
	}

	/** Delivers what is due, each message once or twice. */
	async deliver(): Promise<void> {
		const { emulator, random } = this.world;
		const [endpoint] = emulator.webhooks.endpoints.all();
		const round = this.due.splice(0).sort(() => random.next() - 0.5);
		for (const message of round) {
			for (let copies = random.integer(1, 2); copies > 0; copies--) {
				const begun = Date.now();
				const { status } = await emulator.webhooks.deliveries.attempt(message, endpoint);
				const took = Date.now() - begun;
				this.world.count('deliveries');
				if (took > LONGEST_ANSWER_MS) {
					this.world.broken('waits stay within their limits', { operation: 'webhook', took });
				}
				const isTaken = status !== null && status >= 200 && status < 300;
				if (isTaken || copies > 1) continue;
				this.due.push(message);
			}
		}
	}

	/** Delivers the rest without faults, and checks that each ending started one execution. */
	async finish(): Promise<void> {
		const { emulator, broken } = this.world;
		this.world.calm();
		while (this.due.length > 0) await this.deliver();
		const reported = this.node.emitted.map(({ event_id: event }) => event as string);
		for (const { id, status } of emulator.ledger.batches) {
			if (!FINISHED.includes(status)) continue;
			const event = `${id}:${status}`;
			const times = reported.filter((one) => one === event).length;
			if (times !== 1) broken('a webhook starts one execution', { event, times });
		}
		const [{ secrets }] = emulator.webhooks.endpoints.all();
		const traces = JSON.stringify([this.node.stored, this.node.executions]);
		for (const secret of [SECRET, secrets[0].secret.slice('whsec_'.length)]) {
			if (traces.includes(secret)) broken('the key is nowhere', 'in what a webhook left behind');
		}
		for (const { error } of this.node.executions) if (error) this.check(error);
	}

	async close(): Promise<void> {
		await this.node.close();
	}

	private note(id: string, status: string): void {
		const event = `${id}:${status}`;
		if (!FINISHED.includes(status) || this.known.has(event)) return;
		this.known.add(event);
		const { webhooks } = this.world.emulator;
		const [endpoint] = webhooks.endpoints.all();
		this.due.push({
			id: `wh_${++this.sent}`,
			endpointId: endpoint.wire.id,
			event: webhooks.newEvent(`batch.${status}`, id),
			tries: 0,
		});
	}

	private check(error: Error): void {
		const act = { resource: 'trigger', operation: 'webhook', parameters: {} };
		// A delivery has no items.
		Object.assign((error as { context?: object }).context ?? {}, { itemIndex: 0 });
		checkError(this.world, act, error, { uploads: [], batches: [] });
	}
}

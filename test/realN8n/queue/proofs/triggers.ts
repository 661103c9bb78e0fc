import { request } from 'undici';
import type { BatchStatus } from '../../../../nodes/openai/api/objects';
import type { Delivery } from '../../../support/emulator/webhooks';
import { eventIds, reportedEvents } from '../../../support/lab/n8n/events';
import { until } from '../../../support/lab/until';
import { pollingWorkflow, webhookWorkflow } from '../../../support/lab/workflows/triggers';
import { STILL, type Account } from '../../../support/lab/account';
import type { N8n } from '../../../support/lab/n8n/n8n';
import type { Stage } from '../stage';

/** Every half second for ten minutes; the service goes on for three days. */
const RETRIES = Array.from({ length: 1_200 }, () => 500);

const EVENTS = 6;

/** Both triggers, with every process of the cluster there to repeat an event. */
export function triggers(stage: () => Stage): void {
	it('reports each event once by polling, and workers share the executions', async () => {
		const account = await stage().account(STILL);
		const { credential, emulator } = account;
		const id = await stage().publish(pollingWorkflow({ name: 'polled', credential }));
		const batches = await inBatches(account, 'polled', 'in_progress');
		await account.twoMorePolls();
		const wanted = batches.map((batch) => `${batch}:completed`);
		for (const [index, batch] of batches.entries()) {
			await emulator.step(batch, 'completed');
			await stage().untilReported(id, [wanted[index]]);
		}
		await account.twoMorePolls();

		const found = await reportedEvents(stage().cluster.rest, id);
		expect(eventIds(found)).toEqual(wanted.sort());
		expect(found.map(({ status }) => status)).toEqual(found.map(() => 'success'));
		const workers = found.map(({ executionId }) => stage().cluster.workerOf(executionId));
		expect(workers).not.toContain(undefined);
		expect(new Set(workers).size).toBeGreaterThan(1);
		await stage().cluster.rest.deactivate(id);
	});

	it('reports each event once by webhook, and recognizes a repeated delivery in any process', async () => {
		const { cluster } = stage();
		const account = await hooked();
		const { credential, emulator } = account;
		const id = await stage().publish(webhookWorkflow({ name: 'hooked', credential }));
		const wanted: string[] = [];
		for (let count = 0; count < EVENTS; count++) {
			const batch = await account.batch('hooked', 'completed');
			wanted.push(`${batch}:completed`);
			const delivery = await acknowledged(account, batch);
			// The service delivers at least once; a load balancer may send the second one elsewhere.
			for (const member of [cluster.webhook, cluster.main]) {
				expect(await deliver(delivery, member)).toBe(200);
			}
		}
		await stage().untilReported(id, wanted);

		expect(eventIds(await reportedEvents(cluster.rest, id))).toEqual(wanted.sort());
		expect(await cluster.rest.executions(id)).toHaveLength(EVENTS);
		await cluster.rest.deactivate(id);
		expect(emulator.webhooks.endpoints.all()).toEqual([]);
	});

	it('loses no webhook of many that arrive at the same time', async () => {
		const { cluster } = stage();
		const account = await hooked();
		const { credential, emulator } = account;
		const id = await stage().publish(webhookWorkflow({ name: 'at once', credential }));
		emulator.webhooks.deliveries.hold();
		const batches = await inBatches(account, 'at once', 'completed');
		emulator.webhooks.deliveries.release();
		await Promise.all(batches.map(async (batch) => await acknowledged(account, batch)));
		const wanted = batches.map((batch) => `${batch}:completed`);
		await stage().untilReported(id, wanted);

		expect(eventIds(await reportedEvents(cluster.rest, id))).toEqual(wanted.sort());
		await cluster.rest.deactivate(id);
	});

	/** An account whose webhooks go to the webhook processor. */
	async function hooked(): Promise<Account> {
		const webhooks = { deliverTo: stage().cluster.webhook.url, retryAfter: RETRIES };
		return await stage().account({ ...STILL, webhooks });
	}
}

/** Creates batches that a trigger of this case reports, all in the same status. */
async function inBatches(account: Account, name: string, to: BatchStatus): Promise<string[]> {
	const each = Array.from({ length: EVENTS }, async () => await account.batch(name, to));
	return await Promise.all(each);
}

/** Waits until n8n has accepted the delivery of a batch's event. */
async function acknowledged({ emulator }: Account, batch: string): Promise<Delivery> {
	const { ledger } = emulator.webhooks.deliveries;
	return await until('the acknowledgement', () =>
		ledger.find(({ message, status }) => message.event.data.id === batch && status === 200),
	);
}

/** Delivers to one process; returns the status of its answer. */
async function deliver({ url, headers, body }: Delivery, to: N8n): Promise<number> {
	const address = new URL(new URL(url).pathname, to.url);
	const answer = await request(address, { method: 'POST', headers, body });
	await answer.body.dump();
	return answer.statusCode;
}

import { request } from 'undici';
import type { Delivery } from '../../emulator/webhooks';
import { eventIds, told } from '../../triggers/told';
import { until } from '../../triggers/until';
import { pollingWorkflow, webhookWorkflow } from '../../triggers/workflows';
import { STILL } from '../account';
import type { Member } from '../member';
import type { Stage } from '../stage';

/** Every half second for ten minutes; the service goes on for three days. */
const RETRIES = Array.from({ length: 1_200 }, () => 500);

const EVENTS = 12;

/** Both triggers, with every process of the cluster there to repeat an event. */
export function triggers(stage: () => Stage): void {
	it('tells each event once by polling, and workers share the executions', async () => {
		const account = await stage().account(STILL);
		const { credential, emulator } = account;
		const id = await stage().publish(pollingWorkflow({ name: 'polled', credential }));
		const batches = await Promise.all(
			Array.from({ length: EVENTS }, async () => await account.batch('polled', 'in_progress')),
		);
		const wanted = batches.map((batch) => `${batch}:completed`);
		for (const batch of batches) {
			await account.twoMorePolls();
			await emulator.step(batch, 'completed');
		}
		await stage().untilTold(id, wanted);
		await account.twoMorePolls();

		const found = await told(stage().cluster.rest, id);
		expect(eventIds(found)).toEqual(wanted.sort());
		expect(found.map(({ status }) => status)).toEqual(found.map(() => 'success'));
		const workers = found.map(({ executionId }) => stage().cluster.workerOf(executionId));
		expect(workers).not.toContain(undefined);
		expect(new Set(workers).size).toBeGreaterThan(1);
		await stage().cluster.rest.deactivate(id);
	});

	it('tells each event once by webhook, whichever process takes a delivery', async () => {
		const { cluster } = stage();
		const webhooks = { deliverTo: cluster.webhook.url, retryAfter: RETRIES };
		const account = await stage().account({ ...STILL, webhooks });
		const { credential, emulator } = account;
		const id = await stage().publish(webhookWorkflow({ name: 'hooked', credential }));
		const batches = await Promise.all(
			Array.from({ length: EVENTS }, async () => await account.batch('hooked', 'completed')),
		);
		const wanted = batches.map((batch) => `${batch}:completed`);
		await stage().untilTold(id, wanted);
		const { ledger } = emulator.webhooks.deliveries;
		const acknowledged = () => ledger.filter(({ status }) => status === 200);
		await until('all acknowledgements', () => acknowledged().length >= EVENTS);

		// The service delivers at least once; a load balancer may send the second one elsewhere.
		for (const delivery of acknowledged()) {
			expect(await deliver(delivery, cluster.webhook)).toBe(200);
			expect(await deliver(delivery, cluster.main)).toBe(200);
		}
		expect(eventIds(await told(cluster.rest, id))).toEqual(wanted.sort());
		expect(await cluster.rest.executions(id)).toHaveLength(EVENTS);
		await cluster.rest.deactivate(id);
		expect(emulator.webhooks.endpoints.all()).toEqual([]);
	});
}

/** Delivers to one process; returns the status of its answer. */
async function deliver({ url, headers, body }: Delivery, to: Member): Promise<number> {
	const address = new URL(new URL(url).pathname, to.url);
	const answer = await request(address, { method: 'POST', headers, body });
	await answer.body.dump();
	return answer.statusCode;
}

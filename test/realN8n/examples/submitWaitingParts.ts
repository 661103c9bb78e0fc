import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { itemsOf } from '../../support/lab/n8n/executions';
import { Scene } from './scene';
import { DOCUMENTS, TINY_QUEUE } from './tokenLimitQueue';

/**
 * A table of its own, since the other example has one of the usual name. n8n takes a table whose
 * name only contains the one that it looks for, too.
 */
const TABLE = 'letters';

/**
 * The batch of somebody else fills the queue. Whatever becomes of a batch, the next one is created
 * when it has ended: after a cancelled, a failed and an expired one. The one that failed because
 * the queue was full after all is created again.
 */
export async function submitWaitingParts(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, STILL);
	const { emulator } = scene;
	await scene.table(TABLE, ['text', 'summary', 'status', 'error'], DOCUMENTS.slice(0, 2));
	const other = await scene.batchOfOthers(DOCUMENTS[2].text);
	const waiting = await scene.import('submit-waiting-parts');
	const submitting = await scene.import('token-limit-queue', {
		parameters: {
			'Get open documents': { dataTableId: { __rl: true, mode: 'name', value: TABLE } },
			'Submit documents': TINY_QUEUE,
		},
	});
	await lab.rest.activate(waiting);
	const submitted = await scene.run(submitting, 'Start');
	const [first, second] = itemsOf(submitted, 'Submit documents');
	expect([first.status, second.status]).toEqual(['waiting', 'waiting']);

	/** The batch that is created after the given ones. */
	const next = async (earlier: number) =>
		await scene.until(waiting, async () => scene.batches.slice(earlier)[0]);
	emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });
	await emulator.step(other, 'cancelled');
	const refused = await next(1);
	expect(refused.input_file_id).toBe(first.input_file_id);
	await emulator.step(refused.id, 'in_progress').catch(() => {});
	expect(emulator.batch(refused.id).errors?.data?.[0].code).toBe('token_limit_exceeded');
	const again = await next(2);
	expect(again.input_file_id).toBe(first.input_file_id);
	await emulator.step(again.id, 'expired');
	const last = await next(3);
	expect(last.input_file_id).toBe(second.input_file_id);
	expect(await scene.queueFiles()).toHaveLength(1);
	await emulator.step(last.id, 'completed');
	await scene.queueIsGone(waiting);
	expect(scene.batches).toHaveLength(4);
}

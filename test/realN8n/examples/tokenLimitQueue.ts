import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
import { itemsOf } from '../../support/lab/n8n/executions';
import { filled, Scene } from './scene';

/** The emulator's queue takes one batch of this example at a time. */
const QUEUE = 900;

/** A document of 500 tokens. */
const document = (name: string) => `${name} ${'word '.repeat(400)}`;

/** Chooses a queue that takes one document at a time. */
export const TINY_QUEUE = {
	options: {
		fileName: 'documents',
		maxEnqueuedTokens: QUEUE,
		maxTokensPerBatch: QUEUE,
		submissionKey: 'documents',
	},
};

export const DOCUMENTS = ['Contract', 'Letter', 'Report'].map((name) => ({ text: document(name) }));

/**
 * Each document is a batch, and only one fits into the queue: the second and the third one wait
 * until the other workflow creates them. None of them ever meets the limit of the service, nothing
 * is uploaded twice, and every document gets its summary, or the reason why it has none. A batch that
 * failed as a whole does not stop the others.
 */
export async function tokenLimitQueue(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, {
		limits: { enqueuedTokens: QUEUE },
		timing: { in_progress: 2_000 },
	});
	scene.emulator.control.requests({
		match: ({ custom_id: id }) => id === '3',
		outcome: () => ({ type: 'fail', status: 400, code: 'context_length_exceeded' }),
	});
	const rows = await scene.table('documents', ['text', 'summary', 'status', 'error'], DOCUMENTS);
	const parameters = { 'Submit documents': TINY_QUEUE };
	const workflow = await scene.import('token-limit-queue', { parameters });
	const waiting = await scene.import('submit-waiting-parts');
	await lab.rest.activate(waiting);
	await lab.rest.activate(workflow);
	const failed = await scene.batchThatFails('token-limit-queue');
	await scene.until(workflow, async () => scene.batches[0]?.status === 'failed' || undefined);
	const submitted = await scene.run(workflow, 'Start');
	const parts = itemsOf(submitted, 'Submit documents');
	expect(parts.map(({ status }) => status)).toEqual(['validating', 'waiting', 'waiting']);

	const look = async () => await filled(rows, 'status');
	const found = await scene.untilReported(workflow, failed, look);
	await scene.queueIsGone(waiting);
	const batches = scene.batches.slice(1);
	expect(batches.map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
	expect(batches.map(({ input_file_id }) => input_file_id)).toEqual(
		parts.map((part) => part.input_file_id),
	);
	const answers = new Map(batches.flatMap(({ id }) => [...scene.answers(id)]));
	expect(found).toMatchObject([
		...['1', '2'].map((id) => ({
			id: Number(id),
			summary: chatText(answers.get(id)),
			status: 'succeeded',
			error: null,
		})),
		{ id: 3, summary: null, status: 'failed', error: expect.stringMatching(/./) },
	]);
}

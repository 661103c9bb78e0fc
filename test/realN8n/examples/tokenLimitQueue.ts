import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
import { Scene } from './scene';

/** The emulator's queue takes one batch of this example at a time. */
const QUEUE = 900;

/** A document of 500 tokens. */
const document = (name: string) => `${name} ${'word '.repeat(400)}`;

/**
 * The second batch does not fit into the queue while the first one is in it; it is created again
 * from the same file, without another upload, and every document gets its summary.
 */
export async function tokenLimitQueue(lab: Lab): Promise<void> {
	const scene = await Scene.open(lab, {
		limits: { enqueuedTokens: QUEUE },
		timing: { in_progress: 10_000 },
	});
	const rows = await scene.table(
		'documents',
		['text', 'summary', 'status', 'error'],
		[{ text: document('Contract') }, { text: document('Letter') }],
	);
	const workflow = await scene.import('token-limit-queue', {
		parameters: {
			'Submit documents': {
				options: { fileName: 'documents', maxTokensPerBatch: QUEUE },
			},
			'Wait for room': { amount: 3, unit: 'seconds' },
		},
	});
	await lab.rest.activate(workflow);
	await scene.run(workflow, 'Start');

	const found = await scene.rowsWith(workflow, rows, 'status');
	const completed = scene.batches.filter(({ status }) => status === 'completed');
	const failed = scene.batches.filter(({ status }) => status === 'failed');
	expect(completed).toHaveLength(2);
	expect(failed.length).toBeGreaterThan(0);
	expect(failed[0].errors?.data?.[0]).toMatchObject({ code: 'token_limit_exceeded' });
	expect(new Set(failed.map(({ input_file_id }) => input_file_id))).toEqual(
		new Set([completed[1].input_file_id]),
	);
	expect(scene.emulator.ledger.calls('POST', '/files')).toHaveLength(2);
	const answers = new Map(completed.flatMap(({ id }) => [...scene.answers(id)]));
	expect(found).toMatchObject([
		{ id: 1, summary: chatText(answers.get('1')), status: 'succeeded', error: null },
		{ id: 2, summary: chatText(answers.get('2')), status: 'succeeded', error: null },
	]);
}

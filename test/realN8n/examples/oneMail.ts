import type { WireBatch } from '../../support/emulator/batches/batch';
import { STILL } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';
import { startMailServer, type Mail } from './mailServer';
import { Scene } from './scene';

const COMMENTS = ['Sehr gut', 'Gut', 'Na ja', 'Schlecht', 'Sehr schlecht'];

/** As the example has them, for a million tokens; a batch costs half of it. */
const [INPUT_PRICE, OUTPUT_PRICE] = [2, 8];

function cost(batches: WireBatch[]): string {
	const dollars = batches.map(
		({ usage }) => (usage.input_tokens * INPUT_PRICE + usage.output_tokens * OUTPUT_PRICE) / 2e6,
	);
	return dollars.reduce((sum, one) => sum + one, 0).toFixed(6);
}

/** From the first creation to the last end. */
function minutes(batches: WireBatch[]): number {
	const ends = batches.map((batch) => batch.completed_at ?? batch.failed_at ?? NaN);
	const created = batches.map((batch) => batch.created_at);
	return Math.round((Math.max(...ends) - Math.min(...created)) / 60);
}

/**
 * Three submissions of three batches each end at about the same time: one mail for each of them,
 * with its own numbers. In the first a request fails, in the second nothing, in the third a batch.
 */
export async function oneMail(lab: Lab): Promise<void> {
	const mails = await startMailServer();
	lab.defer(mails.close);
	const { id, name } = await lab.rest.createCredential('smtp', 'SMTP', {
		user: '',
		password: '',
		host: '127.0.0.1',
		port: mails.port,
		secure: false,
		disableStartTls: true,
	});
	const scene = await Scene.open(lab, STILL);
	const failures = new Set(['2']);
	scene.emulator.control.requests({
		match: ({ custom_id: customId }) => failures.delete(customId),
		outcome: { type: 'fail', status: 400, code: 'context_length_exceeded' },
	});
	await scene.table(
		'comments',
		['comment'],
		COMMENTS.map((comment) => ({ comment })),
	);
	const workflow = await scene.import('one-mail', {
		credentials: { smtp: { id, name } },
		parameters: { 'Submit comments': { options: { maxRequestsPerBatch: 2 } } },
	});
	await lab.rest.activate(workflow);
	for (let run = 0; run < 3; run++) await scene.run(workflow, 'Start');

	const submissions = [0, 3, 6].map((start) => scene.batches.slice(start, start + 3));
	expect(submissions.map((batches) => batches.map(({ status }) => status))).toEqual(
		Array.from({ length: 3 }, () => ['validating', 'validating', 'validating']),
	);
	for (const [first, second, last] of submissions) {
		await scene.emulator.step(first.id, 'completed');
		await scene.emulator.step(last.id, last === scene.batches[8] ? 'failed' : 'completed');
		// Nothing is reported before the last part has ended.
		expect(mails.received).toEqual([]);
		await scene.emulator.step(second.id, 'in_progress', { done: 1 });
	}
	for (const [, second] of submissions) await scene.emulator.step(second.id, 'completed');
	await scene.until(workflow, async () => Promise.resolve(mails.received.length >= 3 || undefined));

	const mail = (batches: WireBatch[], text: string) => ({
		to: ['you@example.com'],
		subject: `Submission ${batches[0].metadata!.submission_key.slice(0, 16)} has finished`,
		text,
	});
	const [one, two, three] = submissions.map((batches) =>
		batches.map((batch) => scene.emulator.batch(batch.id)),
	);
	const failed = three[2];
	expect(failed.errors?.data?.[0].message).toMatch(/./);
	const head = (batches: WireBatch[], statuses: string) =>
		`Parts: 3. Batches: ${statuses}. Minutes: ${minutes(batches)}.\n\n`;
	const expected = [
		mail(one, `${head(one, '3 completed')}Requests: 4 succeeded, 1 failed. Cost: ${cost(one)}.`),
		mail(two, `${head(two, '3 completed')}Requests: 5 succeeded. Cost: ${cost(two)}.`),
		mail(
			three,
			`${head(three, '2 completed, 1 failed')}The results are not complete. ` +
				`Batch ${failed.id} failed: ${failed.errors!.data![0].message} (server_error)`,
		),
	];
	expect(Number(cost(one))).toBeGreaterThan(0);
	const bySubject = (a: Mail, b: Mail) => a.subject.localeCompare(b.subject);
	expect([...mails.received].sort(bySubject)).toEqual(expected.sort(bySubject));

	// The next polls find nothing new: the state of the first of them has reached the second.
	const lists = () => scene.emulator.ledger.calls('GET', '/batches').length;
	const before = lists();
	await scene.until(workflow, async () => Promise.resolve(lists() >= before + 2 || undefined));
	expect(mails.received).toHaveLength(3);
}

import { startChatModel, type Message, type Turn } from './chatModel';
import { chatText } from './content';
import type { Outcome } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { RequestLine } from '../../support/emulator/batches/requestLine';
import type { Lab } from '../../support/lab/lab';
import { Scene, type Row } from './scene';

/** So many questions make a batch. */
const PART = 8;

/** The questions of the first batch that do not get a good answer at once, by the id of the row. */
const FATES: Record<string, (limit: number) => Outcome> = {
	2: (limit) => ({ type: limit < 400 ? 'truncate' : 'answer' }),
	3: () => ({ type: 'truncate' }),
	4: (limit) => (limit < 1_600 ? { type: 'refuse' } : { type: 'answer' }),
	5: () => ({ type: 'refuse' }),
	6: () => ({ type: 'answer', content: 'No JSON' }),
	7: () => ({ type: 'truncate' }),
	8: () => ({ type: 'truncate' }),
};

const NO_CAPACITY: Turn = { status: 429, code: 'resource_unavailable', message: 'No capacity' };

/** What flex says to the questions that are left, one turn after the other; the last one stays. */
const TURNS: Record<string, Turn[]> = {
	3: [{ words: '{"answer":"At last"}' }],
	5: [{ refusal: 'I cannot help with that' }],
	6: [{ words: 'Still no JSON' }],
	7: [NO_CAPACITY],
	8: [NO_CAPACITY, { words: '{"answer":"After a while"}' }],
};

/** The second batch finds the queue full, and the third one cannot run at all. */
const IDS = Array.from({ length: 2 * PART + 1 }, (_, index) => String(index + 1));
const [FIRST_PART, SECOND_PART] = [IDS.slice(0, PART), IDS.slice(PART, 2 * PART)];

/** Each model has a batch of its own, and the service does not know the one of the last question. */
const MODEL = `={{ $json.id > ${2 * PART} ? 'nonexistent' : 'gpt-6-luna' }}`;

/** From 65 seconds on, n8n parks an execution that waits. */
const WAIT = { amount: 66, unit: 'seconds' };

const questionOf = (id: string) => `Question ${id}`;
const limitOf = (body: unknown) => Number((body as Row).max_completion_tokens);

/** Flex, and which questions it was asked in which order. */
async function startFlex(lab: Lab) {
	const asked: string[] = [];
	const decide = (messages: Message[]): Turn => {
		const id = messages.at(-1)!.content!.replace(questionOf(''), '');
		const turns = TURNS[id];
		const turn = turns[Math.min(asked.filter((other) => other === id).length, turns.length - 1)];
		asked.push(id);
		return turn;
	};
	const model = await startChatModel(decide);
	lab.defer(model.close);
	return { ...model, asked };
}

/** Each round asks only for the answers that are not good, with more tokens. */
function expectThreeRounds(scene: Scene, rounds: WireBatch[]): void {
	const requests = rounds.map(({ id }) => scene.requests(id));
	expect(requests.map((bodies) => [...bodies.keys()])).toEqual([
		FIRST_PART,
		['2', '3', '4', '5', '6', '7', '8'],
		['3', '4', '5', '6', '7', '8'],
	]);
	expect(requests.map((bodies) => [...new Set([...bodies.values()].map(limitOf))])).toEqual([
		[100],
		[400],
		[1_600],
	]);
	const [first, second, third] = rounds;
	expect(second.metadata).toMatchObject({ job: 'ask-again', round: '2', retry_of: first.id });
	expect(third.metadata).toMatchObject({ job: 'ask-again', round: '3', retry_of: second.id });
}

/**
 * Three batches end at about the same time. Of the first, each round asks again only for what is not
 * good; after the third, flex is asked, and what has no answer even then says why. The second batch
 * runs again, since its queue was only full. The third one, which cannot run, stops neither, and is
 * reported when all else is done. No answer is paid twice.
 */
export async function askAgain(lab: Lab): Promise<void> {
	const flex = await startFlex(lab);
	const scene = await Scene.open(lab);
	scene.emulator.control.requests({
		match: ({ custom_id: id }) => id in FATES,
		outcome: ({ custom_id: id, body }: RequestLine) => FATES[id](limitOf(body)),
	});
	scene.emulator.control.batches({
		match: ({ metadata }) => metadata?.submission_part === '2/3',
		fate: 'token_limit',
		times: 1,
	});
	const rows = await scene.table(
		'questions',
		['question', 'answer', 'source', 'error'],
		IDS.map((id) => ({ question: questionOf(id) })),
	);
	const workflow = await scene.import('ask-again', {
		parameters: {
			'Submit questions': {
				model: { __rl: true, mode: 'id', value: MODEL },
				options: { maxRequestsPerBatch: PART },
			},
			'Ask at once (flex)': { url: `${flex.url}/chat/completions` },
			'Wait for room in the queue': WAIT,
		},
	});
	await lab.rest.activate(workflow);
	await scene.run(workflow, 'Start');
	const [first, second, third] = scene.batches;
	const ofPart = (part: string) =>
		scene.batches.filter(({ metadata }) => metadata?.submission_part === part);

	const report = `"Report what failed": Batch ${third.id} failed: Line 1: `;
	const isDone = async () => {
		const failures = await scene.failures(workflow);
		const reported = failures.filter(({ message }) => message.includes(report)).length;
		if (reported === 0) return undefined;
		// By then, all else that this poll has found is done.
		expect(ofPart('1/3').length).toBeGreaterThan(1);
		expect(ofPart('2/3')).toHaveLength(2);
		const found = await rows();
		const isStored = found.every(({ id, source }) => Number(id) > 2 * PART || source);
		return isStored ? { reported, found } : undefined;
	};
	const { reported, found } = await scene.until(workflow, isDone, report);
	expect(reported).toBe(1);
	expect(ofPart('1/3')).toHaveLength(3);
	expectThreeRounds(scene, ofPart('1/3'));
	expect(ofPart('2/3')).toMatchObject([
		{ status: 'failed' },
		{
			status: 'completed',
			input_file_id: second.input_file_id,
			metadata: { job: 'ask-again', tries: '2', retry_of: second.id },
		},
	]);
	expect(ofPart('3/3')).toHaveLength(1);

	// Flex is asked again only where it had no capacity, up to five times.
	expect([...flex.asked].sort()).toEqual(['3', '5', '6', '7', '7', '7', '7', '7', '8', '8']);
	const [, secondRound, lastRound] = ofPart('1/3');
	// It gets the requests as they were in the last round, but for the tier and the limit.
	const bodies = scene.requests(lastRound.id);
	expect(flex.requests).toEqual(
		flex.asked.map((id) => ({
			...bodies.get(id),
			max_completion_tokens: 6_400,
			service_tier: 'flex',
		})),
	);

	const answered = (batchId: string, id: string, source: string) => {
		const { answer } = JSON.parse(chatText(scene.answers(batchId).get(id))) as { answer: string };
		return { id: Number(id), answer, source, error: null };
	};
	const byFlex = (id: number, answer: string) => ({ id, answer, source: 'flex', error: null });
	const unanswered = (id: number, error: unknown) => ({ id, answer: null, source: 'flex', error });
	expect(found).toMatchObject([
		answered(first.id, '1', 'batch, round 1'),
		answered(secondRound.id, '2', 'batch, round 2'),
		byFlex(3, 'At last'),
		answered(lastRound.id, '4', 'batch, round 3'),
		unanswered(5, 'Refused: I cannot help with that'),
		unanswered(6, 'Not the JSON that was asked for: Still no JSON'),
		unanswered(7, 'No capacity'),
		byFlex(8, 'After a while'),
		...SECOND_PART.map((id) => answered(ofPart('2/3')[1].id, id, 'batch, round 1')),
		{ id: 2 * PART + 1, answer: null, source: null, error: null },
	]);
}

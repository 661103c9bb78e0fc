import type { IDataObject } from 'n8n-workflow';
import { STORY, type Limits } from './checks/room';
import { creationOptions } from './make';
import type { Act } from './start';
import { chance, type World } from './world';

const REQUESTS_PER_PART = 2;

/** Models of one endpoint, each of which has a queue. */
const MODELS = ['gpt-6-luna', 'gpt-6-sol'];

/** About fifty tokens, so that a part has about a hundred. */
const TEXT = 'Tell me whether this film is worth a rainy evening. '.repeat(4);

/** Room for one part at a time, for one or two, for some, and for all. */
const LIMITS = [1, 120, 250, 450, 1_000_000];

/** What somebody submits with Max Enqueued Tokens. */
export interface Submission {
	name: string;
	act: Act;
	parts: number;
	/** Whether a Submit has ended well: what it reported as waiting must not get lost. */
	isAccepted: boolean;
	/** Whether executions of it know each other, so that two of them may run at once. */
	hasKey: boolean;
	/** When it was submitted first, in epoch milliseconds. */
	begun?: number;
	isRetried?: boolean;
}

/**
 * An execution without a key looks back to its beginning, less ten minutes. Here each run begins
 * anew, also of the same execution, so it has to be run again within that time.
 */
const LOOKS_BACK_MS = 9 * 60_000;

/** Whether it may be submitted again. */
export const mayRunAgain = ({ hasKey, begun = Infinity, isRetried }: Submission) =>
	!isRetried && (hasKey || Date.now() - begun < LOOKS_BACK_MS);

/** A submission of one to four parts, with some limit. */
export function someSubmission(
	world: World,
	name: string,
): { submission: Submission; limits: Limits } {
	const { random, seed } = world;
	const limits = {
		maxEnqueuedTokens: random.pick(LIMITS),
		ignoreOtherBatches: chance(world, 0.5),
	};
	const parts = random.integer(1, 4);
	const hasKey = chance(world, 0.5);
	const act: Act = {
		name,
		resource: 'batch',
		operation: 'submit',
		parameters: {
			...chatOf(world, random.pick([MODELS[0], MODELS[0], MODELS[1]])),
			metadata: { pairs: [{ key: STORY, value: name }] },
			options: {
				...creationOptions(world),
				...limits,
				maxRequestsPerBatch: REQUESTS_PER_PART,
				...(hasKey && { submissionKey: name }),
			},
		},
		input: rowsOf(`${seed} ${name}`, parts * REQUESTS_PER_PART),
		// With a key a new execution goes on where another one has ended; else the same one does.
		executionId: hasKey ? undefined : `${seed} ${name}`,
		tries: random.integer(1, 2),
	};
	return { submission: { name, act, parts, isAccepted: false, hasKey }, limits };
}

/** Submit Waiting Parts, with the limits of the submissions or another one. */
export function someWaiting(world: World): Act {
	const { random } = world;
	const options = chance(world, 0.2)
		? { maxEnqueuedTokens: random.pick(LIMITS), ignoreOtherBatches: true }
		: {};
	return { ...SUBMIT_WAITING, parameters: { options } };
}

export const SUBMIT_WAITING: Act = {
	resource: 'batch',
	operation: 'submitWaiting',
	parameters: {},
};

/** A batch without a limit, of which nothing says how many tokens it has. */
export function submissionOfOthers(world: World): Act {
	const { random, seed, executions } = world;
	const name = `${seed} others ${executions.length}`;
	return {
		resource: 'batch',
		operation: 'submit',
		parameters: { ...chatOf(world, random.pick(MODELS)), options: creationOptions(world) },
		input: rowsOf(name, random.integer(1, 3)),
		executionId: name,
	};
}

/** Requests to a model of a chat endpoint that the server has. */
function chatOf({ server: { dialect } }: World, model: string): IDataObject {
	const isUsual = '/v1/chat/completions' in dialect.rules.endpoints;
	return {
		...(isUsual
			? { endpoint: '/v1/chat/completions' }
			: { endpoint: 'other', otherEndpoint: '/v4/chat/completions' }),
		requestSource: 'json',
		body: `={{ { model: "${model}", messages: [{ role: "user", content: $json.text }] } }}`,
		customId: '={{ $json.id }}',
	};
}

const rowsOf = (name: string, count: number): IDataObject[] =>
	Array.from({ length: count }, (_, row) => ({ id: `${name}, ${row}`, text: `${TEXT}${name}` }));

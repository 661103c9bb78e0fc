import { remarksOf } from './product';
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';
import type { Dialect, Emulator } from '../support/emulator';
import { DIALECTS, startEmulator } from '../support/emulator';
import { newSecret, signedHeaders } from '../support/emulator/webhooks/signature';
import { createEngine, type Engine, type PollOutcome, type RunResult } from '../support/engine';
import { WebhookNode } from '../support/engine/webhookHarness';
import { addHistory, answerLine, failureLine, notRunLine, requestLine } from './batches';

/**
 * A server may leave out any field, send it as null or as something else. Whatever it does, an
 * operation returns items or an error for people, never the words of a program.
 */
jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

/** How many cases are tried; more with the environment variable ANY_FIELD_RUNS. */
const RUNS = Number(process.env.ANY_FIELD_RUNS ?? 400);

/** What a program says, and a person cannot understand. */
const PROGRAM_WORDS =
	/cannot read propert|is not (a function|iterable|defined|an object)|undefined|\[object |\bNaN\b|invalid date|(Type|Range|Reference|Syntax)Error|circular structure|infinity/i;

const NOON = Date.UTC(2026, 10, 22, 12) / 1000;
const SECRET = newSecret();

/** The objects whose fields are changed, with every field that they can have. */
const SAMPLES = {
	batch: {
		id: '',
		object: '',
		endpoint: '',
		model: '',
		input_file_id: '',
		completion_window: '',
		status: '',
		output_file_id: '',
		error_file_id: '',
		errors: { object: '', data: [{ code: '', line: 1, message: '', param: '' }] },
		created_at: 1,
		in_progress_at: 1,
		expires_at: 1,
		finalizing_at: 1,
		completed_at: 1,
		failed_at: 1,
		expired_at: 1,
		cancelling_at: 1,
		cancelled_at: 1,
		request_counts: { total: 1, completed: 1, failed: 1 },
		metadata: { submission_key: '', submission_part: '', retry_of: '' },
		usage: {
			input_tokens: 1,
			input_tokens_details: { cached_tokens: 1 },
			output_tokens: 1,
			output_tokens_details: { reasoning_tokens: 1 },
			total_tokens: 1,
		},
	},
	file: {
		id: '',
		object: '',
		bytes: 1,
		created_at: 1,
		expires_at: 1,
		filename: '',
		purpose: '',
		status: '',
		status_details: '',
	},
	page: { object: '', data: [{}], first_id: '', last_id: '', has_more: true },
	deletion: { id: '', object: '', deleted: true },
	model: { id: '', created: 1 },
	resultLine: {
		id: '',
		custom_id: '',
		response: {
			status_code: 1,
			request_id: '',
			body: {
				object: '',
				model: '',
				choices: [{ index: 0, message: { role: '', content: '' }, finish_reason: '' }],
				usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 1 },
				error: { message: '', type: '', param: '', code: '' },
			},
		},
		error: { code: '', message: '' },
	},
	inputLine: {
		custom_id: '',
		method: '',
		url: '',
		body: { model: '', messages: [{ role: '', content: '' }] },
	},
	queueLine: {
		n8n_submission: 1,
		submissionId: '',
		hasKey: true,
		maxEnqueuedTokens: 1,
		countsOthers: true,
		settings: { endpoint: '', completionWindow: '', metadata: { team: '' }, outputExpiresAfter: 1 },
		key: '',
		fileId: '',
		place: { part: 1, parts: 1 },
		model: '',
		tokens: 1,
		requests: 1,
		bytes: 1,
	},
} as const;

type Kind = keyof typeof SAMPLES;

interface Change {
	of: Kind;
	/** From the object to the field; empty for the object itself. */
	path: readonly string[];
	to: { absent: true } | { is: unknown };
}

function pathsIn(value: unknown, path: readonly string[] = []): Array<readonly string[]> {
	const inside =
		typeof value === 'object' && value !== null
			? Object.entries(value).flatMap(([key, entry]) => pathsIn(entry, [...path, key]))
			: [];
	return [path, ...inside];
}

const OTHER_VALUES = [
	...[null, '', ' ', 'text', '2026-11-22T12:00:00Z', '12', true, false],
	...[0, -1, 1.5, 12, 1e13, 1e300],
	...[[], {}, [null], ['text'], [[]], [{}], { text: 'text' }, { message: { text: ['text'] } }],
];

const oneChange: fc.Arbitrary<Change> = fc
	.constantFrom(...(Object.keys(SAMPLES) as Kind[]))
	.chain((of) =>
		fc.record({
			of: fc.constant(of),
			path: fc.constantFrom(...pathsIn(SAMPLES[of])),
			to: fc.oneof(
				fc.constant({ absent: true as const }),
				fc.constantFrom(...OTHER_VALUES).map((is) => ({ is })),
			),
		}),
	);

/** One odd field at a time, or a few. */
const someChanges = fc.array(oneChange, { minLength: 1, maxLength: 3 });

/** The object with the changes to objects of its kind. */
const changed = (of: Kind, object: unknown, changes: readonly Change[]): unknown =>
	changes.filter((change) => change.of === of).reduce(withChange, object);

/** The object with a change; a field that it does not have is added where its parent is. */
function withChange(object: unknown, { path, to }: Change): unknown {
	const value = 'is' in to ? to.is : undefined;
	if (path.length === 0) return value;
	const copy =
		typeof object === 'object' && object !== null ? structuredClone(object as object) : {};
	let parent = copy as Record<string, unknown>;
	for (const key of path.slice(0, -1)) {
		if (typeof parent[key] !== 'object' || parent[key] === null) parent[key] = {};
		parent = parent[key] as Record<string, unknown>;
	}
	const last = path[path.length - 1];
	if ('is' in to) parent[last] = value;
	else delete parent[last];
	return copy;
}

/** OpenAI, except for the changes in all that it sends. */
function dialectWith(changes: readonly Change[]): Dialect {
	const { openai } = DIALECTS;
	const odd = <T>(of: Kind, object: T): T => changed(of, object, changes) as T;
	const line = (of: Kind) => (text: string) => {
		const isQueue = text.includes('"submissionId"') || text.includes('"fileId"');
		const value = changed(isQueue ? 'queueLine' : of, JSON.parse(text), changes);
		return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
	};
	const isLine = changes.some(({ of }) => of.endsWith('Line'));
	return {
		...openai,
		batch: (batch, moment) => odd('batch', openai.batch(batch, moment)),
		file: (file) => odd('file', isLine ? { ...file, bytes: null } : file),
		batchList: { ...openai.batchList, page: (page) => odd('page', page) },
		fileList: { ...openai.fileList, page: (page) => odd('page', page) },
		deletedFile: (file) => odd('deletion', openai.deletedFile(file)),
		download: ({ purpose }) =>
			isLine ? line(purpose === 'batch' ? 'inputLine' : 'resultLine') : undefined,
	};
}

let emulator: Emulator;
let engine: Engine;
let webhook: WebhookNode;
const credential: Record<string, string> = { webhookSecret: SECRET };

beforeAll(async () => {
	emulator = await startEmulator({ clock: 'manual', now: NOON * 1000 });
	Object.assign(credential, { apiKey: emulator.apiKey, url: emulator.url });
	const credentials = [OpenAiBatchApi];
	const credentialData = { openAiBatchApi: credential };
	engine = await createEngine({
		nodes: { node: OpenAiBatch, trigger: OpenAiBatchTrigger },
		credentials,
		credentialData,
		// Nothing here depends on isolates, which would take most of the time.
		expressionEngine: 'legacy',
	});
	webhook = await WebhookNode.start({
		node: OpenAiBatchWebhookTrigger,
		credentials,
		credentialData,
		parameters: { registration: 'manual', options: { simplify: false } },
		expressionEngine: 'legacy',
	});
	await webhook.activate();
});

afterAll(async () => {
	await webhook.close();
	await emulator.close();
});

const ENDED = ['completed', 'expired', 'failed'];
const BATCHES = [...ENDED, 'in_progress'] as const;

/** One batch of each kind, as new, with the file that operations on files are about. */
function history(): { fileId: string } {
	const input = ['a', 'b', 'c', 'd'].map((id) => requestLine(id));
	const output = [answerLine('a'), answerLine('b', '{"title":"A"}')];
	const at = { created_at: NOON - 600, in_progress_at: NOON - 500 };
	const usage = { input_tokens: 20, output_tokens: 10, total_tokens: 30 } as never;
	const common = { model: 'gpt-6-luna', usage, ...at };
	const counts = { total: 4, completed: 2, failed: 2 };
	addHistory(
		{ emulator },
		{
			id: 'completed',
			input,
			output,
			error: [failureLine('c', 500, 'server_error'), failureLine('d', 400, 'invalid_prompt')],
			request_counts: counts,
			metadata: { team: 'a' },
			...common,
			completed_at: NOON - 60,
		},
	);
	const { input_file_id: fileId } = addHistory(
		{ emulator },
		{
			id: 'expired',
			status: 'expired',
			input,
			output,
			error: [notRunLine('c', 'batch_expired')],
			request_counts: counts,
			metadata: { retry_of: 'completed' },
			...common,
			completed_at: null,
			expired_at: NOON - 60,
		},
	);
	const errors = [{ code: 'token_limit_exceeded', line: 2, message: 'Too many.', param: null }];
	const failed = { status: 'failed', input, errors: { object: 'list', data: errors } };
	const open = { status: 'in_progress', input, request_counts: { ...counts, failed: 0 } };
	addHistory(
		{ emulator },
		{ id: 'failed', ...failed, ...common, completed_at: null, failed_at: NOON - 60 },
	);
	addHistory({ emulator }, { id: 'in_progress', ...open, ...common, completed_at: null });
	addQueue(fileId);
	return { fileId };
}

/** A part that waits, in the form of the service's file of what waits. */
function addQueue(fileId: string): void {
	const submissionId = '0123456789abcdef';
	const settings = { endpoint: '/v1/chat/completions', completionWindow: '24h', metadata: {} };
	const limits = { maxEnqueuedTokens: 1_000_000, countsOthers: true };
	const head = { n8n_submission: 1, submissionId, hasKey: false, ...limits, settings };
	const place = { part: 1, parts: 1 };
	const size = { model: 'gpt-6-luna', tokens: 10, requests: 4, bytes: 400 };
	const part = { key: `${submissionId}${submissionId}`, place, fileId, ...size };
	const content = [head, part].map((line) => `${JSON.stringify(line)}\n`).join('');
	emulator.addFile(content, { filename: `n8n-submission-${submissionId}.jsonl`, purpose: 'batch' });
}

/** What a person gets to see. */
interface Seen {
	errors: unknown[];
	hints: string[];
	items: IDataObject[];
}

const PRICES = { inputPricePerMillion: 1, outputPricePerMillion: 2 };

const ofRun = (result: RunResult): Seen => ({
	errors: result.error ? [result.error] : [],
	hints: remarksOf(result).map(({ message }) => message),
	items: [0, 1].flatMap((output) => result.items('Node', output).map(({ json }) => json)),
});

const ofPolls = (outcomes: PollOutcome[]): Seen => ({
	errors: outcomes.flatMap(({ error }) => (error ? [error] : [])),
	hints: [],
	items: outcomes.flatMap(({ items }) => (items ?? []).map(({ json }) => json)),
});

interface Choice {
	batchId: string;
	fileId: string;
	changes: readonly Change[];
}

type Act = (choice: Choice) => Promise<Seen>;

const run =
	(
		resource: string,
		operation: string,
		parameters: (choice: Choice) => object = () => ({}),
		input: Parameters<Engine['node']>[2] = [{ text: 'Hi' }],
	): Act =>
	async (choice) =>
		ofRun(
			await engine.node(
				'node',
				{ resource, operation, ...(parameters(choice) as IDataObject) } as never,
				input,
			),
		);

const ofBatch = (options: IDataObject) => (choice: Choice) => ({
	batchId: choice.batchId,
	options,
});

const ofFile = ({ fileId }: Choice) => ({ fileId });

const submitted = (options: IDataObject) => () => ({
	endpoint: '/v1/chat/completions',
	requestSource: 'fields',
	model: 'gpt-6-luna',
	prompt: 'Hi',
	options,
});

const JSONL = Buffer.from(`${requestLine('a')}\n`).toString('base64');
const BINARY = { data: { data: JSONL, mimeType: 'application/jsonl', fileName: 'a.jsonl' } };

const pick =
	(method: string): Act =>
	async () => {
		const seen: Seen = { errors: [], hints: [], items: [] };
		try {
			const { results, paginationToken } = await engine.listSearch('node', method, {});
			seen.items.push(...(results as unknown as IDataObject[]));
			const more = await engine.listSearch('node', method, {}, {
				paginationToken,
				filter: 'completed',
			} as never);
			seen.items.push(...(more.results as unknown as IDataObject[]));
		} catch (error) {
			seen.errors.push(error);
		}
		return seen;
	};

const EVENTS = [
	...['created', 'in_progress', 'finalizing', 'cancelling'],
	...['completed', 'failed', 'expired', 'cancelled'],
];

/** Polls of a trigger that begins with the change, or has begun before it. */
const poll =
	({ isHealthyAtFirst, simplify }: { isHealthyAtFirst: boolean; simplify: boolean }): Act =>
	async ({ changes }) => {
		const options = { simplify, includeFinishedWithin: isHealthyAtFirst ? 0 : 24 };
		const poller = engine.poller('trigger', { events: EVENTS, options });
		if (isHealthyAtFirst) emulator.speak(dialectWith([]));
		const outcomes = [await poller.activate()];
		emulator.speak(dialectWith(changes));
		const ended = emulator.addBatch({ id: 'ended', created_at: NOON, completed_at: NOON + 1 });
		outcomes.push(await poller.tick(), await poller.tick());
		// What the trigger has stored does not spoil the polls after it.
		emulator.speak(dialectWith([]));
		Object.assign(ended, { id: 'ended' });
		const after = await poller.tick();
		expect(after.error).toBeUndefined();
		return ofPolls([...outcomes, after]);
	};

let deliveries = 0;

const deliver: Act = async ({ batchId }) => {
	const before = webhook.executions.length;
	const body = JSON.stringify({
		id: 'evt_1',
		object: 'event',
		type: `batch.${ENDED.includes(batchId) ? batchId : 'completed'}`,
		data: { id: batchId },
	});
	const now = Math.floor(Date.now() / 1000);
	const headers = signedHeaders(`wh_${deliveries++}`, now, body, [SECRET]);
	await fetch(`${webhook.origin}/webhook/hook-1/webhook`, {
		method: 'POST',
		headers: { 'content-type': 'application/json', ...headers },
		body,
	});
	const executions = webhook.executions.slice(before);
	return {
		errors: executions.flatMap(({ error }) => (error ? [error] : [])),
		hints: [],
		items: executions.flatMap(({ items }) => items.map(({ json }) => json)),
	};
};

const JOINED = {
	...{ includeRequest: true, followRetries: true, parseJson: true, simplify: false },
	...{ mediaAsBinary: true, ...PRICES },
};

const DATES = { createdAfter: '2026-11-22T00:00:00Z', createdBefore: '2026-11-23T00:00:00Z' };

const ACTS: Record<string, Act> = {
	'batch: Submit': run('batch', 'submit', submitted({})),
	'batch: Submit with a key': run('batch', 'submit', submitted({ submissionKey: 'films' })),
	'batch: Submit with a limit': run('batch', 'submit', submitted({ maxEnqueuedTokens: 1 })),
	'batch: Submit Waiting Parts': run('batch', 'submitWaiting'),
	'batch: Create': run('batch', 'create', (choice) => ({
		...ofFile(choice),
		endpoint: '/v1/chat/completions',
	})),
	'batch: Get': run('batch', 'get', ofBatch(PRICES)),
	'batch: Get Many': run('batch', 'getAll', () => ({ returnAll: true })),
	'batch: Get Many with filters': run('batch', 'getAll', () => ({
		limit: 3,
		filters: {
			...DATES,
			status: ['completed', 'failed'],
			endpoint: '/v1/chat/completions',
			metadata: { pairs: [{ key: 'team', value: 'a' }] },
		},
	})),
	'batch: Cancel': run('batch', 'cancel', ofBatch({})),
	'batch: Wait': run('batch', 'wait', ofBatch({ maxWait: 0 })),
	'batch: Wait and continue': run('batch', 'wait', ofBatch({ maxWait: 0, onTimeout: 'continue' })),
	'batch: Get Results': run('batch', 'getResults', ofBatch({})),
	'batch: Get Results with everything': run('batch', 'getResults', ofBatch(JOINED)),
	'batch: Get Results, then delete': run('batch', 'getResults', ofBatch({ deleteFiles: true })),
	'batch: Retry': run('batch', 'retry', ofBatch({})),
	'batch: Retry all that failed': run('batch', 'retry', ofBatch({ retryAllFailed: true })),
	'batch: Retry answers of no use': run(
		'batch',
		'retry',
		ofBatch({ include: ['cut_off', 'invalid_json', 'refused'], bodyFields: '{"user": "x"}' }),
	),
	'batch: Retry by id': run('batch', 'retry', ofBatch({ customIds: 'a, b' })),
	'batch: Retry what is unreadable': run('batch', 'retry', ofBatch({ retryUnreadable: true })),
	'file: Upload': run('file', 'upload', () => ({ purpose: 'batch' }), [
		{ json: {}, binary: BINARY },
	]),
	'file: Download': run('file', 'download', ofFile),
	'file: Get': run('file', 'get', ofFile),
	'file: Get Many': run('file', 'getAll', () => ({ returnAll: true })),
	'file: Delete': run('file', 'delete', ofFile),
	'picker of batches': pick('searchBatches'),
	'picker of files': pick('searchFiles'),
	'picker of input files': pick('searchInputFiles'),
	'picker of models': async (choice) => {
		const models = [{ id: 'gpt-6-luna', created: NOON }].map((model) =>
			changed('model', model, choice.changes),
		);
		const body = changed('page', { object: 'list', data: models }, choice.changes) ?? '';
		const fault = { type: 'status', status: 200, body } as const;
		emulator.faults.next({ method: 'GET', path: '/models', times: 12, fault });
		return await pick('searchModels')(choice);
	},
	'polling trigger': poll({ isHealthyAtFirst: false, simplify: true }),
	'polling trigger that has begun': poll({ isHealthyAtFirst: true, simplify: false }),
	'webhook trigger': deliver,
};

/** Every text that a person sees of an item. */
function textsIn(value: unknown): string[] {
	if (typeof value === 'string') return [value];
	if (typeof value === 'number' && !Number.isFinite(value)) return [String(value)];
	if (typeof value !== 'object' || value === null) return [];
	return Object.values(value).flatMap(textsIn);
}

interface Problem {
	what: string;
	text: string;
}

/** What nobody should have to read. */
function problemsIn({ errors, hints, items }: Seen): Problem[] {
	const texts: Problem[] = [
		...errors.flatMap((error) => {
			const { name, message, description } = error as Error & { description?: string | null };
			const isOurs = /^Node(Api|Operation)Error$/.test(name);
			return [
				{ what: 'error', text: isOurs ? message : `${name}: ${message} undefined` },
				{ what: 'description', text: description ?? '' },
				...(message.trim() === '' ? [{ what: 'error', text: 'undefined' }] : []),
			];
		}),
		...hints.map((text) => ({ what: 'hint', text })),
		...textsIn(items).map((text) => ({ what: 'item', text })),
	];
	return texts.filter(({ text }) => PROGRAM_WORDS.test(text));
}

it(
	`no program words reach a person, whatever field of the API is missing or another (${RUNS} cases)`,
	async () => {
		const choices = fc.record({
			act: fc.constantFrom(...Object.keys(ACTS)),
			batchId: fc.constantFrom(...BATCHES),
			changes: someChanges,
		});
		await fc.assert(
			fc.asyncProperty(choices, async ({ act, batchId, changes }) => {
				emulator.faults.clear();
				const { fileId } = history();
				emulator.speak(dialectWith(changes));
				expect(problemsIn(await ACTS[act]({ batchId, fileId, changes }))).toEqual([]);
			}),
			{ numRuns: RUNS },
		);
	},
	60_000 + RUNS * 1_000,
);

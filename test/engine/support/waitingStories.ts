import fc from 'fast-check';
import type { RecordedRequest } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { Ledger } from '../../support/emulator/ledger';

export const MODELS = ['gpt-6-luna', 'gpt-6-sol'];

/** Which of the submissions of a story. */
const which = fc.nat({ max: 1 });

const stage = fc.constantFrom('arrived' as const, 'done' as const);

const command = fc.oneof(
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('submit' as const), which }) },
	{ weight: 3, arbitrary: fc.record({ kind: fc.constant('submitWaiting' as const) }) },
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant('kill' as const),
			which: fc.option(which),
			isEmptied: fc.boolean(),
			at: fc.integer({ min: 1, max: 12 }),
			stage,
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			kind: fc.constant('atOnce' as const),
			which: fc.option(which),
			isEmptied: fc.boolean(),
			seed: fc.nat(),
		}),
	},
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constant('end' as const),
			batch: fc.nat({ max: 5 }),
			how: fc.constantFrom('completed', 'expired', 'cancelled', 'no room'),
		}),
	},
);

/** Two submissions, and what happens to them. */
export const story = fc.record({
	submissions: fc.tuple(
		...[0, 1].map(() =>
			fc.record({
				parts: fc.integer({ min: 1, max: 3 }),
				/** Max Enqueued Tokens, in parts. */
				room: fc.integer({ min: 0, max: 3 }),
				model: fc.constantFrom(MODELS[0], MODELS[0], MODELS[1]),
			}),
		),
	),
	/** Without a key the same execution runs again. */
	hasKey: fc.boolean(),
	commands: fc.array(command, { minLength: 4, maxLength: 10 }),
});

export type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;
export type Command = Story['commands'][number];
export type Of<Kind> = Extract<Command, { kind: Kind }>;

export const isSpent = ({ status }: WireBatch) => /^(failed|cancelling|cancelled)$/.test(status);
export const isFinished = ({ status }: WireBatch) =>
	/^(completed|failed|expired|cancelled)$/.test(status);

/** The service finds that it has no room for a batch. @param now unix milliseconds */
export function refuse(batch: WireBatch, now: number): void {
	const error = { code: 'token_limit_exceeded', message: null, line: null, param: null };
	batch.errors = { object: 'list', data: [error] };
	batch.failed_at = Math.floor(now / 1000);
	batch.status = 'failed';
}

/** The header by which executions are told apart. */
export const MARK = 'x-execution';

/** The number of the execution that sent a request. */
export const senderOf = ({ headers }: RecordedRequest) =>
	Number(/\d+/.exec(String(headers[MARK]))![0]);

/** Whether the service has a list of parts that wait. */
export const hasQueues = ({ requests, uploads }: Ledger): boolean =>
	uploads.some(
		({ id, filename }) =>
			filename!.startsWith('n8n-submission-') &&
			!requests.some(({ method, path }) => method === 'DELETE' && path.endsWith(id)),
	);

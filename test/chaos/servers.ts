import type { BatchStatus } from '../../nodes/openai/api/objects';
import { DIALECTS, type Dialect } from '../support/emulator';
import type { Route, Wire } from '../support/emulator/dialects/dialect';
import { newBatch } from '../support/emulator/batches/batch';

const { openai } = DIALECTS;

/**
 * The servers of the stories: every dialect of the emulator but the one without routes for files,
 * and a server that has everything but a list of batches.
 */
const { gemini: _, ...WITH_FILES } = DIALECTS;
const SERVERS: Record<string, Dialect> = {
	...WITH_FILES,
	'no-list': {
		...openai,
		title: 'A server without a list of batches',
		lacks: { 'GET /batches': { status: 405, text: 'Method Not Allowed' } },
	},
};

export const SERVER_NAMES = Object.keys(SERVERS);

/** A server, and what a story can ask of it and expect of it. */
export interface Server {
	name: string;
	dialect: Dialect;
	has: (route: Route) => boolean;
	/** The completion window that batches ask for. */
	window: string;
	/** Whether batches keep their metadata, by which they are found and retries are known. */
	keepsMetadata: boolean;
	/**
	 * Whether a batch that an earlier run has created can be found. Where it cannot, a person looks
	 * at the server before running a node again.
	 */
	canFindBatches: boolean;
	/**
	 * Whether it can hold the queue of a submission: it returns a file as it was and under its name,
	 * and batches that nobody needs can be cancelled.
	 */
	holdsQueues: boolean;
	/** Whether the polling trigger can follow its list: one that begins with the newest batch. */
	canBeWatched: boolean;
	/** Whether input files have the ids of their requests when they are downloaded. */
	namesRequests: boolean;
	/** Whether result lines have a form that can be read. */
	hasReadableLines: boolean;
	/** The status that a client is shown for a batch: some servers have one name for two of them. */
	shownStatus: (status: BatchStatus) => BatchStatus;
}

const sample = newBatch(
	'batch_1',
	{
		input_file_id: 'file-1',
		endpoint: '/v1/chat/completions',
		completion_window: '24h',
		metadata: { team: 'a' },
	},
	1_790_000_000,
);

/** The first of these windows that the server takes as it is. */
function windowOf({ rules }: Dialect): string {
	for (const window of ['24h', '48h']) {
		try {
			if (rules.window(window) === window) return window;
		} catch {
			// The next one.
		}
	}
	return '24h';
}

/** What is known of a server from how its dialect speaks. */
export function serverNamed(name: string): Server {
	const dialect = SERVERS[name];
	if (dialect === undefined) {
		throw new TypeError(`--dialect has to be one of ${SERVER_NAMES.join(', ')}`);
	}
	const has = (route: Route) => dialect.lacks[route] === undefined;
	const listed = dialect.batch({ ...sample } as unknown as Wire, 'listed');
	const keepsMetadata = (listed.metadata as Wire | null | undefined)?.team === 'a';
	const file = { id: 'file-1', purpose: 'batch', bytes: 1, filename: 'a.jsonl' };
	const translate = dialect.download(file) ?? ((line: string) => line);
	const line = dialect.line({
		id: 'batch_req_1',
		request: { custom_id: 'a', method: 'POST', url: '/v1/chat/completions', body: {} },
		batchId: 'batch_1',
		response: { status_code: 200, request_id: 'req_1', body: { choices: [] } },
		error: null,
	});
	const canFindBatches = keepsMetadata && has('GET /batches');
	const isPlain = has('GET /files') && has('GET /files/:id/content') && has('DELETE /files/:id');
	const named = dialect.file(file as never, 'listed') as Wire;
	const statuses = Object.keys(openai.statuses) as BatchStatus[];
	return {
		name,
		dialect,
		has,
		window: windowOf(dialect),
		keepsMetadata,
		canFindBatches,
		holdsQueues:
			canFindBatches &&
			isPlain &&
			has('POST /batches/:id/cancel') &&
			named.filename === file.filename &&
			dialect.download(file as never) === undefined,
		canBeWatched: has('GET /batches') && !dialect.batchList.query({}).oldestFirst,
		namesRequests: translate('{"custom_id":"a"}').includes('custom_id'),
		hasReadableLines: (line as Wire).custom_id === 'a',
		shownStatus: (status) =>
			statuses.find((one) => dialect.statuses[one] === dialect.statuses[status])!,
	};
}

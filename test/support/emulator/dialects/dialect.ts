import type { Page } from '../routes/page';
import type { Batch, BatchStatus, FileObject } from '../../../../nodes/openai/api/objects';
import type { Endpoint, RequestLine } from '../batches/requestLine';
import type { ApiError } from '../errors';
import type { Limits } from '../serviceLimits';

/** An answer that is no success: JSON, or a text as it is. */
export type Reply = { status: number } & ({ json: unknown } | { text: string });

/** A JSON object of the wire. */
export type Wire = Record<string, unknown>;

export type Query = Record<string, string | undefined>;

/** The routes that servers may lack. */
export type Route =
	| 'GET /batches'
	| 'POST /batches/:id/cancel'
	| 'POST /files'
	| 'GET /files'
	| 'GET /files/:id'
	| 'DELETE /files/:id'
	| 'GET /files/:id/content';

/** How a server lists: which part of everything is asked for, and how it is sent. */
export interface Listing {
	/** The query in OpenAI's terms, and what these do not have. */
	query: (query: Query) => {
		after?: string;
		limit?: string;
		oldestFirst?: boolean;
		/** Everything on one page, or nothing. */
		isEverything?: boolean;
		isEmpty?: boolean;
	};
	page: (page: Page<unknown>) => unknown;
}

/** Everything that is known of one line of a result file. */
export interface LineParts {
	id: string;
	request: RequestLine;
	batchId: string;
	response: { status_code: number; request_id: string; body: unknown } | null;
	/** Why the request was never run to its end. */
	error: { code: string; message: string } | null;
}

/** What a server accepts, and what it does with it. */
export interface Rules {
	/** The values of `endpoint` and `url`, and whose requests they take. */
	endpoints: Readonly<Record<string, Endpoint>>;
	/** The completion window of a batch that asks for this one; throws an ApiError to refuse it. */
	window: (value: unknown) => string;
	/** A reason why a batch that was created fails all the same. */
	faultOf: (batch: Batch) => { code: string; message: string } | undefined;
	purposes: readonly string[];
	/** The least and the most seconds that files may be asked to be kept. */
	expirySeconds: readonly [number, number];
	limits: Partial<Limits>;
	/** Whether bodies are judged by OpenAI's schemas; others take parameters of their own. */
	judgesBodies: boolean;
	/** What each line of an input file must have. */
	lineNeeds: ReadonlyArray<'custom_id' | 'method' | 'url' | 'body'>;
	takesStream: boolean;
	takesManyModels: boolean;
	takesByteOrderMark: boolean;
	badLines: 'fail the batch' | 'fail alone' | 'are refused at the upload';
	/** What a creation does whose input file does not exist. */
	missingInput: 'fails the batch' | 'refuses the create';
	/** What a batch does that is above the limit of enqueued tokens. */
	fullQueue: 'fails the batch' | 'refuses the create';
	overdue: 'expires' | 'goes on';
	/** When there are result files, and their ids. */
	resultFiles: 'with lines' | 'always' | 'from the start';
	/** Whether failed requests have a file of their own. */
	hasErrorFile: boolean;
	/** What a batch is of which every request failed. */
	allFailed: 'completed' | 'failed';
	/** What becomes of the input file when the batch ends. */
	inputFile: 'kept' | 'deleted';
}

/**
 * What one server does, by where it shows. The emulator works in OpenAI's terms; a dialect puts
 * what goes out into the server's, and says what it takes in. Every part has to be there: what is
 * as at OpenAI says so by taking OpenAI's.
 */
export interface Dialect {
	/** The server's name, for people. */
	title: string;
	/** Path in front of every route, as in the base URL that its documents give. */
	basePath: string;
	/** Where webhook endpoints are managed, below the base path; null where there are none. */
	webhooksPath: string | null;
	/** What routes answer that the server lacks. */
	lacks: Readonly<Partial<Record<Route, Reply>>>;
	/** The method that cancels: POST …/cancel, or DELETE of the batch. */
	cancels: 'POST' | 'DELETE';
	/** HTTP statuses of success, where they are not 200. */
	success: { create: number; upload: number; cancel: number };
	ids: {
		batch: (createdAt: number) => string;
		file: (purpose: string) => string;
	};
	statuses: Readonly<Record<BatchStatus, string>>;
	/** A batch; its status is the server's already. */
	batch: (batch: Wire, moment: 'created' | 'read' | 'listed' | 'cancelled') => Wire;
	batchList: Listing;
	file: (file: FileObject, moment: 'uploaded' | 'read' | 'listed') => unknown;
	fileList: Listing;
	/** The answer to a deletion. */
	deletedFile: (file: FileObject) => Wire;
	/** A line of a downloaded file; undefined for files that are sent as they lie. */
	download: (file: FileObject) => ((line: string) => string) | undefined;
	/** A line of a result file: JSON, or a text as it is. */
	line: (parts: LineParts) => unknown;
	error: (error: ApiError) => Reply;
	rules: Rules;
}

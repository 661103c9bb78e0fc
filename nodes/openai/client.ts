import type {
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestMethods,
	ILoadOptionsFunctions,
	IPollFunctions,
	IWebhookFunctions,
	NodeApiError,
} from 'n8n-workflow';
import { sleep } from 'n8n-workflow';
import type { JsonObject } from '../jsonl/json';

/**
 * What everything that talks to the API asks of a client. Only the nodes know `HttpClient`, which
 * sends the requests; operations are given one.
 */
export interface OpenAiClient {
	readonly context: ApiContext;
	readonly options: ClientOptions;
	/** The execution's cancel signal, where the context has one, unless there is one of its own. */
	readonly cancelSignal: AbortSignal | undefined;
	/** The same client with other options. Those that are not given stay as they are. */
	with: (options: ClientOptions) => OpenAiClient;
	/** Whose server the credential names. */
	provider: () => Promise<Provider>;
	/** Sends a request and gives its JSON answer. @throws {NodeApiError} with the API's own words */
	json: <T>(request: JsonRequest<T>) => Promise<T>;
	/** As `json`, with a fault as a value, for callers that decide what a fault means. */
	tryJson: <T>(request: JsonRequest<T>) => Promise<Result<T>>;
	/** Sends a multipart form whose file is streamed; opens the source anew for every attempt. */
	tryUpload: <T>(request: JsonRequest<T>, upload: Upload) => Promise<Result<T>>;
	/**
	 * The content of a file, complete or an error: what breaks off is fetched again and continued.
	 *
	 * @throws {NodeApiError} when the file cannot be read to its end
	 */
	download: (fileId: string, expected?: ExpectedFile) => AsyncGenerator<Uint8Array>;
	/** As `download`, as the Node stream that n8n's binary storage takes. @param bytes where known */
	downloadStream: (fileId: string, bytes?: number | null) => Promise<NodeJS.ReadableStream>;
	/** Opens a response body for streaming. */
	open: (request: ApiRequest) => Promise<Result<OpenedBody>>;
	/** The error to throw for a fault. @param prefix which step failed, when the fault does not say */
	error: (fault: Fault, prefix?: string) => NodeApiError;
	/** Shows the user a remark beside the output, where the context can. */
	hint: (message: string) => void;
	/** Waits unless the execution is cancelled. @returns false when it was */
	pause: (ms: number) => Promise<boolean>;
}

/** Every n8n context in which a node of this package talks to the API. */
export type ApiContext =
	IExecuteFunctions | IPollFunctions | ILoadOptionsFunctions | IHookFunctions | IWebhookFunctions;

export interface ClientOptions {
	/** The item that errors are about. */
	itemIndex?: number;
	/** Epoch milliseconds: no request and no wait begins, and no JSON answer is awaited, after it. */
	deadline?: number;
	/** Ends requests and waits in place of the execution's cancel signal, which it has to follow. */
	signal?: AbortSignal;
}

/** Whose server it is. OpenAI's own rules hold only there; Azure has the same limits for files. */
export type Provider = 'openai' | 'azure' | 'other';

export interface ApiRequest {
	method: IHttpRequestMethods;
	/**
	 * The segments of the path behind the Base URL: literal words and ids, each encoded on its own.
	 * An id from a server that would lead elsewhere is a `RangeError`.
	 */
	path: readonly string[];
	query?: Record<string, string | number | undefined>;
	json?: object;
	/** For downloads: a body that announces to be shorter is not the file. */
	atLeastBytes?: number;
	/** Not repeated unless the server certainly did nothing: a second create is paid twice. */
	once?: boolean;
	/** Statuses that are permanent for this request, although they are transient elsewhere. */
	finalStatuses?: readonly number[];
}

/** Makes an answer regular; undefined for what is not the API's: a proxy's `{}` is no empty list. */
export type Shape<T> = (body: JsonObject) => T | undefined;

/** A request whose answer is JSON. */
export interface JsonRequest<T> extends ApiRequest {
	shape: Shape<T>;
}

/** A file to upload whose bytes are produced while they are sent. */
export interface UploadSource {
	fileName: string;
	contentType: string;
	/** The exact length: it becomes the request's Content-Length. */
	bytes: number;
	/** Opens the content from its beginning, once for every attempt, which the signal ends. */
	open: (signal?: AbortSignal) => AsyncIterable<Uint8Array>;
}

export interface Upload {
	source: UploadSource;
	/** The other fields of the form. */
	fields: ReadonlyArray<readonly [string, string]>;
}

/** What is known of a file before it is downloaded. */
export interface ExpectedFile {
	/** The file's `bytes`, where known. */
	bytes?: number | null;
	/** A file of lines whose length is not known has to end with a whole line. */
	isOfLines?: boolean;
	/** Called at the end of a file that is shorter than `bytes`, or that ends within a line. */
	onShort?: () => void;
}

/** Watches over a transfer, and ends it when nothing moves. */
export interface TransferGuard {
	/** Whether it was this guard that ended the request. */
	readonly stalled: boolean;
	/** Something moved. A new limit holds from here on when one is given. */
	touch: (limitMs?: number) => void;
	/** The reader is busy: no limit until the next `touch`. */
	hold: () => void;
	/** Ends the request at once. */
	abort: () => void;
	/** The request is over; the guard must not act on it any more. */
	stop: () => void;
}

/** An open download. Whoever reads the body calls `guard.touch` on the way and `guard.stop` last. */
export interface OpenedBody {
	headers: Headers;
	body: AsyncIterable<Uint8Array>;
	guard: TransferGuard;
}

export type Headers = Record<string, unknown>;

/**
 * Why a request did not give an answer to work with; plain data, so that the retry policy and
 * safe create can decide before anything is thrown.
 */
export interface Fault {
	kind:
		| 'status' // the server answered with an error status, or with an error envelope
		| 'connection' // no answer, or it broke off
		| 'answer' // an answer that is not the API's: HTML, broken JSON, a redirect
		| 'stalled' // nothing moved for too long
		| 'blocked' // n8n did not send it, or refused the server's certificate
		| 'cancelled' // the execution was cancelled
		| 'source'; // the data to upload could not be read
	/** The API's own words where it said any. */
	message: string;
	status?: number;
	type?: string;
	code?: string;
	param?: string;
	requestId?: string;
	/** What the server asked to wait, in milliseconds. */
	retryAfterMs?: number;
	/** The server's own word on whether to repeat (`x-should-retry`), or what is known of the request. */
	shouldRetry?: boolean;
	/** The length that a body announced which is shorter than the file is said to be. */
	shortBytes?: number;
	/** Whether the request named an id, which may be the wrong one. */
	namesId?: boolean;
	/** False only when the request certainly had no effect at the server. */
	mayHaveExecuted: boolean;
}

/** A request's outcome as a value, for code that decides what a fault means. */
export type Result<T> = { ok: true; value: T } | { ok: false; fault: Fault };

export const CANCELLED = 'The execution was cancelled';

// Nothing in an id may be something that a URL parser takes as structure, or half a character,
// which has no encoding.
const UNSAFE_ID = /[\p{Cc}\p{Cs}\s/\\?#%]/u;

/**
 * Refuses ids that could reach another path of the API than the one meant.
 *
 * @returns the reason, or undefined for an id that is safe to put into a path.
 */
export function idProblem(id: string): string | undefined {
	if (id === '') return 'it is empty';
	if (id === '.' || id === '..') return 'it is a path, not an id';
	if (id.length > 512) return 'it is longer than 512 characters';
	if (UNSAFE_ID.test(id)) return 'it has spaces, slashes or control characters in it';
	return undefined;
}

/** The ids of the other kind at OpenAI. Other servers may call their files as they like. */
const OTHER_IDS = { batch: /^file-/, file: /^batch_[0-9a-f]{24,}$/ } as const;

/** Why an id is none of this kind, although it could stand in a path; undefined when it may be one. */
export function otherKind(id: string, kind: 'batch' | 'file'): string | undefined {
	if (!OTHER_IDS[kind].test(id)) return undefined;
	return `it is the id of a ${kind === 'batch' ? 'file' : 'batch'}`;
}

/** How soon a cancelled execution is noticed. */
const SLICE_MS = 250;

/**
 * Waits, in short slices, so that cancelling the execution ends the wait.
 *
 * @returns false when the signal was aborted before the time was over
 */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
	for (let left = ms; left > 0 && !signal?.aborted; left -= SLICE_MS) {
		await sleep(Math.min(left, SLICE_MS));
	}
	return !signal?.aborted;
}

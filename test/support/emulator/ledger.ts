import type { FastifyRequest } from 'fastify';

import type { StoredBatch, WireBatch } from './batches/batch';
import type { FileObject } from '../../../nodes/openai/api/objects';

/** One HTTP request as it came over the wire. */
export interface RecordedRequest {
	method: string;
	/** Without the query. */
	path: string;
	query: Record<string, string>;
	/** Lower-case names; the key is replaced by `***`. */
	headers: Record<string, string | string[] | undefined>;
	/** The parsed JSON body. */
	body?: unknown;
	/** The JSON body as it was sent. */
	text?: string;
	/** Bytes of the request body; for a chunked upload, bytes of its file. */
	bytes: number;
	/** For an upload: the fields in the order of the form, the file named by its file name. */
	form?: Array<{ name: string; value: string }>;
	/** Null while unanswered, and for ever when a fault took the answer away. */
	status: number | null;
	/** The answer's `x-request-id`. */
	requestId: string;
	/** Unix milliseconds of the emulator's clock. */
	at: number;
	/** The kind of fault that a plan struck it with. */
	fault?: string;
}

/** What happened, for tests to assert: exact bytes, exactly one create. */
export class Ledger {
	/** How many creations are being worked on, also of clients that have gone. */
	creating = 0;

	readonly requests: RecordedRequest[] = [];
	/** Every batch created over the API, oldest first; the objects live on with their status. */
	readonly batches: WireBatch[] = [];
	/** Every file uploaded over the API, oldest first. */
	readonly uploads: FileObject[] = [];
	/**
	 * Called with each request when it arrives, and when its effect is done and its answer due. The request
	 * is held until what this returns is settled.
	 */
	onRequest: (request: RecordedRequest, stage: 'arrived' | 'done') => void | Promise<void> =
		() => {};
	/** Called with each batch at the moment of its creation, and the request that asked for it. */
	onCreated: (batch: WireBatch, request: RecordedRequest) => void = () => {};

	/** The requests of one method whose path ends with `path` or matches it. */
	calls(method: string, path: string | RegExp): RecordedRequest[] {
		return this.requests.filter(
			(request) =>
				request.method === method &&
				(typeof path === 'string' ? request.path.endsWith(path) : path.test(request.path)),
		);
	}

	clear(): void {
		this.requests.length = 0;
		this.batches.length = 0;
		this.uploads.length = 0;
	}

	record(request: FastifyRequest, requestId: string, at: number): RecordedRequest {
		const recorded: RecordedRequest = {
			method: request.method,
			path: request.originalUrl.split('?')[0],
			query: { ...(request.query as Record<string, string>) },
			headers: withoutKey(request.headers),
			bytes: Number(request.headers['content-length'] ?? 0),
			status: null,
			requestId,
			at,
		};
		this.requests.push(recorded);
		return recorded;
	}

	created({ wire }: StoredBatch, request: RecordedRequest): void {
		this.batches.push(wire);
		this.onCreated(wire, request);
	}
}

function withoutKey(headers: FastifyRequest['headers']): RecordedRequest['headers'] {
	const { authorization, 'api-key': apiKey, ...rest } = headers;
	return {
		...rest,
		...(authorization === undefined ? {} : { authorization: authorization.replace(/\S+$/, '***') }),
		...(apiKey === undefined ? {} : { 'api-key': '***' }),
	};
}

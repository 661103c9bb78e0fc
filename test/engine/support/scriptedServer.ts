import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { serveOnLoopback } from '../../support/loopback';

/** Answers one request in any way; the body of the request has not been read yet. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface SeenRequest {
	method: string;
	/** With the query. */
	url: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** Answers with a status and JSON, or with a text as it is, once the request has been read. */
export const answer =
	(status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer =>
	(request, response) => {
		const isText = typeof body === 'string';
		const type = isText ? 'text/plain' : 'application/json';
		request.on('end', () => {
			response.writeHead(status, { 'content-type': type, ...headers });
			response.end(isText ? body : JSON.stringify(body));
		});
	};

/** Refuses a request as the API does. */
export const refuse = (
	status: number,
	error: Record<string, unknown> = {},
	headers: Record<string, string> = {},
): Answer =>
	answer(
		status,
		{ error: { message: 'No.', type: null, param: null, code: null, ...error } },
		headers,
	);

/** Resets the connection once the request has been read. */
export const reset: Answer = (request) =>
	void request.on('end', () => request.socket.resetAndDestroy());

/** Never answers. */
export const stall: Answer = () => {};

/** A server on loopback that gives the scripted answers, in order, and then only `{id, data}`. */
export async function startScriptedServer() {
	const seen: SeenRequest[] = [];
	const script: Answer[] = [];
	const waiting: Array<() => void> = [];
	const {
		url: origin,
		port,
		close,
	} = await serveOnLoopback((request, response) => {
		const { method = '', url = '', headers } = request;
		const entry: SeenRequest = { method, url, headers, body: '' };
		seen.push(entry);
		const act = script.shift() ?? answer(200, { id: 'id', data: [] });
		request.setEncoding('utf8').on('data', (text: string) => (entry.body += text));
		request.on('error', () => {});
		act(request, response);
		for (const resolve of waiting.splice(0)) resolve();
	});
	return {
		port,
		url: `${origin}/v1`,
		seen,
		/** Forgets what was seen, and answers the next requests with these. */
		script: (...answers: Answer[]) => {
			seen.length = 0;
			script.splice(0, Infinity, ...answers);
		},
		/** Settles when the next request arrives. */
		arrival: async () => await new Promise<void>((resolve) => waiting.push(resolve)),
		close,
	};
}

export type ScriptedServer = Awaited<ReturnType<typeof startScriptedServer>>;

/**
 * A scripted server for the tests of a file, from before the first one until after the last one. Its
 * fields are set once the tests run.
 */
export function serverForTests(): ScriptedServer {
	const server = {} as ScriptedServer;
	beforeAll(async () => {
		Object.assign(server, await startScriptedServer());
	});
	afterAll(async () => await server.close());
	return server;
}

import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Context } from './context';
import { ApiError, badRequest, routeNotFound, unauthorized } from './errors';
import type { Reply, Route } from './dialects/dialect';
import { requestId } from './ids';
import type { RecordedRequest } from './ledger';
import { ORGANIZATION } from './options';
import { batchRoutes } from './routes/batches';
import { fileRoutes } from './routes/files';
import { modelRoutes } from './routes/models';
import { webhookRoutes } from './webhooks/routes';

const UNPARSEABLE =
	"We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)";

/** Largest JSON body; uploads have their own limit. */
const JSON_BYTES = 10 * 1024 * 1024;

/** Where requests go to whose path the server does not have. */
const NOWHERE = '/not-found';

/** The HTTP side: headers, key, error envelope, faults and the ledger around the routes. */
export async function buildServer(context: Context): Promise<FastifyInstance> {
	const app = fastify({
		bodyLimit: JSON_BYTES,
		exposeHeadRoutes: false,
		forceCloseConnections: true,
		// Some servers' ids have hundreds of characters.
		routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2000 },
		rewriteUrl: ({ url = '' }) => context.spoken.pathOf(url) ?? `${NOWHERE}${url}`,
	});
	await app.register(multipart, { throwFileSizeLimit: false });
	recordRequests(app, context);
	app.addHook('onRequest', (request, reply) => context.faults.before(request, reply));
	app.addHook('onRequest', (request) => checkKey(request, context.apiKey));
	app.addHook('onRequest', async (request, reply) => {
		const route = `${request.method} ${request.routeOptions.url}` as Route;
		const instead = context.spoken.dialect.lacks[route];
		if (instead !== undefined) await sendReply(reply, instead);
	});
	app.addHook('onSend', (request, reply, payload) => context.faults.after(request, reply, payload));
	answerErrors(app, context);
	batchRoutes(app, context);
	fileRoutes(app, context);
	modelRoutes(app);
	webhookRoutes(app, context);
	return app;
}

/** Notes every request in the ledger, and gives every answer the service's headers. */
function recordRequests(app: FastifyInstance, { ledger, clock }: Context): void {
	app.addHook('onRequest', async (request, reply) => {
		const id = requestId();
		request.recorded = ledger.record(request, id, clock.now());
		reply.headers({
			'x-request-id': id,
			'openai-organization': ORGANIZATION,
			'openai-version': '2020-10-01',
		});
		const held = ledger.onRequest(request.recorded, 'arrived');
		if (held === undefined) return;
		await held;
		// It arrives only now, or not at all when its client has gone.
		request.recorded.at = clock.now();
		if (request.raw.socket.destroyed) reply.hijack();
	});
	app.addContentTypeParser(
		['application/json', '*'],
		{ parseAs: 'string' },
		async (request: FastifyRequest, text: string) => {
			const entry = request.recorded;
			entry.text = text;
			entry.bytes = Buffer.byteLength(text);
			if (text === '' || !request.headers['content-type']?.includes('json')) return undefined;
			try {
				return (entry.body = JSON.parse(text));
			} catch {
				throw badRequest(UNPARSEABLE);
			}
		},
	);
	app.addHook('onSend', async (request, reply) => {
		await ledger.onRequest(request.recorded, 'done');
		reply.header('openai-processing-ms', Math.ceil(reply.elapsedTime));
	});
	app.addHook('onResponse', async (request, reply) => {
		request.recorded.status = reply.statusCode;
	});
}

/** `Authorization: Bearer <key>` as at OpenAI, or `api-key: <key>` as at Azure. */
async function checkKey(request: FastifyRequest, expected: string): Promise<void> {
	const { authorization, 'api-key': apiKey } = request.headers;
	const key = authorization?.replace(/^Bearer\s+/i, '') ?? apiKey?.toString();
	if (key === expected) return;
	throw unauthorized(key);
}

/** Sends JSON, or a text as it is. */
function sendReply(reply: FastifyReply, instead: Reply): FastifyReply {
	reply.code(instead.status);
	if ('text' in instead) return reply.type('text/plain').send(instead.text);
	return reply.type('application/json; charset=utf-8').send(JSON.stringify(instead.json));
}

function answerErrors(app: FastifyInstance, { spoken }: Context): void {
	app.setNotFoundHandler(async ({ method, originalUrl }) => {
		throw routeNotFound(method, originalUrl);
	});
	app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
		const answer = (known: ApiError) => sendReply(reply, spoken.dialect.error(known));
		if (error instanceof ApiError) return answer(error);
		const status = error.statusCode ?? 500;
		const type = status < 500 ? 'invalid_request_error' : 'server_error';
		const isClientGone = request.raw.destroyed && !request.raw.complete;
		if (status >= 500 && !isClientGone) console.error(error);
		return answer(new ApiError(status, { message: error.message, type }));
	});
}

declare module 'fastify' {
	interface FastifyRequest {
		/** This request's entry in the ledger. */
		recorded: RecordedRequest;
	}
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The parts of an Express request that n8n and nodes use. */
export type WebhookRequest = IncomingMessage & { rawBody?: Buffer; body: unknown };

/** The parts of an Express response by which n8n and nodes answer. */
export type WebhookResponse = ServerResponse & {
	status: (code: number) => WebhookResponse;
	json: (body: unknown) => void;
};

export type Handler = (request: WebhookRequest, response: WebhookResponse) => Promise<void>;

function expressResponse(outgoing: ServerResponse): WebhookResponse {
	const response = Object.assign(outgoing, {
		status(code: number): WebhookResponse {
			outgoing.statusCode = code;
			return response;
		},
		json(body: unknown) {
			outgoing.setHeader('content-type', 'application/json; charset=utf-8');
			outgoing.end(JSON.stringify(body));
		},
	});
	return response;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

/**
 * A server on a loopback port that gives requests to `handle` as n8n's webhook server does: with
 * the raw body, except that of a multipart form, and with the JSON of it; broken JSON is answered
 * with 422 before any node sees it.
 */
export async function startWebhookServer(handle: Handler) {
	const server = createServer((incoming, outgoing) => {
		const response = expressResponse(outgoing);
		const take = async () => {
			const body = await readBody(incoming);
			const type = incoming.headers['content-type'] ?? '';
			const request = Object.assign(incoming, {
				params: {},
				query: {},
				body: {},
			}) as WebhookRequest;
			if (!type.startsWith('multipart/')) request.rawBody = body;
			if (type.startsWith('application/json')) {
				try {
					request.body = JSON.parse(body.toString('utf8'));
				} catch {
					response.status(422).json({ message: 'Failed to parse request body' });
					return;
				}
			}
			await handle(request, response);
		};
		void take();
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What arrived at a receiver. */
export interface Received {
	path: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** A server on a loopback port that takes deliveries and answers them with the next status. */
export async function startReceiver() {
	const received: Received[] = [];
	const statuses: number[] = [];
	const server = createServer((request, response) => {
		const chunks: Buffer[] = [];
		request.on('data', (chunk: Buffer) => chunks.push(chunk));
		request.on('end', () => {
			const body = Buffer.concat(chunks).toString('utf8');
			received.push({ path: request.url!, headers: request.headers, body });
			response.writeHead(statuses.shift() ?? 200).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return {
		origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		received,
		/** The statuses of the next answers; 200 when there are none left. */
		statuses,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a free port of 127.0.0.1; `close` also ends the requests that are under way. */
export interface LoopbackServer {
	url: string;
	port: number;
	close: () => Promise<void>;
}

/** Serves HTTP on loopback. */
export async function serveOnLoopback(listener: RequestListener): Promise<LoopbackServer> {
	const server = createServer(listener);
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', resolve);
	});
	const { port } = server.address() as AddressInfo;
	const close = async () => {
		server.closeAllConnections();
		await new Promise<void>((resolve) => server.close(() => resolve()));
	};
	return { url: `http://127.0.0.1:${port}`, port, close };
}

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A source of rows on loopback: `/100` gives a hundred of them, as one JSON array. */
export async function serveRows(): Promise<{ url: string; close: () => Promise<void> }> {
	const text =
		'A short text of the length that a product review or a support ticket usually has, so that requests weigh what they weigh in practice: two lines or so.';
	const server = createServer((request, response) => {
		const count = Number(request.url!.slice(1));
		const rows = Array.from({ length: count }, (_, index) => ({
			id: `row-${index}`,
			text: `${text} ${index}`,
			job: 'throughput',
		}));
		response.setHeader('content-type', 'application/json').end(JSON.stringify(rows));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const close = async () => {
		server.closeAllConnections();
		await new Promise<void>((resolve) => server.close(() => resolve()));
	};
	return { url: `http://127.0.0.1:${port}`, close };
}

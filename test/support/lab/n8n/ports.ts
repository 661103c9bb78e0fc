import { createServer, type AddressInfo } from 'node:net';

/** Listens for a moment on loopback: the port that was given (0: any), or the reason why not. */
async function probe(port: number): Promise<number> {
	return await new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(port, '127.0.0.1', () => {
			const { port: given } = server.address() as AddressInfo;
			server.close(() => resolve(given));
		});
	});
}

/** A port of 127.0.0.1 that nobody listens on now. */
export const freePort = async (): Promise<number> => await probe(0);

/** Throws, with what to do, when a port that the user chose cannot be used. */
export async function assertPortFree(port: number): Promise<void> {
	try {
		await probe(port);
	} catch (error) {
		throw new Error(portMessage(port, (error as NodeJS.ErrnoException).code));
	}
}

export function portMessage(port: number, code?: string): string {
	const reason =
		code === 'EACCES' ? 'may only be used by an administrator' : 'is taken by another program';
	return `Port ${port} ${reason}. Choose another one with "--port <number>".`;
}

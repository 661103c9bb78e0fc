import { connect } from 'node:net';
import { freePort } from '../../../support/lab/n8n/ports';
import { startService, type Service } from './service';

/** Whether a Redis answers. */
async function answersPing(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
		socket.once('data', (data) => {
			resolve(data.toString().startsWith('+PONG'));
			socket.destroy();
		});
		socket.once('error', () => resolve(false));
		socket.once('close', () => resolve(false));
	});
}

/** A Redis on loopback that writes nothing to disk. The folder goes when it ends. */
export async function startRedis(redisServer: string, folder: string): Promise<Service> {
	const port = await freePort();
	const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
	const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
	return await startService(port, {
		command: redisServer,
		args,
		folder,
		signal: 'SIGTERM',
		isReady: async () => await answersPing(port),
	});
}

import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../n8n/ports';
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

/** A Redis on loopback that writes nothing to disk. */
export async function startRedis(redisServer: string): Promise<Service> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-queue-redis-'));
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

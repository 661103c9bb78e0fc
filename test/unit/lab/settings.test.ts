import { createServer } from 'node:net';
import { homedir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { cacheFolder, installFolder } from '../../support/lab/install/cache';
import { n8nEnvironment } from '../../support/lab/n8n/environment';
import { isComplete, markComplete } from '../../support/lab/install/marker';
import { assertPortFree, freePort, portMessage } from '../../support/lab/n8n/ports';
import { N8N_VERSION, nodeMajor } from '../../support/lab/install/version';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

describe('cacheFolder', () => {
	it.each([
		['the chosen folder', { N8N_OPENAI_BATCH_CACHE: '/big', XDG_CACHE_HOME: '/xdg' }, '/big'],
		['the cache of the desktop', { XDG_CACHE_HOME: '/xdg' }, '/xdg/n8n-nodes-openai-batch'],
		['the home', {}, join(homedir(), '.cache', 'n8n-nodes-openai-batch')],
	])('is in %s', (_name, env, expected) => {
		expect(cacheFolder(env)).toBe(expected);
	});

	it('keeps versions of n8n and Node apart', () => {
		expect(installFolder('/cache')).toBe(`/cache/n8n-${N8N_VERSION}-node${nodeMajor()}`);
	});
});

describe('nodeMajor', () => {
	it('takes what n8n takes', () => expect(nodeMajor('24.0.1')).toBe(24));
	it('refuses older ones and says what to do', () => {
		expect(() => nodeMajor('20.20.2')).toThrow(
			/needs Node 24 or newer, this is Node 20.20.2.*npm run/,
		);
	});
});

describe('isComplete', () => {
	const installed = { n8n: '2.41.1', node: 24, platform: 'linux-x64' };

	it('is true for the same versions only', async () => {
		await markComplete(folder(), installed);
		expect(await isComplete(folder(), installed)).toBe(true);
		expect(await isComplete(folder(), { ...installed, n8n: '2.42.0' })).toBe(false);
		expect(await isComplete(folder(), { ...installed, node: 26 })).toBe(false);
		expect(await isComplete(folder(), { ...installed, platform: 'linux-arm64' })).toBe(false);
	});

	it('is false without a marker', async () => {
		expect(await isComplete(folder(), installed)).toBe(false);
	});
});

describe('n8nEnvironment', () => {
	const instance = { userFolder: '/user', port: 5001, brokerPort: 5002 };

	it("keeps the settings of the developer's own n8n out", () => {
		const parent = { N8N_ENCRYPTION_KEY: 'own', DB_TYPE: 'postgresdb', PATH: '/bin' };
		const env = n8nEnvironment(instance, {}, parent);
		expect(env).not.toHaveProperty('N8N_ENCRYPTION_KEY');
		expect(env).not.toHaveProperty('DB_TYPE');
		expect(env).toMatchObject({ PATH: '/bin', N8N_USER_FOLDER: '/user', N8N_PORT: '5001' });
	});

	it('never sends loopback through a proxy', () => {
		const parent = { HTTP_PROXY: 'http://proxy', NO_PROXY: 'intranet' };
		expect(n8nEnvironment(instance, {}, parent)).toMatchObject({
			HTTP_PROXY: 'http://proxy',
			NO_PROXY: '127.0.0.1,localhost,intranet',
		});
	});

	it('lets the caller change anything', () => {
		const env = n8nEnvironment(instance, { N8N_PYTHON_ENABLED: 'true' }, {});
		expect(env.N8N_PYTHON_ENABLED).toBe('true');
	});
});

describe('ports', () => {
	it('finds a free one', async () => {
		await expect(assertPortFree(await freePort())).resolves.toBeUndefined();
	});

	it('says which one is taken, and what to do', async () => {
		const server = createServer();
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		const { port } = server.address() as AddressInfo;
		await expect(assertPortFree(port)).rejects.toThrow(
			`Port ${port} is taken by another program. Choose another one with "--port <number>".`,
		);
		await new Promise((resolve) => server.close(resolve));
	});

	it('distinguishes a forbidden port from a taken one', () => {
		expect(portMessage(80, 'EACCES')).toContain('administrator');
	});
});

import { request } from 'undici';
import { MAIN, type Role } from '../../support/lab/n8n/n8n';

/** Returns whether n8n takes work: its database is migrated, and Redis is there. */
async function isHealthy(url: string): Promise<boolean> {
	try {
		const { statusCode, body } = await request(`${url}/healthz/readiness`, { reset: true });
		await body.dump();
		return statusCode === 200;
	} catch {
		return false;
	}
}

/** Jobs that a worker has at the same time: the least that n8n recommends. */
export const CONCURRENCY = 5;

/** The kinds of processes of n8n's queue mode. */
export const ROLES = {
	main: MAIN,
	webhook: { command: ['webhook'], isReady: isHealthy },
	worker: {
		command: ['worker', `--concurrency=${CONCURRENCY}`],
		isReady: isHealthy,
		portVariables: ['QUEUE_HEALTH_CHECK_PORT'],
	},
} satisfies Record<string, Role>;

export type RoleName = keyof typeof ROLES;

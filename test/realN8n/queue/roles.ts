import { request } from 'undici';
import { answers } from '../../support/lab/start';

/** What an n8n process does in queue mode. */
export type Role = 'main' | 'webhook' | 'worker';

export interface RoleFacts {
	/** n8n's own command. */
	command: readonly string[];
	isReady: (url: string) => Promise<boolean>;
	/** The variables that tell this kind of process its port. */
	portVariables: readonly string[];
}

/** Whether n8n takes work: its database is migrated, and Redis is there. */
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

export const ROLES: Record<Role, RoleFacts> = {
	main: { command: ['start'], isReady: answers, portVariables: ['N8N_PORT'] },
	webhook: { command: ['webhook'], isReady: isHealthy, portVariables: ['N8N_PORT'] },
	worker: {
		command: ['worker', `--concurrency=${CONCURRENCY}`],
		isReady: isHealthy,
		portVariables: ['N8N_PORT', 'QUEUE_HEALTH_CHECK_PORT'],
	},
};

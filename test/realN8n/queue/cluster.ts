import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Closers } from '../../support/lab/closers';
import { Rest } from '../../support/lab/rest';
import { Member } from './member';
import type { Role } from './roles';
import { ensureBinaries } from './services/binaries';
import { POSTGRES_DATABASE, POSTGRES_USER, startPostgres } from './services/postgres';
import { startRedis } from './services/redis';
import type { Service } from './services/service';

/** The address that n8n believes to have; deliveries go to a webhook processor on loopback. */
const PUBLIC_URL = 'https://n8n.example.test/';

/** Who uses n8n in these tests. */
export const OWNER = {
	email: 'owner@example.com',
	password: 'Queue-2026',
	firstName: 'Test',
	lastName: 'Owner',
};

export interface ClusterOptions {
	/** The packed package. */
	tarball: string;
	workers: number;
	/** Ends what was started. */
	closers: Closers;
	onProgress: (text: string) => void;
	/** More environment variables for all processes. */
	env?: NodeJS.ProcessEnv;
}

/** What every process of the cluster is told. */
function sharedEnvironment(redis: Service, postgres: Service): NodeJS.ProcessEnv {
	return {
		EXECUTIONS_MODE: 'queue',
		OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
		QUEUE_BULL_REDIS_HOST: '127.0.0.1',
		QUEUE_BULL_REDIS_PORT: String(redis.port),
		DB_TYPE: 'postgresdb',
		DB_POSTGRESDB_HOST: '127.0.0.1',
		DB_POSTGRESDB_PORT: String(postgres.port),
		DB_POSTGRESDB_USER: POSTGRES_USER,
		DB_POSTGRESDB_DATABASE: POSTGRES_DATABASE,
		N8N_ENCRYPTION_KEY: randomBytes(24).toString('hex'),
		N8N_DEFAULT_BINARY_DATA_MODE: 'database',
		QUEUE_HEALTH_CHECK_ACTIVE: 'true',
		N8N_WORKER_SERVER_ADDRESS: '127.0.0.1',
		WEBHOOK_URL: PUBLIC_URL,
		// A killed worker is noticed within seconds, not after a minute and a half.
		QUEUE_WORKER_LOCK_DURATION: '6000',
		QUEUE_WORKER_LOCK_RENEW_TIME: '1000',
		QUEUE_WORKER_STALLED_INTERVAL: '1000',
	};
}

/**
 * n8n in queue mode: a main process, a webhook processor and workers, each with a folder of its own
 * and this package in it, over Redis and PostgreSQL, with binary data in the database.
 */
export class Cluster {
	readonly rest: Rest;
	readonly workers: Member[] = [];

	private constructor(
		/** Removed at the end, whatever lies in it. */
		readonly folder: string,
		readonly main: Member,
		readonly webhook: Member,
		readonly redis: Service,
		readonly postgres: Service,
		/** Starts another process of this cluster. */
		readonly add: (role: Role, env?: NodeJS.ProcessEnv) => Promise<Member>,
	) {
		this.rest = new Rest(main.url);
	}

	/** Starts it all. The main process comes first: it makes the tables. */
	static async start(options: ClusterOptions): Promise<Cluster> {
		const { tarball, closers, onProgress } = options;
		const binaries = await ensureBinaries(onProgress);
		const folder = await mkdtemp(join(tmpdir(), 'n8n-queue-'));
		// Redis is the last to be stopped, and takes the folder with it, also after a Ctrl-C.
		const redis = await startRedis(binaries.redisServer, folder);
		closers.add(redis.stop);
		const postgres = await startPostgres(binaries);
		closers.add(postgres.stop);
		const shared = { ...sharedEnvironment(redis, postgres), ...options.env };
		let count = 0;
		const add = async (role: Role, env: NodeJS.ProcessEnv = {}) => {
			const userFolder = join(folder, `${role}-${++count}`);
			const member = await Member.start({ role, userFolder, env: { ...shared, ...env }, tarball });
			closers.add(async () => await member.kill());
			return member;
		};
		onProgress('starting the main process');
		const main = await add('main');
		onProgress(`starting a webhook processor and ${options.workers} workers`);
		const roles: Role[] = ['webhook', ...Array<Role>(options.workers).fill('worker')];
		const [webhook, ...workers] = await Promise.all(roles.map(async (role) => await add(role)));
		const cluster = new Cluster(folder, main, webhook, redis, postgres, add);
		cluster.workers.push(...workers);
		await cluster.rest.setUpOwner(OWNER);
		return cluster;
	}

	/** One more worker. */
	async addWorker(): Promise<void> {
		this.workers.push(await this.add('worker'));
	}

	/** Signs in again, after the main process was started again. */
	async login(): Promise<void> {
		await this.rest.login(OWNER);
	}

	/** The worker that took an execution; undefined while none has. */
	workerOf(executionId: string): Member | undefined {
		return this.workers.find(({ executions }) => executions.includes(executionId));
	}
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { labFolder } from '../../support/lab/folder';
import { newOwner } from '../../support/lab/lab';
import { N8n } from '../../support/lab/n8n/n8n';
import { Rest } from '../../support/lab/n8n/rest';
import { packedOnce } from '../../support/lab/packed';
import type { Show } from '../../support/lab/show';
import { ROLES, type RoleName } from './roles';
import { ensureBinaries } from './services/binaries';
import { POSTGRES_DATABASE, POSTGRES_USER, startPostgres } from './services/postgres';
import { startRedis } from './services/redis';
import type { Service } from './services/service';

/** The address that n8n gives the service; deliveries go to a webhook processor on loopback. */
const PUBLIC_URL = 'https://n8n.example.test/';

export interface ClusterOptions {
	workers: number;
	/** Ends what is started, also later on. */
	stack: AsyncDisposableStack;
	show: Show;
}

/** The environment of every process of the cluster. */
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
 * n8n in queue mode: a main process, a webhook processor and workers, each with its own folder
 * and this package in it, over Redis and PostgreSQL, with binary data in the database.
 */
export class Cluster {
	readonly rest: Rest;
	readonly owner = newOwner();
	readonly workers: N8n[] = [];

	private constructor(
		/** Removed at the end, with everything in it. */
		readonly folder: string,
		readonly main: N8n,
		readonly webhook: N8n,
		readonly redis: Service,
		readonly postgres: Service,
		/** Starts another process of this cluster. */
		readonly add: (role: RoleName, env?: NodeJS.ProcessEnv) => Promise<N8n>,
	) {
		this.rest = new Rest(main.url);
	}

	/** Starts all processes. The main process comes first: it creates the tables. */
	static async start({ workers: count, stack, show }: ClusterOptions): Promise<Cluster> {
		const binaries = await ensureBinaries(show.note);
		const folder = await labFolder();
		// Redis is the last to be stopped, and takes the folder with it, also after a Ctrl-C.
		const redis = await startRedis(binaries.redisServer, folder);
		stack.defer(redis.stop);
		const postgres = await startPostgres(binaries);
		stack.defer(postgres.stop);
		const shared = sharedEnvironment(redis, postgres);
		const tarball = await packedOnce(join(folder, 'package'));
		let members = 0;
		const add = async (role: RoleName, env: NodeJS.ProcessEnv = {}) => {
			const member = await N8n.start({
				role: ROLES[role],
				// As if on its own machine: only Redis and PostgreSQL are shared.
				userFolder: join(folder, `${role}-${++members}`),
				env: { ...shared, ...env },
				tarball,
			});
			stack.defer(async () => await member.kill());
			return member;
		};
		show.note('starting the main process');
		const main = await add('main');
		show.note(`starting a webhook processor and ${count} workers`);
		const roles: RoleName[] = ['webhook', ...Array<RoleName>(count).fill('worker')];
		const [webhook, ...workers] = await Promise.all(roles.map(async (role) => await add(role)));
		const cluster = new Cluster(folder, main, webhook, redis, postgres, add);
		cluster.workers.push(...workers);
		await cluster.rest.setUpOwner(cluster.owner);
		return cluster;
	}

	/** Starts one more worker. */
	async addWorker(): Promise<void> {
		this.workers.push(await this.add('worker'));
	}

	/** Signs in again, after the main process was started again. */
	async login(): Promise<void> {
		await this.rest.login(this.owner);
	}

	/** The worker that took an execution, as n8n logs it; undefined while none has. */
	workerOf(executionId: string): N8n | undefined {
		const line = new RegExp(`Worker started execution ${executionId}\\b`);
		return this.workers.find(({ logs }) => line.test(logs));
	}
}

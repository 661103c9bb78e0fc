import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { N8N_VERSION, nodeMajor } from './version';

/** The environment variable that moves the cache, for example to a bigger disk. */
export const CACHE_VARIABLE = 'N8N_OPENAI_BATCH_CACHE';

/** Where n8n is installed, once for all checkouts of this project: the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
	const chosen = env[CACHE_VARIABLE];
	if (chosen) return resolve(chosen);
	return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'n8n-nodes-openai-batch');
}

/**
 * The folder of one install. The version of Node is part of its name because sqlite3 is compiled
 * for it.
 */
export function installFolder(cache: string): string {
	return join(cache, `n8n-${N8N_VERSION}-node${nodeMajor()}`);
}

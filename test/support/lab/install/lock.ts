import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A live holder touches its lock this often. */
const HEARTBEAT_MS = 5_000;

/** A lock that nobody touched for so long is a dead process's, even if its pid lives again. */
const STALE_MS = 60_000;

/** Whether a process of this machine lives. A process of another user counts (EPERM). */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

/** Whether a lock is left over: its process is gone, or has not touched it for a minute. */
export function isStale(content: string, touchedAt: number, now: number): boolean {
	const pid = Number(content);
	return !(pid > 0) || !isAlive(pid) || now - touchedAt > STALE_MS;
}

/**
 * Runs the work while holding a lock file, so that two runs do not install at the same time. Waits
 * for a live holder (`onWait` is called once) and takes a dead one's lock over. Two processes that
 * take over at the same moment may both run: the work must bear that, at worst doing it twice.
 */
export async function withLock<T>(
	file: string,
	work: () => Promise<T>,
	options: { signal?: AbortSignal; onWait?: () => void } = {},
): Promise<T> {
	for (let waiting = false; !(await tryLock(file)); waiting = true) {
		if (!waiting) options.onWait?.();
		await sleep(500, undefined, { signal: options.signal });
	}
	const heartbeat = setInterval(() => {
		const now = new Date();
		void utimes(file, now, now).catch(() => {});
	}, HEARTBEAT_MS);
	try {
		return await work();
	} finally {
		clearInterval(heartbeat);
		await rm(file, { force: true });
	}
}

/** Creates the lock file, in place of a stale one too; false while a live process holds it. */
async function tryLock(file: string): Promise<boolean> {
	try {
		await writeFile(file, String(process.pid), { flag: 'wx' });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	}
	if (!(await isLeftOver(file))) return false;
	await rm(file, { force: true });
	return await tryLock(file);
}

async function isLeftOver(file: string): Promise<boolean> {
	try {
		const content = await readFile(file, 'utf8');
		const { mtimeMs } = await stat(file);
		// A lock that is being created is still empty.
		if (content === '' && Date.now() - mtimeMs < HEARTBEAT_MS) return false;
		return isStale(content, mtimeMs, Date.now());
	} catch (error) {
		// Its holder has just given it back.
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
		throw error;
	}
}

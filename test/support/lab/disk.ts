import { statfs } from 'node:fs/promises';
import { CACHE_VARIABLE } from './cache';

const GIB = 1024 ** 3;

/** n8n 2.41 takes 2.9 GB (measured); npm's own cache and the unpacking take the rest. */
export const NEEDED_BYTES = 4 * GIB;

/** Says that a disk is too full, and what to do. `free` in bytes, where known. */
export function diskMessage(folder: string, free?: number): string {
	const left = free === undefined ? 'the disk is full' : `${(free / GIB).toFixed(1)} GB are free`;
	return (
		`Not enough disk space in ${folder}: n8n needs about ${NEEDED_BYTES / GIB} GB, ${left}. ` +
		`Make room, or set ${CACHE_VARIABLE} to a folder on another disk.`
	);
}

/** Throws when a folder's disk has no room for an install of n8n. */
export async function assertDiskSpace(folder: string): Promise<void> {
	const { bavail, bsize } = await statfs(folder);
	const free = bavail * bsize;
	if (free < NEEDED_BYTES) throw new Error(diskMessage(folder, free));
}

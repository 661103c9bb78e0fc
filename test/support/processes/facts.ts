import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Linux counts the time of a process in hundredths of a second (`sysconf(_SC_CLK_TCK)`). */
const TICKS_PER_SECOND = 100;

/** What Linux knows of a process; memory in bytes. */
export interface ProcessFacts {
	cpuSeconds: number;
	memory: number;
	/** The most memory since the last `forgetPeak`. */
	peak: number;
}

/** A process's numbers behind its name, which may contain anything: from its state on. */
function stat(pid: string): string[] | undefined {
	try {
		const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
		return text.slice(text.lastIndexOf(')') + 2).split(' ');
	} catch {
		// The process has ended in the meantime.
		return undefined;
	}
}

/** This process and those that it started itself, such as n8n's task runner. */
export function ownProcesses(): string[] {
	const own = String(process.pid);
	const isOwn = (pid: string) => pid === own || stat(pid)?.[1] === own;
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOwn(name));
}

export function factsOf(pid: string): ProcessFacts | undefined {
	const fields = stat(pid);
	if (!fields) return undefined;
	const status = readFileSync(`/proc/${pid}/status`, 'utf8');
	const bytes = (name: string) => 1024 * Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)?.[1]);
	return {
		cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
		memory: bytes('VmRSS'),
		peak: bytes('VmHWM'),
	};
}

/** Resets the peak to what the process uses now. */
export const forgetPeak = (pid: string): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

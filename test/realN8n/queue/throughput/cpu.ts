import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts the time of a process in hundredths of a second (`sysconf(_SC_CLK_TCK)`). */
const TICKS_PER_SECOND = 100;

interface Times {
	parent: number;
	/** CPU seconds of the process, and of its children that have ended. */
	seconds: number;
}

/** All processes of this machine. The fields are those of proc(5), from the state on. */
function processes(): Map<number, Times> {
	const found = new Map<number, Times>();
	for (const name of readdirSync('/proc')) {
		if (!/^\d+$/.test(name)) continue;
		try {
			const text = readFileSync(`/proc/${name}/stat`, 'utf8');
			const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
			const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
			found.set(Number(name), { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND });
		} catch {
			// The process has ended in the meantime.
		}
	}
	return found;
}

/** The CPU seconds so far of each of these processes, together with all that it has started. */
export function cpuSeconds(pids: readonly number[]): number[] {
	const all = processes();
	const isOf = (pid: number, root: number): boolean => {
		for (let at: number | undefined = pid; at !== undefined; at = all.get(at)?.parent) {
			if (at === root) return true;
		}
		return false;
	};
	return pids.map((root) =>
		[...all].reduce((sum, [pid, { seconds }]) => sum + (isOf(pid, root) ? seconds : 0), 0),
	);
}

/** The CPU seconds that all processes of this machine have used so far, from proc(5). */
export function machineSeconds(): number {
	const [, user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
		.split('\n', 1)[0]
		.split(/\s+/)
		.map(Number);
	return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

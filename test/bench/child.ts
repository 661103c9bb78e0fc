import { fork } from 'node:child_process';

/** What a child process offers; names and arguments go over as JSON. */
export type Handlers = Record<string, (argument: never) => unknown>;

interface Call {
	id: number;
	name: string;
	argument: unknown;
}

interface Answer {
	id: number;
	value?: unknown;
	error?: string;
}

export interface Child<H extends Handlers> {
	call: <N extends keyof H & string>(
		name: N,
		...argument: Parameters<H[N]>
	) => Promise<Awaited<ReturnType<H[N]>>>;
	stop: () => Promise<void>;
}

/**
 * Runs a TypeScript module that calls `serve` in a process of its own, so that its memory and its
 * work are told apart from those of others.
 */
export function startChild<H extends Handlers>(module: string): Child<H> {
	const child = fork(module, [], { execArgv: ['--import', 'tsx'] });
	const waiting = new Map<number, (answer: Answer) => void>();
	let calls = 0;
	child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
	child.once('exit', () => {
		for (const [id, settle] of waiting) settle({ id, error: `${module} has ended` });
	});
	return {
		call: async (name, ...[argument]) => {
			const id = calls++;
			const answer = await new Promise<Answer>((resolve) => {
				waiting.set(id, resolve);
				child.send({ id, name, argument } satisfies Call);
			});
			waiting.delete(id);
			if (answer.error !== undefined) throw new Error(answer.error);
			return answer.value as never;
		},
		stop: async () => {
			const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
			if (child.kill()) await exited;
		},
	};
}

/** Answers the calls of the process that started this one. */
export function serve(handlers: Handlers): void {
	// However the other process ended, nothing of it is left behind.
	process.once('disconnect', () => process.exit());
	process.on('message', ({ id, name, argument }: Call) => {
		void Promise.resolve()
			.then(() => handlers[name](argument as never))
			.then(
				(value) => process.send!({ id, value } satisfies Answer),
				(error: Error) => process.send!({ id, error: error.stack } satisfies Answer),
			);
	});
}

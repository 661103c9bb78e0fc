import { setTimeout as delay } from 'node:timers/promises';
import { rest, start, type Act } from './start';
import { virtualTime } from './virtualTime';
import type { World } from './world';

/** Everything ends within this, in milliseconds of the story. */
const SOON_MS = 2_000;

/** The same in real time, where it only guards against hanging: a busy machine is slow. */
const PATIENCE_MS = 60_000;

/** Where a request is when the execution is cancelled. */
const MOMENTS = ['arrived', 'stalled', 'done', 'pause'] as const;

/**
 * Starts an operation and cancels it somewhere on the way: while a request is on its way to the
 * server, while it gets no answer, while its answer is on the way back, or in the next wait.
 *
 * @param within so many requests
 */
export async function cancelOnTheWay(world: World, act: Act, within = 6): Promise<void> {
	const { faults, ledger } = world.emulator;
	const at = ledger.requests.length + world.random.integer(1, within);
	const moment = world.random.pick(MOMENTS);
	let cancelled: { real: number; story: number; sent: number } | undefined;
	const cancel = () => {
		if (cancelled || ledger.requests.length < at) return;
		const sent = ledger.requests.length;
		cancelled = { real: virtualTime.realNow(), story: Date.now(), sent };
		virtualTime.longest = 0;
		execution.cancel();
	};
	const { onStall } = faults;
	faults.onStall = (request) => {
		onStall(request);
		if (moment === 'stalled') cancel();
	};
	ledger.onRequest = (_request, stage) => {
		if (stage === moment) cancel();
		if (moment !== 'stalled' || stage !== 'arrived' || ledger.requests.length !== at) return;
		faults.next({ path: /./, fault: { type: 'stall', when: 'before' } });
	};
	virtualTime.onPause(() => {
		if (moment === 'pause') cancel();
	});
	const execution = start(world, act);
	await execution.finished;
	ledger.onRequest = () => {};
	faults.onStall = onStall;
	virtualTime.onPause(() => {});
	if (!cancelled) return;
	world.count(`cancels: ${moment}`);
	const real = virtualTime.realNow() - cancelled.real;
	const story = Date.now() - cancelled.story;
	await rest(world, act.operation);
	while (world.stalled() > 0 && virtualTime.realNow() - cancelled.real < PATIENCE_MS) {
		await delay(1);
	}
	await untilCreated(world);
	const open = world.stalled();
	const { longest } = virtualTime;
	if (Math.max(story, longest) > SOON_MS || real > PATIENCE_MS || open > 0) {
		const { operation } = act;
		const detail = { operation, moment, real, story, longest, open };
		world.broken('cancel ends everything in two seconds', detail);
	}
	// One request may have been on its way.
	if (ledger.requests.length > cancelled.sent + 1) {
		const more = ledger.requests.slice(cancelled.sent).map(({ path }) => path);
		world.broken('nothing is sent after a cancel', more);
	}
}

/** Many turns of the event loop: a request that has arrived is being worked on by then. */
const TURNS = 20;

/** Waits until the server has done what it was asked to create, which takes no time of the story. */
async function untilCreated({ emulator: { ledger } }: World): Promise<void> {
	for (let quiet = 0; quiet < TURNS; quiet = ledger.creating > 0 ? 0 : quiet + 1) await delay(1);
}

import { unixSeconds } from '../../../support/emulator/clock';
import { toTable } from '../../../support/table';
import { eventIds, reportedEvents } from '../../../support/lab/n8n/events';
import { until } from '../../../support/lab/until';
import { CASE, pollingWorkflow } from '../../../support/lab/workflows/triggers';
import { STILL, type Account } from '../../../support/lab/account';
import type { Stage } from '../stage';

/** How many batches are unfinished at the same time, all of one trigger. */
const OPEN = [10, 100, 300, 1_000, 2_000];

/** How many of them end in the same moment, spread over their ages. */
const ENDING = 10;

const POLLS = 4;

interface Polls {
	open: number;
	/** Requests to the service in one poll. */
	requests: number;
	/** From the first request of a poll to its last, in the mean. */
	seconds: number;
	/** How many of the events the next two polls reported. */
	reported: number;
}

const isFirstPage = ({ path, query }: { path: string; query: Record<string, string> }) =>
	path.endsWith('/batches') && query.after === undefined;

/** The requests of some whole polls, poll by poll. */
async function observe({ emulator }: Account): Promise<number[][]> {
	const { requests } = emulator.ledger;
	const begin = requests.length;
	const begun = () => requests.slice(begin).filter(isFirstPage).length;
	await until('polls', () => begun() > POLLS);
	const polls: number[][] = [];
	for (const request of requests.slice(begin)) {
		if (isFirstPage(request)) polls.push([]);
		polls.at(-1)?.push(request.at);
	}
	return polls.slice(0, POLLS);
}

const mean = (values: number[]): number =>
	values.reduce((sum, value) => sum + value, 0) / values.length;

async function withOpen(stage: Stage, open: number): Promise<Polls> {
	const account = await stage.account(STILL);
	const name = `${open} open`;
	const now = unixSeconds(Date.now());
	const batches = Array.from({ length: open }, (_, index) =>
		account.emulator.addBatch({
			status: 'in_progress',
			created_at: now - open + index,
			completed_at: null,
			metadata: { [CASE]: name },
		}),
	);
	const { credential } = account;
	const workflowId = await stage.publish(pollingWorkflow({ name, credential }));
	const polls = await observe(account);
	const ending = batches.filter((_, index) => index % (open / ENDING) === 0);
	for (const batch of ending) {
		Object.assign(batch, { status: 'completed', completed_at: unixSeconds(Date.now()) });
	}
	await account.twoMorePolls();
	const found = await reportedEvents(stage.cluster.rest, workflowId);
	await stage.cluster.rest.deactivate(workflowId);
	return {
		open,
		requests: mean(polls.map(({ length }) => length)),
		seconds: mean(polls.map((times) => (times.at(-1)! - times[0]) / 1000)),
		reported: new Set(eventIds(found)).size,
	};
}

/** What a poll costs with more and more unfinished batches, in Markdown. */
export async function triggerTable(stage: Stage): Promise<string> {
	const rows: string[][] = [];
	for (const open of OPEN) {
		console.error(`a trigger with ${open} unfinished batches`);
		const polls = await withOpen(stage, open);
		rows.push([
			open.toLocaleString('en-US'),
			polls.requests.toFixed(1),
			polls.seconds.toFixed(2),
			`${polls.reported} of ${ENDING}`,
		]);
	}
	const titles = [
		'unfinished batches',
		'requests a poll',
		'seconds a poll',
		'reported within two polls',
	];
	return toTable([titles, ...rows]);
}

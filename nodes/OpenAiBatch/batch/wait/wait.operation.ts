import type {
	IDataObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { BATCH_FIELDS, batchItem } from '../batchItems';
import type { WaitSettings } from './batchWait';
import { BatchWait } from './batchWait';
import type { ParkedWait } from './parking';
import { PARKED_FROM_MS, ParkingLoop } from './parking';
import type { OpenAiClient } from '../../../openai/client';
import { CANCELLED } from '../../../openai/client';
import { batchIdField, idParameter, isUnset, optionsField } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, errorItem, showFor } from '../../shared/operation';
import { describeProgress } from '../results/readiness';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const DEFAULT_MINUTES = 60;
const DEFAULT_POLL_SECONDS = 30;
/** After 24 hours, OpenAI lets a batch expire. */
const DEFAULT_HOURS = 26;
const DEFAULT_POLL_MINUTES = 10;
/** After a shorter interval, the execution would not be parked. */
const LEAST_POLL_MINUTES = 2;

const LONGEST_WAIT_MS = 366 * 24 * HOUR_MS;

/** A batch that is older when its wait begins is known to the server. */
const NEW_FOR_MS = 2 * MINUTE_MS;

/** What becomes of the execution during the wait: the units, defaults and limits of its options. */
const WAYS = {
	open: {
		maxWait: { option: 'maxWait', initial: DEFAULT_MINUTES, unit: 'minute', ms: MINUTE_MS },
		interval: {
			option: 'pollInterval',
			initial: DEFAULT_POLL_SECONDS,
			least: 1,
			unit: 'second',
			ms: SECOND_MS,
		},
		longestPause: Infinity,
	},
	park: {
		maxWait: { option: 'maxWaitHours', initial: DEFAULT_HOURS, unit: 'hour', ms: HOUR_MS },
		interval: {
			option: 'pollIntervalMinutes',
			initial: DEFAULT_POLL_MINUTES,
			least: LEAST_POLL_MINUTES,
			unit: 'minute',
			ms: MINUTE_MS,
		},
		longestPause: PARKED_FROM_MS,
	},
};

type Way = (typeof WAYS)[keyof typeof WAYS];

/** How many batches are polled at the same time. */
const AT_ONCE = 10;

const whenOpen = { hide: { duringWait: ['park'] } };
const whenParked = { show: { duringWait: ['park'] } };
const optionWhenOpen = { hide: { '/duringWait': ['park'] } };
const optionWhenParked = { show: { '/duringWait': ['park'] } };

const waitProperties: INodeProperties[] = [
	{
		displayName: 'During the Wait',
		name: 'duringWait',
		type: 'options',
		noDataExpression: true,
		// A tool has no outputs to connect.
		displayOptions: { hide: { '@tool': [true] } },
		options: [
			{
				name: 'Keep the Execution Open',
				value: 'open',
				description: 'For minutes. A restart of n8n ends the wait.',
			},
			{
				name: 'Park the Execution',
				value: 'park',
				description:
					'For hours. n8n stores the execution, whose status is then Waiting, and continues it for each request, also after a restart. The node gets a second output.',
			},
		],
		default: 'open',
	},
	{
		displayName:
			'The execution stays open during the wait, and a restart of n8n ends it. For hours, choose <b>Park the Execution</b>, or use the OpenAI Batch Trigger: it starts a workflow when a batch is finished.',
		name: 'waitNotice',
		type: 'notice',
		displayOptions: whenOpen,
		default: '',
	},
	{
		displayName:
			'Drag a connection from <b>Still Waiting</b> back to the input of this same node, and connect the next node to <b>Finished</b>. Place the next node higher than this one to process finished batches while others wait: n8n runs the higher branch first.',
		name: 'parkNotice',
		type: 'notice',
		displayOptions: whenParked,
		default: '',
	},
	batchIdField,
	{
		...optionsField,
		options: [
			{
				displayName: 'Max Wait (Hours)',
				name: 'maxWaitHours',
				type: 'number',
				typeOptions: { minValue: 0 },
				displayOptions: optionWhenParked,
				default: DEFAULT_HOURS,
				description:
					'The longest time to wait. OpenAI lets a batch expire after 24 hours. An execution timeout of n8n has to be longer, because n8n counts the time of the wait too.',
			},
			{
				displayName: 'Max Wait (Minutes)',
				name: 'maxWait',
				type: 'number',
				typeOptions: { minValue: 0 },
				displayOptions: optionWhenOpen,
				default: DEFAULT_MINUTES,
				description:
					'The longest time to wait. If n8n limits the time of an execution, the wait can end earlier.',
			},
			{
				displayName: 'On Timeout',
				name: 'onTimeout',
				type: 'options',
				options: [
					{
						name: 'Continue',
						value: 'continue',
						description: 'Return the batch, although it is not finished',
					},
					{ name: 'Error', value: 'error', description: 'Stop with an error' },
				],
				default: 'error',
				description: 'What to do if the batch is not finished after Max Wait',
			},
			{
				displayName: 'Poll Interval (Minutes)',
				name: 'pollIntervalMinutes',
				type: 'number',
				typeOptions: { minValue: LEAST_POLL_MINUTES },
				displayOptions: optionWhenParked,
				default: DEFAULT_POLL_MINUTES,
				description:
					'The longest time between two requests for the status. The first requests follow each other faster. Each request adds a run of this node to the execution.',
			},
			{
				displayName: 'Poll Interval (Seconds)',
				name: 'pollInterval',
				type: 'number',
				typeOptions: { minValue: 1 },
				displayOptions: optionWhenOpen,
				default: DEFAULT_POLL_SECONDS,
				description:
					'The longest time between two requests for the status. The first requests follow each other faster.',
			},
		],
	},
];

interface WaitOptions {
	[option: string]: unknown;
	onTimeout?: 'error' | 'continue';
}

/** How to wait for an item's batch. @throws {NodeOperationError} for times that are not possible */
function waitSettings(
	context: IExecuteFunctions,
	itemIndex: number,
	{ maxWait, interval }: Way,
	parked: ParkedWait | undefined,
): WaitSettings {
	if (parked) return { itemIndex, ...parked };
	const options = context.getNodeParameter('options', itemIndex, {}) as WaitOptions;
	const { onTimeout = 'error' } = options;
	const [longestWait, longestInterval] = [maxWait, interval].map(({ option, initial }) =>
		Number(isUnset(options[option]) ? initial : options[option]),
	);
	const most = LONGEST_WAIT_MS / maxWait.ms;
	if (!(longestWait >= 0 && longestWait <= most && longestInterval >= interval.least)) {
		throw new NodeOperationError(
			context.getNode(),
			`Max Wait has to be from 0 to ${counted(most, maxWait.unit)}, and Poll Interval at least ${counted(interval.least, interval.unit)}`,
			{ itemIndex },
		);
	}
	const now = Date.now();
	const batchId = idParameter(context, 'batchId', itemIndex);
	return {
		itemIndex,
		batchId,
		since: now,
		until: now + longestWait * maxWait.ms,
		firstPoll: now,
		longestInterval: longestInterval * interval.ms,
		onTimeout,
		isNew: isNewBatch(context.getInputData()[itemIndex].json, batchId, now),
	};
}

/**
 * Whether the input item says that this batch was created just before, as behind Submit. Any other
 * id may be mistyped, and is not asked for again. The clocks of n8n and of the server may differ.
 */
function isNewBatch({ id, created_at: at }: IDataObject, batchId: string, now: number): boolean {
	return id === batchId && Math.abs(now - Date.parse(String(at))) < NEW_FOR_MS;
}

const counted = (count: number, unit: string) =>
	`${count.toLocaleString('en-US')} ${unit}${count === 1 ? '' : 's'}`;

/**
 * Polls all batches until every wait is over, or nothing is to be done for longer than a pause may
 * take.
 *
 * @param longestPause milliseconds
 * @param check called after each poll; it ends all waits when it throws
 * @returns when to poll next, in epoch milliseconds, where a wait is not over
 */
async function waitForAll(
	client: OpenAiClient,
	waits: BatchWait[],
	longestPause: number,
	check: (wait: BatchWait) => void,
): Promise<number | undefined> {
	let open = waits;
	while (open.length > 0) {
		const due = open.filter(({ nextPoll }) => nextPoll <= Date.now());
		for (let start = 0; start < due.length; start += AT_ONCE) {
			await Promise.all(due.slice(start, start + AT_ONCE).map(async (wait) => await wait.poll()));
		}
		due.forEach(check);
		open = open.filter(({ isOver }) => !isOver);
		if (open.length === 0) return undefined;
		const next = Math.min(...open.map(({ nextPoll }) => nextPoll));
		if (next - Date.now() > longestPause) return next;
		if (!(await client.pause(next - Date.now()))) {
			throw new NodeOperationError(client.context.getNode(), CANCELLED);
		}
	}
	return undefined;
}

/** The error for a wait that is over; undefined when it has a batch to return. */
function problemOf(context: IExecuteFunctions, wait: BatchWait, { maxWait }: Way) {
	const { batch, client, failure, lastFault, isTimedOut, settings } = wait;
	const { batchId, itemIndex, onTimeout, since, until } = settings;
	if (failure) return client.error(failure);
	if (!isTimedOut) return undefined;
	const time = counted((until - since) / maxWait.ms, maxWait.unit);
	if (!batch) return client.error(lastFault!, `After ${time}, batch ${batchId} could not be read`);
	if (onTimeout === 'continue') return undefined;
	return new NodeOperationError(
		context.getNode(),
		`Batch ${batchId} is not finished after ${time}. It is ${describeProgress(batch)}`,
		{
			itemIndex,
			description: lastFault
				? `The last request for its status failed: ${lastFault.message}`
				: 'The batch continues. Execute this step again to go on waiting, or use Get Results with the id of the batch when it is finished. For batches that take hours, choose Park the Execution or use the OpenAI Batch Trigger.',
		},
	);
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const isParked = context.getNodeParameter('duringWait', 0, 'open') === 'park';
	try {
		return isParked
			? await waitFor(context, client, WAYS.park, new ParkingLoop(context))
			: await waitFor(context, client, WAYS.open);
	} catch (error) {
		const errors = context.getInputData().map((_, i) => asNodeError(context.getNode(), error, i));
		if (!context.continueOnFail() || client.cancelSignal?.aborted) throw errors[0];
		// n8n would pass the input on as if it were the output: a wait that parks would go round at once,
		// and without end.
		const failed = errors.map(errorItem);
		return isParked ? [[], failed] : [failed];
	}
}

async function waitFor(
	context: IExecuteFunctions,
	client: OpenAiClient,
	way: Way,
	loop?: ParkingLoop,
): Promise<INodeExecutionData[][]> {
	if (loop?.cameBackUnconnected) return [];
	const over: INodeExecutionData[] = [];
	const waits: BatchWait[] = [];
	const fail = (error: unknown, itemIndex: number) => {
		const nodeError = asNodeError(context.getNode(), error, itemIndex);
		if (!context.continueOnFail()) throw nodeError;
		over[itemIndex] = errorItem(nodeError, itemIndex);
	};
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		try {
			const parked = loop?.read(itemIndex);
			waits.push(new BatchWait(client, waitSettings(context, itemIndex, way, parked)));
		} catch (error) {
			fail(error, itemIndex);
		}
	}
	const nextPoll = await waitForAll(client, waits, way.longestPause, (wait) => {
		if (!wait.isOver) return;
		const problem = problemOf(context, wait, way);
		const { itemIndex } = wait.settings;
		if (problem) fail(problem, itemIndex);
		else over[itemIndex] = { json: batchItem(wait.batch!), pairedItem: { item: itemIndex } };
	});
	if (!loop) return [over];
	const open = waits.filter(({ isOver }) => !isOver).map(({ settings }) => settings);
	return await loop.outputs(open, nextPoll, Object.values(over));
}

export const wait: Operation = {
	option: {
		name: 'Wait for Completion',
		value: 'wait',
		action: 'Wait for a batch to finish',
		description:
			'Wait until a batch is completed, failed, expired or cancelled, and return it with its status',
	},
	properties: showFor('batch', 'wait', waitProperties),
	output: BATCH_FIELDS,
	execute,
};

import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { BATCH_FIELDS, batchItem } from '../batchItems';
import { BatchWait } from './batchWait';
import type { OpenAiClient } from '../../../openai/client';
import { CANCELLED } from '../../../openai/client';
import { batchIdField, idParameter, isUnset, optionsField } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, errorItem, showFor } from '../../shared/operation';
import { describeProgress } from '../results/readiness';

const DEFAULT_MAX_WAIT = 60;
const DEFAULT_POLL_INTERVAL = 30;

/** How many batches are polled at the same time. */
const AT_ONCE = 10;

const waitProperties: INodeProperties[] = [
	{
		displayName:
			'The execution stays open during the wait. For batches that take long, use the OpenAI Batch Trigger instead: it starts a workflow when a batch is finished.',
		name: 'waitNotice',
		type: 'notice',
		default: '',
	},
	batchIdField,
	{
		...optionsField,
		options: [
			{
				displayName: 'Max Wait (Minutes)',
				name: 'maxWait',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: DEFAULT_MAX_WAIT,
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
				displayName: 'Poll Interval (Seconds)',
				name: 'pollInterval',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: DEFAULT_POLL_INTERVAL,
				description:
					'The longest time between two requests for the status. The first requests follow each other faster.',
			},
		],
	},
];

interface WaitOptions {
	/** Minutes. */
	maxWait?: unknown;
	onTimeout?: 'error' | 'continue';
	/** Seconds. */
	pollInterval?: unknown;
}

/** The wait for an item's batch. @throws {NodeOperationError} for times that are not possible */
function startWait(
	context: IExecuteFunctions,
	itemIndex: number,
	client: OpenAiClient,
	now: number,
): BatchWait {
	const batchId = idParameter(context, 'batchId', itemIndex);
	const options = context.getNodeParameter('options', itemIndex, {}) as WaitOptions;
	const { maxWait, onTimeout = 'error', pollInterval } = options;
	const minutes = Number(isUnset(maxWait) ? DEFAULT_MAX_WAIT : maxWait);
	const seconds = Number(isUnset(pollInterval) ? DEFAULT_POLL_INTERVAL : pollInterval);
	if (minutes >= 0 && seconds >= 1) {
		const times = { maxWait: minutes * 60_000, longestInterval: seconds * 1000 };
		return new BatchWait(client, { batchId, itemIndex, onTimeout, ...times }, now);
	}
	throw new NodeOperationError(
		context.getNode(),
		'Max Wait has to be at least 0 minutes, and Poll Interval at least 1 second',
		{ itemIndex },
	);
}

/**
 * Polls all batches until every wait is over.
 *
 * @param check called after each poll; it ends all waits when it throws
 */
async function waitForAll(
	client: OpenAiClient,
	waits: BatchWait[],
	check: (wait: BatchWait) => void,
): Promise<void> {
	let open = waits;
	while (open.length > 0) {
		const due = open.filter(({ nextPoll }) => nextPoll <= Date.now());
		for (let start = 0; start < due.length; start += AT_ONCE) {
			await Promise.all(due.slice(start, start + AT_ONCE).map(async (wait) => await wait.poll()));
		}
		due.forEach(check);
		open = open.filter(({ isOver }) => !isOver);
		if (open.length === 0) return;
		const next = Math.min(...open.map(({ nextPoll }) => nextPoll));
		if (!(await client.pause(next - Date.now()))) {
			throw new NodeOperationError(client.context.getNode(), CANCELLED);
		}
	}
}

/** The error for a wait that is over; undefined when it has a batch to return. */
function problemOf(context: IExecuteFunctions, wait: BatchWait) {
	const { batch, client, failure, lastFault, isTimedOut, settings } = wait;
	const { batchId, itemIndex, maxWait, onTimeout } = settings;
	if (failure) return client.error(failure);
	if (!isTimedOut) return undefined;
	const time = `${maxWait / 60_000} minutes`;
	if (!batch) return client.error(lastFault!, `Batch ${batchId} could not be read in ${time}`);
	if (onTimeout === 'continue') return undefined;
	return new NodeOperationError(
		context.getNode(),
		`Batch ${batchId} is not finished after ${time}. It is ${describeProgress(batch)}`,
		{
			itemIndex,
			description: lastFault
				? `The last request for its status failed: ${lastFault.message}`
				: 'Wait longer, or use the OpenAI Batch Trigger, which starts a workflow when a batch is finished.',
		},
	);
}

function itemOf({ batch, settings }: BatchWait): INodeExecutionData {
	return {
		json: batchItem(batch!),
		pairedItem: { item: settings.itemIndex },
	};
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const output: INodeExecutionData[] = [];
	const waits: BatchWait[] = [];
	const now = Date.now();
	const fail = (error: unknown, itemIndex: number) => {
		const nodeError = asNodeError(context.getNode(), error, itemIndex);
		if (!context.continueOnFail()) throw nodeError;
		output[itemIndex] = errorItem(nodeError, itemIndex);
	};
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		try {
			waits.push(startWait(context, itemIndex, client, now));
		} catch (error) {
			fail(error, itemIndex);
		}
	}
	await waitForAll(client, waits, (wait) => {
		if (!wait.isOver) return;
		const problem = problemOf(context, wait);
		const { itemIndex } = wait.settings;
		if (problem) fail(problem, itemIndex);
		else output[itemIndex] = itemOf(wait);
	});
	return [output];
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

import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { CANCELLED } from '../../../openai/http/client';
import { describeBatch } from '../../../openai/api/describe';
import { pause } from '../../../openai/http/pause';
import { showFor } from '../../shared/display';
import { idParameter } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, errorItem } from '../../shared/operation';
import { describeProgress } from '../results/readiness';
import { waitProperties } from './wait.properties';
import { WaitFor } from './waitFor';

interface WaitOptions {
	/** Minutes. */
	maxWait?: number;
	onTimeout?: 'error' | 'continue';
	/** Seconds. */
	pollInterval?: number;
}

const DEFAULT_MAX_WAIT = 60;
const DEFAULT_POLL_INTERVAL = 30;

/** How many batches are looked at at once. */
const AT_ONCE = 10;

const optionsOf = (context: IExecuteFunctions, itemIndex: number) =>
	context.getNodeParameter('options', itemIndex, {}) as WaitOptions;

function waitFor(context: IExecuteFunctions, itemIndex: number, now: number): WaitFor {
	const batchId = idParameter(context, 'batchId', itemIndex);
	const { maxWait, pollInterval } = optionsOf(context, itemIndex);
	const minutes = Number(maxWait ?? DEFAULT_MAX_WAIT);
	const seconds = Number(pollInterval ?? DEFAULT_POLL_INTERVAL);
	if (minutes >= 0 && seconds >= 1) {
		const times = { maxWait: minutes * 60_000, longestInterval: seconds * 1000 };
		return new WaitFor(context, { batchId, itemIndex, ...times }, now);
	}
	throw new NodeOperationError(
		context.getNode(),
		'Max Wait has to be 0 minutes or more, and Poll Interval 1 second or more',
		{ itemIndex },
	);
}

/**
 * Looks at all batches until none is left to wait for.
 *
 * @param check called after each look, and ends the waiting by throwing
 */
async function waitForAll(
	context: IExecuteFunctions,
	waits: WaitFor[],
	check: (wait: WaitFor) => void,
): Promise<void> {
	let open = waits;
	while (open.length > 0) {
		const due = open.filter(({ nextLook }) => nextLook <= Date.now());
		for (let start = 0; start < due.length; start += AT_ONCE) {
			await Promise.all(due.slice(start, start + AT_ONCE).map(async (wait) => await wait.look()));
		}
		due.forEach(check);
		open = open.filter(({ isOver }) => !isOver);
		if (open.length === 0) return;
		const next = Math.min(...open.map(({ nextLook }) => nextLook));
		if (!(await pause(next - Date.now(), context.getExecutionCancelSignal()))) {
			throw new NodeOperationError(context.getNode(), CANCELLED);
		}
	}
}

/** The error for a wait that ended without a finished batch; undefined when it has one. */
function problemOf(context: IExecuteFunctions, wait: WaitFor) {
	const { batch, client, failure, lastFault, isTimedOut, settings } = wait;
	const { batchId, itemIndex, maxWait } = settings;
	if (failure) return client.error(failure);
	if (!isTimedOut) return undefined;
	const { onTimeout = 'error' } = optionsOf(context, itemIndex);
	const time = `${maxWait / 60_000} minutes`;
	if (!batch) return client.error(lastFault!, `Batch ${batchId} could not be read in ${time}`);
	if (onTimeout === 'continue') return undefined;
	return new NodeOperationError(
		context.getNode(),
		`Batch ${batchId} is not finished after ${time}. It is ${describeProgress(batch)}`,
		{
			itemIndex,
			description: lastFault
				? `It could not be read at the end: ${lastFault.message}`
				: 'Wait longer, or start from the OpenAI Batch Trigger, which fires when it is finished.',
		},
	);
}

function itemOf({ batch, settings }: WaitFor): INodeExecutionData {
	return {
		json: { ...(batch as unknown as IDataObject), ...describeBatch(batch!) },
		pairedItem: { item: settings.itemIndex },
	};
}

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const output: INodeExecutionData[] = [];
	const waits: WaitFor[] = [];
	const now = Date.now();
	const fail = (error: unknown, itemIndex: number) => {
		const nodeError = asNodeError(context.getNode(), error, itemIndex);
		if (!context.continueOnFail()) throw nodeError;
		output[itemIndex] = errorItem(nodeError, itemIndex);
	};
	for (let itemIndex = 0; itemIndex < context.getInputData().length; itemIndex++) {
		try {
			waits.push(waitFor(context, itemIndex, now));
		} catch (error) {
			fail(error, itemIndex);
		}
	}
	await waitForAll(context, waits, (wait) => {
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
	execute,
};

import type {
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import { OpenAiClient } from '../openai/http/client';
import type { BatchEvent } from '../batchEvents/events';
import { toJson } from '../batchEvents/eventItem';
import { poll } from './poll';
import { properties } from '../batchEvents/event.properties';
import { sample } from './sample';
import { readSettings } from '../batchEvents/settings';
import { batchSource } from './source';

/** n8n may begin the next poll after a minute, whether this one is done or not. */
const LONGEST_POLL_MS = 60_000;

/** The parts of a poll's time after which no request is begun, and no answer is waited for. */
const STOP_AFTER = 0.6;
const DEADLINE_AFTER = 0.9;

function toItems(context: IPollFunctions, events: readonly BatchEvent[]): INodeExecutionData[][] {
	const { simplify = true } = context.getNodeParameter('options', {}) as { simplify?: boolean };
	return [context.helpers.returnJsonArray(events.map((event) => toJson(event, simplify)))];
}

export class OpenAiBatchTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'OpenAI Batch Trigger',
		name: 'openAiBatchTrigger',
		icon: {
			light: 'file:../OpenAiBatch/openAiBatch.svg',
			dark: 'file:../OpenAiBatch/openAiBatch.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Starts the workflow when batches of OpenAI or a compatible server finish or change',
		defaults: { name: 'OpenAI Batch Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openAiBatchApi', required: true }],
		properties,
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const settings = readSettings(this);
		// Versions of n8n without this function leave a poll all the time it takes.
		const budget: unknown = this.getPollBudgetMs?.();
		const time = Math.min(typeof budget === 'number' ? budget : Infinity, LONGEST_POLL_MS);
		const start = Date.now();
		const source = batchSource(new OpenAiClient(this, { deadline: start + time * DEADLINE_AFTER }));

		if (this.getMode() === 'manual') {
			const event = await sample(source, settings);
			if (event) return toItems(this, [event]);
			throw new NodeOperationError(
				this.getNode(),
				'No data with the current filter could be found',
			);
		}

		const data = this.getWorkflowStaticData('node');
		const before = JSON.stringify(data.state);
		const { events, stored } = await poll(source, data.state, settings, {
			now: Date.now,
			stopAt: start + time * STOP_AFTER,
		});
		// Another poll of this node has overtaken this one, and has told what there is to tell.
		if (JSON.stringify(data.state) !== before) return null;
		// In one piece, as n8n does not notice changes further down; and last, as a poll that fails
		// has to leave everything to the next one.
		if (JSON.stringify(stored) !== before) data.state = stored as unknown as typeof data;
		return events.length > 0 ? toItems(this, events) : null;
	}
}

import type {
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IPollFunctions,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type { BatchEvent } from '../batchEvents/batchEvent';
import { toEventItem } from '../batchEvents/eventItem';
import { toSubmissionItem, type SubmissionEvent } from '../batchEvents/submissionEvent';
import { HttpClient } from '../openai/http/httpClient';
import { batchSource, findTestEvent, LostPlace, poll } from './poll';
import { pollingProperties, readPollSettings } from './polling.properties';

/** n8n may start the next poll after a minute, whether this one has ended or not. */
const LONGEST_POLL_MS = 60_000;

/** The shares of a poll's time after which it sends no request, and awaits no answer. */
const STOP_AFTER = 0.6;
const DEADLINE_AFTER = 0.9;

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
		// The names of the panel. n8n's lint wants to see the text here.
		subtitle:
			'={{ $parameter["events"].map((event) => ({ ended: "Any Outcome", cancelled: "Cancelled", cancelling: "Cancelling", completed: "Completed", created: "Created", expired: "Expired", failed: "Failed", finalizing: "Finalizing", in_progress: "In Progress", submission_finished: "Submission Finished" })[event]).join(", ") }}',
		// n8n's search shows it for the node and its trigger together.
		description:
			'Run thousands of requests at half price, or start the workflow when a batch has ended',
		defaults: { name: 'OpenAI Batch Trigger' },
		polling: true,
		builderHint: {
			searchHint:
				'Starts a workflow when a batch of the OpenAI Batch node has ended, hours after it was submitted. Connect it to OpenAI Batch with the operation Get Results, which takes the id of the event. Choose the event Submission Finished, and Whole Submission in Get Results, where one submission has several batches. Filter by the metadata that Submit was given, so that other batches do not start the workflow.',
			relatedNodes: [
				{
					nodeType: 'n8n-nodes-openai-batch.openAiBatch',
					relationHint:
						'Submit creates the batches in another workflow; Get Results follows this trigger',
				},
			],
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'openAiBatchApi', required: true }],
		properties: pollingProperties,
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const settings = readPollSettings(this);
		const toItems = (events: readonly BatchEvent[], submissions: readonly SubmissionEvent[]) => [
			this.helpers.returnJsonArray([
				...events.map((event) => toEventItem(event, settings.simplify)),
				...submissions.map((event) => toSubmissionItem(event, settings.simplify)),
			]),
		];
		// Versions of n8n without this function do not limit the time of a poll.
		const budget: unknown = this.getPollBudgetMs?.();
		const time = Math.min(typeof budget === 'number' ? budget : Infinity, LONGEST_POLL_MS);
		const start = Date.now();
		const client = new HttpClient(this, { deadline: start + time * DEADLINE_AFTER });

		if (this.getMode() === 'manual') {
			const { event, submission } = await findTestEvent(client, settings);
			if (event ?? submission) return toItems(event ? [event] : [], submission ? [submission] : []);
			throw new NodeOperationError(
				this.getNode(),
				'No data with the current filter could be found',
				{
					description:
						'No recent batch fits the events and the filters. Submit a batch with the same metadata and wait until it has ended, or remove a filter for the test. You can publish the workflow without a test event.',
				},
			);
		}

		const data = this.getWorkflowStaticData('node');
		const before = JSON.stringify(data.state);
		const { events, submissions, problem, stored } = await poll(
			batchSource(client),
			data.state,
			settings,
			{
				now: Date.now,
				hasTime: () => Date.now() < start + time * STOP_AFTER,
			},
		).catch((error: Error) => {
			if (!(error instanceof LostPlace)) throw error;
			throw new NodeOperationError(this.getNode(), error.message, {
				description: 'Nothing is lost: the next poll reads the list again.',
			});
		});
		if (problem)
			this.logger.warn(`Some submissions could not be looked at yet: ${problem.message}`);
		// Another poll of this node has overtaken this one, and has reported everything.
		if (JSON.stringify(data.state) !== before) return null;
		// As a whole, since n8n does not notice changes inside the state; and last, since a poll that
		// fails has to leave everything to the next one.
		if (JSON.stringify(stored) !== before) data.state = stored as unknown as typeof data;
		return events.length + submissions.length > 0 ? toItems(events, submissions) : null;
	}
}

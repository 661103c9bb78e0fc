import type { IPollFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type { EventName } from './batchEvent';
import { ANY_OUTCOME, ENDINGS, EVENTS } from './batchEvent';
import type { EventFilters } from './eventFilters';
import { SUBMISSION_FINISHED } from './submissionEvent';
import { metadataPairs } from '../OpenAiBatch/shared/batchOptions';
import { idProblem, otherKind } from '../openai/client';

/** What the user chose in the panel of a trigger. */
export interface EventSettings {
	events: ReadonlySet<EventName>;
	/** Whether the end of a whole submission is reported too. */
	submissionFinished: boolean;
	filters: EventFilters;
	/** Whether to leave out the batch's rarely needed fields. */
	simplify: boolean;
}

/** The events of single batches that have to be noticed: the end of one may end its submission. */
export function noticedEvents({
	events,
	submissionFinished,
}: Pick<EventSettings, 'events' | 'submissionFinished'>): ReadonlySet<EventName> {
	return submissionFinished ? new Set([...events, ...ENDINGS]) : events;
}

/** The part of n8n's poll, hook and webhook contexts that gives parameters. */
export type ParameterContext = Pick<IPollFunctions, 'getNode' | 'getNodeParameter'>;

interface FilterParameters {
	batchIds?: string | string[];
	endpoint?: string;
	metadata?: unknown;
}

function chosenFilters({ batchIds = '', endpoint = '', metadata }: FilterParameters): EventFilters {
	const ids = Array.isArray(batchIds) ? batchIds.map(String) : String(batchIds).split(/[\s,]+/);
	return {
		endpoint: String(endpoint ?? '').trim(),
		metadata: metadataPairs(metadata)
			.filter(({ key }) => key)
			.map(({ key, value }) => [key, String(value)] as const),
		batchIds: ids.map((id) => id.trim()).filter(Boolean),
	};
}

/**
 * Reads the parameters that both triggers have.
 *
 * @throws {NodeOperationError} when no event is chosen, and for text that cannot be a batch ID
 */
export function readEventSettings(context: ParameterContext): EventSettings {
	const chosen = context.getNodeParameter('events', []) as string[];
	const isChosen = (name: EventName) =>
		chosen.includes(name) || (chosen.includes(ANY_OUTCOME) && ENDINGS.includes(name));
	const events = new Set(EVENTS.filter(isChosen));
	const submissionFinished = chosen.includes(SUBMISSION_FINISHED);
	if (events.size === 0 && !submissionFinished) {
		throw new NodeOperationError(context.getNode(), 'Choose at least one event', {
			description: 'Without an event, this trigger never starts the workflow.',
		});
	}
	const filters = chosenFilters(context.getNodeParameter('filters', {}) as FilterParameters);
	for (const id of filters.batchIds) {
		const problem = idProblem(id) ?? otherKind(id, 'batch');
		if (problem === undefined) continue;
		throw new NodeOperationError(
			context.getNode(),
			`'${id.slice(0, 60)}' is not a batch ID: ${problem}`,
			{ description: 'Enter batch IDs separated by commas under Filters, Batch IDs.' },
		);
	}
	const { simplify = true } = context.getNodeParameter('options', {}) as { simplify?: boolean };
	return { events, submissionFinished, filters, simplify };
}

import type { IPollFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { metadataPairs } from '../OpenAiBatch/shared/metadata';
import { idProblem } from '../openai/http/url';
import { EVENTS, type EventName } from './events';
import type { Filters } from './filters';

/** What the user wants to hear of. */
export interface Settings {
	events: ReadonlySet<EventName>;
	filters: Filters;
	/** On activation, what finished in this many hours before it is told too. */
	finishedWithin: number;
}

interface FilterParameters {
	batchIds?: string | string[];
	endpoint?: string;
	metadata?: unknown;
}

function chosenFilters({ batchIds = '', endpoint = '', metadata }: FilterParameters): Filters {
	const ids = Array.isArray(batchIds) ? batchIds.map(String) : String(batchIds).split(/[\s,]+/);
	return {
		endpoint: String(endpoint ?? '').trim(),
		metadata: metadataPairs(metadata)
			.filter(({ key }) => key)
			.map(({ key, value }) => [key, String(value)] as const),
		batchIds: ids.map((id) => id.trim()).filter(Boolean),
	};
}

/** Reads the parameters of a trigger node. @throws {NodeOperationError} when no event is chosen */
export function readSettings(
	context: Pick<IPollFunctions, 'getNode' | 'getNodeParameter'>,
): Settings {
	const chosen = context.getNodeParameter('events', []) as EventName[];
	const events = new Set(EVENTS.filter((name) => chosen.includes(name)));
	if (events.size === 0) {
		throw new NodeOperationError(context.getNode(), 'Choose at least one event', {
			description: 'Without any, this trigger would never start the workflow.',
		});
	}
	const filters = chosenFilters(context.getNodeParameter('filters', {}) as FilterParameters);
	for (const id of filters.batchIds) {
		const problem = idProblem(id);
		if (problem === undefined) continue;
		throw new NodeOperationError(
			context.getNode(),
			`'${id.slice(0, 60)}' is not the id of a batch: ${problem}`,
			{ description: 'Separate ids by commas under Batch IDs.' },
		);
	}
	const options = context.getNodeParameter('options', {}) as { includeFinishedWithin?: number };
	const hours = Number(options.includeFinishedWithin ?? 0);
	return {
		events,
		filters,
		finishedWithin: Number.isFinite(hours) ? Math.max(0, hours) : 0,
	};
}

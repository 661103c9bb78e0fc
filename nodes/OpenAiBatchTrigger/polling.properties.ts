import type { INodeProperties } from 'n8n-workflow';
import {
	eventsField,
	expiredNotice,
	filtersField,
	simplifyField,
} from '../batchEvents/event.properties';
import {
	readEventSettings,
	type EventSettings,
	type ParameterContext,
} from '../batchEvents/eventSettings';

export const pollingProperties: INodeProperties[] = [
	eventsField,
	expiredNotice,
	filtersField,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		options: [
			{
				displayName: 'Include Finished Within (Hours)',
				name: 'includeFinishedWithin',
				type: 'number',
				typeOptions: { minValue: 0 },
				default: 0,
				description:
					'When the workflow is published for the first time, also report batches that finished in this many hours before',
			},
			simplifyField,
		],
	},
];

/** What the user chose in the panel of the polling trigger. */
export interface PollSettings extends EventSettings {
	/** On activation, batches that finished in this many hours before are reported too. */
	finishedWithin: number;
}

/** Reads the parameters of the polling trigger. @throws {NodeOperationError} for bad ones */
export function readPollSettings(context: ParameterContext): PollSettings {
	const options = context.getNodeParameter('options', {}) as { includeFinishedWithin?: number };
	const hours = Number(options.includeFinishedWithin ?? 0);
	return {
		...readEventSettings(context),
		finishedWithin: Number.isFinite(hours) ? Math.max(0, hours) : 0,
	};
}

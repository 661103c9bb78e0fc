import { azure } from './azure';
import type { Dialect, Wire } from './dialect';
import { isoText, times, without } from './differences';

const capitalised = (status: string) => status[0].toUpperCase() + status.slice(1);

/**
 * Azure OpenAI as the REST samples of its v1 API show it (document of 2026-08): times as ISO text
 * with seven decimals, capitalised statuses, no endpoint, counts null until they are known. How
 * a status of two words is written was not shown: `In_progress` is a guess.
 */
export const azureIso: Dialect = {
	...azure,
	title: 'Azure OpenAI (v1 API, ISO times)',
	statuses: Object.fromEntries(
		Object.entries(azure.statuses).map(([status, name]) => [status, capitalised(name)]),
	) as Dialect['statuses'],
	batch: (batch, moment) => {
		const { request_counts: counts, ...wire } = azure.batch(batch, moment);
		const isCounted = (counts as Wire | null)?.total !== 0;
		return {
			...without(
				times(wire, (seconds) => seconds && isoText(seconds, '2491382', 0)),
				'endpoint',
			),
			request_counts: isCounted ? counts : { total: null, completed: null, failed: null },
		};
	},
};

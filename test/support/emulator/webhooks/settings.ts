import { requiredChoice, requiredString } from '../checks';
import { badRequest } from '../errors';
import type { EndpointSettings } from './endpoints';

/** The types that the service knows, from its SDK's list. */
const EVENT_TYPES = [
	'batch.completed',
	'batch.failed',
	'batch.expired',
	'batch.cancelled',
	'response.completed',
	'response.failed',
	'response.cancelled',
	'response.incomplete',
	'eval.run.succeeded',
	'eval.run.failed',
	'eval.run.canceled',
	'fine_tuning.job.succeeded',
	'fine_tuning.job.failed',
	'fine_tuning.job.cancelled',
	'realtime.call.incoming',
	'video.completed',
	'video.failed',
] as const;

/**
 * An address that deliveries may go to: HTTPS, as the service asks for. The words of its refusal
 * have not been seen, nor what else it refuses.
 */
function httpsUrl(value: unknown): string {
	const url = requiredString(value, 'url');
	if (URL.canParse(url) && new URL(url).protocol === 'https:') return url;
	throw badRequest(`Invalid 'url': expected an HTTPS URL.`, 'url', 'invalid_value');
}

export function eventType(value: unknown, param: string): EndpointSettings['event_types'][number] {
	return requiredChoice(value, param, EVENT_TYPES) as EndpointSettings['event_types'][number];
}

function eventTypes(value: unknown): EndpointSettings['event_types'] {
	if (value === undefined) requiredString(undefined, 'event_types');
	if (!Array.isArray(value) || value.length === 0) {
		const message = `Invalid type for 'event_types': expected an array of event types.`;
		throw badRequest(message, 'event_types', 'invalid_type');
	}
	return value.map((type, index) => eventType(type, `event_types[${index}]`));
}

const CHECKS: { [Name in keyof EndpointSettings]: (value: unknown) => EndpointSettings[Name] } = {
	name: (value) => requiredString(value, 'name'),
	url: httpsUrl,
	event_types: eventTypes,
};

export const SETTINGS = Object.keys(CHECKS) as Array<keyof EndpointSettings>;

/** The checked values of the given settings. @throws ApiError 400 for what the service refuses */
export function checkedSettings(
	body: Record<string, unknown>,
	names: ReadonlyArray<keyof EndpointSettings>,
): Partial<EndpointSettings> {
	return Object.fromEntries(names.map((name) => [name, CHECKS[name](body[name])]));
}

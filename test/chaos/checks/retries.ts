import type { RecordedRequest } from '../../emulator';
import { faultKinds } from '../../emulator/faultKinds';
import type { Act } from '../act';
import type { World } from '../world';

const KINDS = faultKinds();

/** What a server asked to wait, in milliseconds. */
const ASKED: Record<string, number> = { '429, milliseconds': 1_200, '429, seconds': 3_000 };

const isList = ({ path }: RecordedRequest) => /\/(batches|files)$/.test(path);

const isSame = (one: RecordedRequest, other: RecordedRequest) =>
	one.method === other.method &&
	one.path === other.path &&
	JSON.stringify(one.query) === JSON.stringify(other.query);

/**
 * What a request may be followed by: not by itself when its answer was final, not before the time
 * that the server asked for, and a create that may have had an effect by a look at the list first.
 */
export function checkRetries(world: World, { operation, tries = 1 }: Act, made: RecordedRequest[]) {
	const wrong = (why: string, request: RecordedRequest) =>
		world.broken('retries follow the rules', {
			why,
			operation,
			request: `${request.method} ${request.path}`,
			fault: request.fault,
		});
	for (const [index, request] of made.entries()) {
		const next = made[index + 1];
		if (!next || !request.fault || !isSame(request, next)) continue;
		const isLook = request.method === 'GET' && isList(request) && operation !== 'getAll';
		// With "Retry On Fail" n8n itself asks again; a look at a list is followed by others.
		if (KINDS[request.fault].isFinal && tries === 1 && !isLook) wrong('it was final', request);
		const asked = tries === 1 ? ASKED[request.fault] : undefined;
		if (asked && next.at - request.at < asked) wrong('it came too soon', request);
		const isCreate = request.method === 'POST' && request.path.endsWith('/batches');
		if (isCreate && mayHaveCreated(request.fault)) wrong('nobody looked at the list', request);
	}
}

/** Faults after which only a look can tell whether something was created. */
function mayHaveCreated(fault: string): boolean {
	return / after$|^cut|^reset|^stall|^50\d|^408|page|malformed|under 200/.test(fault);
}

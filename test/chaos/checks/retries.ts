import type { RecordedRequest } from '../../support/emulator';
import { faultKinds } from '../../support/emulator/faultKinds';
import type { Done } from '../start';
import type { World } from '../world';

const KINDS = faultKinds();

/** What a server asked to wait, in milliseconds. */
const ASKED: Record<string, number> = { '429, milliseconds': 1_200, '429, seconds': 3_000 };

/** After this answer the operation Wait, which has time, looks again at the end of its own. */
const A_DAY = '429, a day';

/** What they made without an answer they look for several times, as lists may lag. */
const LOOKING = ['submit', 'submitWaiting', 'create', 'retry', 'upload'];

const isList = ({ path }: RecordedRequest) => /\/(batches|files)$/.test(path);

/** An upload, which may read its source from the server meanwhile. */
export const isUpload = ({ method, path }: RecordedRequest) =>
	method === 'POST' && path.endsWith('/files');

const isCreate = ({ method, path }: RecordedRequest) =>
	method === 'POST' && path.endsWith('/batches');

/** Of how many submissions parts have been written down. */
const submissionsOf = ({ emulator }: World) =>
	new Set(
		emulator.ledger.uploads
			.map(({ filename }) => filename!)
			.filter((name) => name.startsWith('n8n-submission-')),
	).size;

/** What these ask of a file is only a help: without an answer they go on, and read its content. */
const DESCRIBING = ['getResults', 'retry'];

const isDescription = ({ method, path }: RecordedRequest) =>
	method === 'GET' && /\/files\/[^/]+$/.test(path);

const isSame = (one: RecordedRequest, other: RecordedRequest) =>
	one.method === other.method &&
	one.path === other.path &&
	one.bytes === other.bytes &&
	JSON.stringify(one.query) === JSON.stringify(other.query);

/**
 * What a request may be followed by: not by itself when its answer was final, not before the time
 * that the server asked for, and a create that may have had an effect by a look at the list first.
 */
export function checkRetries(world: World, { act, requests, begun }: Done): void {
	const { operation, tries = 1 } = act;
	const wrong = (why: string, request: RecordedRequest) =>
		world.broken('retries follow the rules', {
			why,
			operation,
			request: `${request.method} ${request.path}`,
			fault: request.fault,
		});
	/** Whether it has the right to ask again what it got a final answer to. */
	const isNewLook = (request: RecordedRequest, again: RecordedRequest) => {
		if (operation === 'wait' && request.fault === A_DAY) {
			const { maxWait } = act.parameters.options as { maxWait: number };
			return again.at >= begun + maxWait * 60_000;
		}
		return LOOKING.includes(operation) && request.method === 'GET' && isList(request);
	};
	let repeatedFinals = 0;
	let refusedCreates = 0;
	for (const [index, request] of requests.entries()) {
		if (!request.fault) continue;
		const later = requests.slice(index + 1);
		// An upload that is begun anew opens its source anew, which knows nothing of the one before.
		const isSource = requests.slice(0, index).some(isUpload) && request.path.endsWith('/content');
		if (KINDS[request.fault].isFinal) {
			const again = later.find((other) => isSame(request, other));
			// A final answer does not end what can do without it, so whoever reads the file next, to send
			// it or in another try, asks again.
			if (DESCRIBING.includes(operation) && isDescription(request)) continue;
			// A refused create ends its submission. Those of others may be as long, and are tried too.
			if (operation === 'submitWaiting' && isCreate(request)) {
				if (++refusedCreates > submissionsOf(world)) wrong('it was final', request);
				continue;
			}
			// With "Retry On Fail" n8n itself begins anew.
			if (again && !isSource && !isNewLook(request, again) && ++repeatedFinals >= tries) {
				wrong('it was final', request);
			}
		}
		const [next] = later;
		if (!next || !isSame(request, next)) continue;
		const asked = tries === 1 && !isSource ? ASKED[request.fault] : undefined;
		if (asked && next.at - request.at < asked) wrong('it came too soon', request);
		if (isCreate(request) && mayHaveCreated(request.fault))
			wrong('nobody looked at the list', request);
	}
}

/** Faults after which only a look can tell whether something was created. */
function mayHaveCreated(fault: string): boolean {
	return / after$|^cut|^reset|^stall|^50\d|^408|page|malformed|under 200/.test(fault);
}

import { endpointOf } from '../../endpoints';
import { checkBody } from '../../endpoints/body';
import { isSameEndpoint } from '../../endpoints/endpoint';
import type { Issue } from '../../jsonl/fieldChecks';
import { checkText, invalidType, invalidValue, missing } from '../../jsonl/fieldChecks';
import type { JsonObject } from '../../jsonl/json';
import { isObject, textOrNull } from '../../jsonl/json';

export interface RequestCheckerOptions {
	/** The endpoint of the batch. Without it, each request is checked by its own url. */
	endpoint?: string;
	/** What messages call a position. */
	unit?: 'line' | 'item';
}

/**
 * Checks requests by the rules that the API applies only after the upload, when one bad line fails
 * the whole batch. To find duplicates it remembers every custom_id, and nothing else: one checker
 * is for one set of requests that must have different ids.
 *
 * The url may differ from the endpoint only in a leading `/v1`. The body for an endpoint that is
 * not known here has to be an object that does not stream; nothing else of it is checked.
 */
export class RequestChecker {
	private readonly endpoint: string | undefined;
	private readonly unit: string;
	private readonly firstUse = new Map<string, number>();

	constructor(options: RequestCheckerOptions = {}) {
		this.endpoint = options.endpoint;
		this.unit = options.unit ?? 'line';
	}

	/**
	 * Everything that is wrong with a request; empty when the API will accept it.
	 *
	 * @param position where the request is, for the message when a later one has the same custom_id
	 */
	check(request: unknown, position: number): Issue[] {
		if (!isObject(request)) {
			const { code, message } = invalidType('request', 'an object', request);
			return [{ code, message }];
		}
		const issues = [
			...this.checkId(request, position),
			...checkMethod(request),
			...this.checkUrl(request),
			...this.checkBody(request),
		];
		const custom_id = textOrNull(request.custom_id);
		return custom_id === null ? issues : issues.map((issue) => ({ ...issue, custom_id }));
	}

	private checkId(request: JsonObject, position: number): Issue[] {
		const issues = checkText(request, 'custom_id', 'Give each request an id of its own.');
		if (issues.length > 0) return issues;
		const id = String(request.custom_id);
		const first = this.firstUse.get(id);
		if (first === undefined) {
			this.firstUse.set(id, position);
			return [];
		}
		const message = `The custom_id '${id}' is already used by ${this.unit} ${first}. Each request of a batch needs an id of its own.`;
		return [{ code: 'duplicate_custom_id', message, param: 'custom_id' }];
	}

	private checkUrl(request: JsonObject): Issue[] {
		const { endpoint } = this;
		const hint = endpoint === undefined ? '' : `Use '${endpoint}'.`;
		const issues = checkText(request, 'url', hint);
		if (issues.length > 0 || endpoint === undefined) return issues;
		const url = String(request.url);
		if (isSameEndpoint(url, endpoint)) return [];
		const message = `The url '${url}' does not match the batch's endpoint '${endpoint}'. Use the endpoint as the url, or submit these requests as a batch of their own.`;
		return [{ code: 'invalid_url', message, param: 'url' }];
	}

	private checkBody({ body, url }: JsonObject): Issue[] {
		if (body === undefined || body === null) return [missing('body')];
		if (!isObject(body)) return [invalidType('body', 'an object', body)];
		return checkBody(endpointOf(this.endpoint ?? url), body);
	}
}

/** The model that a body names. Requests for different models cannot share a batch. */
export function modelOf(body: unknown): string | undefined {
	return isObject(body) ? (textOrNull(body.model) ?? undefined) : undefined;
}

function checkMethod(request: JsonObject): Issue[] {
	const issues = checkText(request, 'method', "Use 'POST'.");
	if (issues.length > 0 || request.method === 'POST') return issues;
	const message = `The method '${String(request.method)}' is not supported in a batch. Use 'POST'.`;
	return [invalidValue('method', message)];
}

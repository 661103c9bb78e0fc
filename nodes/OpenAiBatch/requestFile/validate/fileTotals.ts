import { endpointOf } from '../../../endpoints';
import { isSameEndpoint } from '../../../endpoints/endpoint';
import type { Server } from '../../../endpoints/endpoint';
import type { Issue, JsonObject } from '../../../jsonl/json';
import { asHint, isObject, textOrNull } from '../../../jsonl/json';
import { MAX_BYTES } from '../../../jsonl/lines';
import { MAX_EMBEDDING_INPUTS, MAX_REQUESTS } from '../../../jsonl/split';
import { modelOf } from '../../requests/requestChecker';

export interface FileLimits {
	/** The endpoint of the batch; without it, all requests have to name the same endpoint. */
	endpoint?: string;
	/** OpenAI's limit by default. */
	maxRequests?: number;
	/** Whose rules hold; OpenAI's by default. */
	server?: Server;
}

/** The totals of a file, for the rules that no line can break alone. */
export class FileTotals {
	requests = 0;
	bytes = 0;
	/** In the order of their first use, like the endpoints. */
	readonly models = new Set<string>();
	readonly endpoints = new Set<string>();
	private embeddingInputs = 0;

	constructor(private readonly limits: FileLimits) {}

	/** Adds a request. Whoever reads the file counts `requests` and `bytes`. */
	add(request: JsonObject): void {
		const url = textOrNull(request.url);
		const model = modelOf(request.body);
		if (url !== null) this.endpoints.add(url);
		if (model !== undefined) this.models.add(model);
		if (isObject(request.body)) {
			this.embeddingInputs += endpointOf(url)?.embeddingInputs(request.body) ?? 0;
		}
	}

	/**
	 * Why the API would refuse the file as a whole. For another server than OpenAI, only a limit that
	 * the user has set is more than a hint.
	 */
	check(): Issue[] {
		if (this.requests === 0) return [{ code: 'empty_file', message: 'The file has no requests.' }];
		const { maxRequests, server } = this.limits;
		const tooMany = this.checkRequests();
		const others = [...this.checkSizes(), ...this.checkModels(), ...this.checkEndpoints()];
		if (server !== 'compatible') return [...tooMany, ...others];
		const isSet = maxRequests !== undefined;
		return [...(isSet ? tooMany : tooMany.map(asHint)), ...others.map(asHint)];
	}

	private checkRequests(): Issue[] {
		const { maxRequests = MAX_REQUESTS } = this.limits;
		if (this.requests <= maxRequests) return [];
		const message = `The file has ${this.requests} requests, more than the ${maxRequests} that a batch can have. Split the file, or set Max Requests per Batch for a server that takes more: Azure takes 100,000, for example.`;
		return [{ code: 'too_many_requests', message }];
	}

	private checkSizes(): Issue[] {
		const limits: Array<[code: string, value: number, max: number, unit: string]> = [
			['file_too_large', this.bytes, MAX_BYTES, 'bytes'],
			['too_many_embedding_inputs', this.embeddingInputs, MAX_EMBEDDING_INPUTS, 'embedding inputs'],
		];
		return limits
			.filter(([, value, max]) => value > max)
			.map(([code, value, max, unit]) => ({
				code,
				message: `The file has ${value} ${unit}, more than the ${max} that a batch can have. Split the file.`,
			}));
	}

	private checkModels(): Issue[] {
		const { size } = this.models;
		if (size < 2) return [];
		const message = `The requests name ${size} models (${someOf(this.models)}). Make a file for each model.`;
		return [{ code: 'mismatched_model', message }];
	}

	/** When the batch's endpoint is given, each line has been checked against it. */
	private checkEndpoints(): Issue[] {
		const [first, ...others] = this.endpoints;
		if (this.limits.endpoint !== undefined || others.every((url) => isSameEndpoint(url, first)))
			return [];
		const message = `The requests have ${this.endpoints.size} urls (${someOf(this.endpoints)}). Make a file for each endpoint.`;
		return [{ code: 'invalid_url', message }];
	}
}

function someOf(names: ReadonlySet<string>): string {
	const some = [...names].slice(0, 5).join(', ');
	return names.size > 5 ? `${some}, …` : some;
}

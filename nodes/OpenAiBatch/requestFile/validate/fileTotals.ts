import { familyOf, withoutVersion } from '../../../endpoints/paths';
import { isObject, textOrNull } from '../../../jsonl/json';
import type { JsonObject } from '../../../jsonl/json';
import { MAX_BYTES, MAX_EMBEDDING_INPUTS, MAX_REQUESTS } from '../../../jsonl/limits';
import { embeddingInputs } from '../../../endpoints/embeddingInputs';
import type { Issue } from '../../../jsonl/issue';
import { modelOf } from '../../requests/requestChecker';

/** What a file adds up to, for the rules that no line alone can break. */
export class FileTotals {
	requests = 0;
	bytes = 0;
	/** In the order of their first use, as the endpoints are. */
	readonly models = new Set<string>();
	readonly endpoints = new Set<string>();
	private embeddingInputs = 0;

	/** @param endpoint the batch's endpoint; without it all requests must have the same url */
	constructor(private readonly endpoint: string | undefined) {}

	/** Takes note of a request; `requests` and `bytes` are counted by the reader of the file. */
	add(request: JsonObject): void {
		const url = textOrNull(request.url);
		const model = modelOf(request.body);
		if (url !== null) this.endpoints.add(url);
		if (model !== undefined) this.models.add(model);
		if (familyOf(url ?? '') === '/embeddings' && isObject(request.body)) {
			this.embeddingInputs += embeddingInputs(request.body);
		}
	}

	/** Why the file as a whole would be refused. */
	check(): Issue[] {
		return [...this.checkSizes(), ...this.checkModels(), ...this.checkEndpoints()];
	}

	private checkSizes(): Issue[] {
		const limits: Array<[code: string, value: number, max: number, unit: string]> = [
			['too_many_requests', this.requests, MAX_REQUESTS, 'requests'],
			['file_too_large', this.bytes, MAX_BYTES, 'bytes'],
			['too_many_embedding_inputs', this.embeddingInputs, MAX_EMBEDDING_INPUTS, 'embedding inputs'],
		];
		const issues = limits
			.filter(([, value, max]) => value > max)
			.map(([code, value, max, unit]) => ({
				code,
				message: `The file has ${value} ${unit}, more than the ${max} that a batch may have. Split it.`,
			}));
		if (this.requests > 0) return issues;
		return [{ code: 'empty_file', message: 'The file has no requests.' }, ...issues];
	}

	private checkModels(): Issue[] {
		const { size } = this.models;
		if (size < 2) return [];
		const message = `The requests name ${size} models (${someOf(this.models)}). Make a file for each model.`;
		return [{ code: 'mismatched_model', message }];
	}

	/** With the batch's endpoint given, each line has been checked against it. */
	private checkEndpoints(): Issue[] {
		const { size } = new Set([...this.endpoints].map(withoutVersion));
		if (this.endpoint !== undefined || size < 2) return [];
		const message = `The requests have ${size} urls (${someOf(this.endpoints)}). Make a file for each endpoint.`;
		return [{ code: 'invalid_url', message }];
	}
}

function someOf(names: ReadonlySet<string>): string {
	const some = [...names].slice(0, 5).join(', ');
	return names.size > 5 ? `${some}, …` : some;
}

import type { IDataObject } from 'n8n-workflow';
import type { ClassifiedResult, ResultLine } from '../../jsonl/resultLine';
import { classify, parseResultLine } from '../../jsonl/resultLine';
import type { ResultShape, ResultStatus } from './resultItem';
import { missingJson, resultJson } from './resultItem';

interface Entry {
	status: ResultStatus;
	/** Left out for statuses that the user did not ask for. */
	json?: IDataObject;
}

/**
 * The results of a batch, one for each custom_id whatever the order of the lines. Holds what is
 * put out, and of the rest only the ids.
 */
export class ResultSet {
	readonly counts: Record<ResultStatus, number> = {
		succeeded: 0,
		failed: 0,
		expired: 0,
		cancelled: 0,
		missing: 0,
	};

	private readonly entries = new Map<string, Entry>();
	/** Lines without a custom_id belong to no request, but are not dropped. */
	private readonly nameless: Entry[] = [];
	private readonly errors = new Map<string, number>();

	constructor(private readonly include: ReadonlySet<ResultStatus>) {}

	/** How many different requests have a result. */
	get size(): number {
		return this.entries.size;
	}

	get total(): number {
		return this.entries.size + this.nameless.length;
	}

	has(customId: string): boolean {
		return this.entries.has(customId);
	}

	/**
	 * Takes one line of a result file. A second line for the same request replaces the first,
	 * unless the first succeeded.
	 */
	addLine(text: string, shape: ResultShape): void {
		const line = parseResultLine(text);
		const classified = classify(line);
		const { custom_id } = line;
		const before = custom_id === null ? undefined : this.entries.get(custom_id);
		if (before?.status === 'succeeded') return;
		if (before) this.counts[before.status]--;
		const entry = this.entryFor(line, classified, shape);
		if (custom_id === null) this.nameless.push(entry);
		else this.entries.set(custom_id, entry);
		this.counts[entry.status]++;
		if (classified.error) this.countError(classified);
	}

	/** Takes a request that has no result. */
	addMissing(customId: string, batchId: string): void {
		const isWanted = this.include.has('missing');
		const json = isWanted ? missingJson(customId, batchId) : undefined;
		this.entries.set(customId, { status: 'missing', json });
		this.counts.missing++;
	}

	/** Joins the original request to its result, where that is put out. */
	addRequest(customId: string, request: IDataObject): void {
		const json = this.entries.get(customId)?.json;
		if (json) json.request = request;
	}

	/** What is put out, in the order in which it arrived. */
	*included(): Generator<IDataObject> {
		for (const { json } of this.entries.values()) if (json) yield json;
		for (const { json } of this.nameless) if (json) yield json;
	}

	/** The error that the most requests ended with, as the API words it. */
	mostCommonError(): { message: string; count: number } | undefined {
		const [first] = [...this.errors].sort(([, a], [, b]) => b - a);
		return first && { message: first[0], count: first[1] };
	}

	private entryFor(line: ResultLine, classified: ClassifiedResult, shape: ResultShape): Entry {
		const { status } = classified;
		if (!this.include.has(status)) return { status };
		return { status, json: resultJson(line, classified, shape) };
	}

	private countError({ error }: ClassifiedResult): void {
		const message = error?.message ?? error?.code ?? 'unknown';
		if (this.errors.size < MAX_DIFFERENT_ERRORS || this.errors.has(message)) {
			this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
		}
	}
}

/** Messages may differ in every request; the most common one is then not worth the memory. */
const MAX_DIFFERENT_ERRORS = 1000;

import type { ResultError } from '../../../jsonl/resultLine';

export interface ErrorCount {
	/** As the API words it. */
	message: string;
	count: number;
}

/** Messages may differ in every request; the most common one is then not worth the memory. */
const MAX_DIFFERENT = 1000;

/** Counts errors by their words. */
export class ErrorCounts {
	private readonly counts = new Map<string, ErrorCount>();

	/** @returns the count of this error; whoever finds the error to be void takes one off */
	add({ message, code }: ResultError): ErrorCount | undefined {
		const text = message ?? code ?? 'unknown';
		let known = this.counts.get(text);
		if (!known) {
			if (this.counts.size >= MAX_DIFFERENT) return undefined;
			known = { message: text, count: 0 };
			this.counts.set(text, known);
		}
		known.count++;
		return known;
	}

	/** The error that the most requests ended with. */
	mostCommon(): ErrorCount | undefined {
		const [first] = [...this.counts.values()].sort((a, b) => b.count - a.count);
		return first?.count > 0 ? first : undefined;
	}
}

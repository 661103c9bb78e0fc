import type { WireBatch } from './batches/batch';
import type { RequestLine } from './batches/requestLine';
import { markedFate, markedOutcome, type Fate, type Outcome } from './outcomes';

export interface RequestRule {
	/** Asked once for every line of every batch, at its validation. */
	match: (line: RequestLine) => boolean;
	outcome: Outcome | ((line: RequestLine) => Outcome);
}

export interface BatchRule {
	match: (batch: WireBatch) => boolean;
	fate: Fate;
	/** How many batches it applies to; all by default. */
	times?: number;
}

/**
 * Decides what becomes of requests and batches: rules of a test first, the last given one winning,
 * then the markers in the data itself.
 */
export class Control {
	private readonly requestRules: RequestRule[] = [];
	private readonly batchRules: Array<BatchRule & { left: number }> = [];

	requests(rule: RequestRule): void {
		this.requestRules.unshift(rule);
	}

	batches(rule: BatchRule): void {
		this.batchRules.unshift({ ...rule, left: rule.times ?? Infinity });
	}

	/** What a rule or a marker asks for; undefined when none does. */
	outcomeOf(line: RequestLine, text: string): Outcome | undefined {
		const rule = this.requestRules.find(({ match }) => match(line));
		if (rule === undefined) return markedOutcome(text);
		return typeof rule.outcome === 'function' ? rule.outcome(line) : rule.outcome;
	}

	fateOf(batch: WireBatch): Fate | undefined {
		const rule = this.batchRules.find(({ left, match }) => left > 0 && match(batch));
		if (rule === undefined) return markedFate(batch.metadata);
		rule.left--;
		return rule.fate;
	}
}

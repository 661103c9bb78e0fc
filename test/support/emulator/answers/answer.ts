import type { Outcome } from '../outcomes';

/** One request that is answered. */
export interface AnswerContext {
	body: Record<string, unknown>;
	/** An answer, a refusal or a truncation: failures never come here. */
	outcome: Outcome;
	/** Unix seconds. */
	created: number;
	/** 64 hexadecimal digits that differ for every request; ids are cut from them. */
	hex: string;
}

export interface Tokens {
	input: number;
	output: number;
	reasoning?: number;
}

/** The response body and what it used. */
export interface Answer {
	body: unknown;
	usage: Tokens;
}

import { createHash } from 'node:crypto';

/** 32-bit FNV-1a of a text: the seed of everything that depends on a request's content. */
export function hash32(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) {
		hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	}
	return hash >>> 0;
}

/** 64 hexadecimal digits that depend on the text only. */
export function hexDigest(text: string): string {
	return createHash('sha256').update(text).digest('hex');
}

/** A seeded source of numbers in [0, 1) (mulberry32): the same seed gives the same numbers. */
export class Random {
	constructor(private state: number) {}

	next(): number {
		this.state = (this.state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	}

	/** A whole number from 0 to `below` - 1. */
	below(below: number): number {
		return Math.floor(this.next() * below);
	}

	/** A whole number from `low` to `high`, both included. */
	integer(low: number, high: number): number {
		return low + this.below(high - low + 1);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(values: readonly T[]): T {
		return values[this.below(values.length)];
	}
}

import type { Random } from './emulator/random';

/** An execution sends at most so many requests before it is the other one's turn. */
const LONGEST_TURN = 5;

/**
 * Lets the requests of two executions take effect in an order that the seed decides: the server
 * holds each request of the one while it is the other one's turn. A turn ends before or after the
 * effect of a request, so that everything may happen between any two requests of an execution.
 */
export class Turns {
	private turn = 0;
	private left: number;
	private readonly ended = new Set<number>();
	private readonly held: Array<() => void> = [];

	/** @param numbers those of the executions */
	constructor(
		private readonly random: Random,
		private readonly numbers: readonly number[],
	) {
		this.left = this.draw();
	}

	/** Resolves when the request may go on; undefined when that is now. */
	async pass(number: number): Promise<void> {
		if (this.isTurnOf(number) && --this.left < 0) this.change();
		while (!this.isTurnOf(number)) await new Promise<void>((resolve) => this.held.push(resolve));
	}

	/** The other one has all turns from now on. */
	end(number: number): void {
		this.ended.add(number);
		if (this.isTurnOf(number)) this.change();
	}

	private isTurnOf(number: number): boolean {
		return this.numbers[this.turn] === number;
	}

	private change(): void {
		const next = 1 - this.turn;
		this.left = this.draw();
		if (this.ended.has(this.numbers[next])) return;
		this.turn = next;
		for (const goOn of this.held.splice(0)) goOn();
	}

	/** Each request passes twice. */
	private draw(): number {
		return this.random.integer(1, 2 * LONGEST_TURN);
	}
}

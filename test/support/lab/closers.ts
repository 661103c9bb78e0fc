/** Things to end when the demo ends, newest first, each exactly once. */
export class Closers {
	private readonly closers: Array<() => Promise<void>> = [];

	add(close: () => Promise<void>): void {
		this.closers.push(close);
	}

	/** Ends them all, also when one of them cannot; then throws the first error. */
	async close(): Promise<void> {
		const errors: unknown[] = [];
		for (let close = this.closers.pop(); close; close = this.closers.pop()) {
			await close().catch((error: unknown) => errors.push(error));
		}
		if (errors.length > 0) throw errors[0];
	}
}

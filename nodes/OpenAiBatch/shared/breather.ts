import { sleep } from 'n8n-workflow';

/** How long n8n may be kept busy without a break. Its editor and webhooks wait meanwhile. */
const STRETCH_MS = 50;

/** Gives n8n time for its other work now and then during a long loop. */
export class Breather {
	private since = Date.now();

	/** Whether a break is due. Separate from `breathe`, since an await for every item costs more. */
	get isDue(): boolean {
		return Date.now() - this.since >= STRETCH_MS;
	}

	async breathe(): Promise<void> {
		await sleep(0);
		this.since = Date.now();
	}
}

/** Yields the chunks as they come, and gives n8n time for its other work in between. */
export async function* breathing<T>(chunks: AsyncIterable<T>): AsyncGenerator<T> {
	const breather = new Breather();
	for await (const chunk of chunks) {
		yield chunk;
		if (breather.isDue) await breather.breathe();
	}
}

import { sleep } from 'n8n-workflow';

/** How long n8n may be kept busy at a stretch; its editor and webhooks wait meanwhile. */
const STRETCH_MS = 50;

/** Lets n8n go on with its other work now and then during a long loop. */
export class Breather {
	private since = Date.now();

	/** Whether it is time; separate from `breathe`, since awaiting for each item would cost more. */
	get isDue(): boolean {
		return Date.now() - this.since >= STRETCH_MS;
	}

	async breathe(): Promise<void> {
		await sleep(0);
		this.since = Date.now();
	}
}

/** Passes chunks on, and lets n8n go on with its other work in between. */
export async function* breathing<T>(chunks: AsyncIterable<T>): AsyncGenerator<T> {
	const breather = new Breather();
	for await (const chunk of chunks) {
		yield chunk;
		if (breather.isDue) await breather.breathe();
	}
}

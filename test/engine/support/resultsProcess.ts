import '../../support/engine/environment';
import type { IDataObject } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';
import { createEngine } from '../../support/engine';
import { OpenAiBatch } from '../../support/engine/nodes';
import { longestStretch } from './longestStretch';
import { extraMemory, heldMemory } from './memory';

/**
 * Writes the results of a submission into a file in a process of its own, and measures how much
 * memory it takes for that, and for how long it is busy without a break.
 */
export async function writeResults(
	credential: { url: string; apiKey: string },
	{ warmUp, batchId }: { warmUp: string; batchId: string },
	parameters: IDataObject,
) {
	const engine = await createEngine({
		nodes: { node: OpenAiBatch },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential },
	});
	const write = async (id: string) => {
		const { error, items } = await engine.node(
			'node',
			{ operation: 'getResults', batchId: id, ...parameters } as never,
			[{}],
		);
		if (error) throw error;
		const [{ json, binary }] = items('Node');
		return { json, bytes: Number((binary!.data as { bytes?: number }).bytes) };
	};
	await write(warmUp);
	let longestMs = 0;
	let seconds = 0;
	const extra = await extraMemory(async () => {
		const start = performance.now();
		longestMs = await longestStretch(async () => await write(batchId));
		seconds = (performance.now() - start) / 1000;
	});
	let file: Awaited<ReturnType<typeof write>> | undefined;
	const held = await heldMemory(async () => (file = await write(batchId)));
	return { ...file!, held, extra, seconds, longestMs };
}

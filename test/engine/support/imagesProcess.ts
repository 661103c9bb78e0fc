import '../../support/engine/environment';
import { BinaryDataService } from 'n8n-core';
import type { INodeExecutionData } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';

import { createEngine } from '../../support/engine';
import { Container } from '../../support/engine/container';
import { OpenAiBatch } from '../../support/engine/nodes';
import { png } from '../../support/sampleFiles';
import { stored } from './binaryStorage';
import { heldMemory, leastExtraMemory } from './memory';

/** Images of so many bytes, of which no two are the same, stored out of one buffer. */
async function items(images: number, bytes: number): Promise<INodeExecutionData[]> {
	const image = Buffer.alloc(bytes, 'image ');
	const start = png(1_024, 1_024);
	image.set(start);
	const made: INodeExecutionData[] = [];
	for (let index = 0; index < images; index++) {
		image.write(`${index} of ${images}`, start.length);
		const names = { fileName: `${index}.png`, mimeType: 'image/png' };
		made.push({ json: {}, binary: { data: await stored('filesystem-v2', image, names) } });
	}
	return made;
}

/** As many as let the garbage pile up that V8 allows, whether few or many images follow. */
const WARM_UP = 20;

/** Measures how much memory n8n itself takes to read images, twice as the node does. */
export async function readImages(images: number, bytes: number): Promise<number> {
	const first = await items(WARM_UP, bytes);
	const input = await items(images, bytes);
	const storage = Container.get(BinaryDataService);
	const readTwice = async (list: INodeExecutionData[]) => {
		for (const { binary } of [...list, ...list]) {
			for await (const chunk of await storage.getAsStream(binary!.data.id!)) void chunk;
		}
	};
	await readTwice(first);
	return await leastExtraMemory(async () => await readTwice(input));
}

/**
 * Submits images in a process of its own, and measures how much memory it takes for that: what it
 * holds, and what it has with garbage.
 */
export async function submitImages(
	credential: { url: string; apiKey: string },
	images: number,
	bytes: number,
) {
	const engine = await createEngine({
		nodes: { node: OpenAiBatch },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential },
	});
	// Each time another execution, which sends the same content again.
	const submit = async (input: INodeExecutionData[], executionId: string) => {
		const { error, items: output } = await engine.node(
			'node',
			{
				operation: 'submit',
				prompt: 'Look',
				requestOptions: { attachments: { values: [{}] } },
			} as never,
			input,
			{ executionId },
		);
		if (error) throw error;
		return output('Node').map(({ json }) => json);
	};
	const first = await items(WARM_UP, bytes);
	const input = await items(images, bytes);
	await submit(first, 'warm up');
	const start = performance.now();
	const extra = await leastExtraMemory(async (run) => await submit(input, `extra ${run}`));
	const seconds = (performance.now() - start) / 1000;
	let batches: Awaited<ReturnType<typeof submit>> = [];
	const held = await heldMemory(async () => (batches = await submit(input, 'held')));
	return { batches, held, extra, seconds };
}

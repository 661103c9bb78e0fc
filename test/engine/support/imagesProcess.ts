import '../../support/engine/environment';
import { Readable } from 'node:stream';
import type { INodeExecutionData } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';

import { createEngine } from '../../support/engine';
import { OpenAiBatch } from '../../support/engine/nodes';
import { png } from '../../support/sampleFiles';
import { stored } from './binaryStorage';
import { extraMemory, heldMemory } from './memory';

/** An image of so many bytes, of which no two are the same, without being in memory as a whole. */
function* image(bytes: number, index: number) {
	const block = Buffer.alloc(64 * 1024, `image ${index} `);
	yield png(1_024, 1_024);
	for (let left = bytes - png(1, 1).length; left > 0; left -= block.length) {
		yield block.subarray(0, Math.min(left, block.length));
	}
}

async function items(images: number, bytes: number): Promise<INodeExecutionData[]> {
	const made: INodeExecutionData[] = [];
	for (let index = 0; index < images; index++) {
		const names = { fileName: `${index}.png`, mimeType: 'image/png' };
		const data = await stored('filesystem-v2', Readable.from(image(bytes, index)), names);
		made.push({ json: {}, binary: { data } });
	}
	return made;
}

/** Submits images in a process of its own, and measures how much memory it takes for that. */
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
	const submit = async (input: INodeExecutionData[]) => {
		const { error, items: output } = await engine.node(
			'node',
			{
				operation: 'submit',
				prompt: 'Look',
				requestOptions: { attachments: { values: [{}] } },
			} as never,
			input,
		);
		if (error) throw error;
		return output('Node').map(({ json }) => json);
	};
	// What every first run loads is not what many images need.
	await submit(await items(20, bytes));
	const input = await items(images, bytes);
	let batches: Awaited<ReturnType<typeof submit>> = [];
	const held = await heldMemory(async () => (batches = await submit(input)));
	// Other images than before, since the same ones would not be sent again.
	const others = await items(images / 4, bytes + 1);
	const start = performance.now();
	const extra = await extraMemory(async () => await submit(others));
	const seconds = (performance.now() - start) / 1000;
	return { batches, held, extra, seconds };
}

import '../../support/engine/environment';
import { Readable } from 'node:stream';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';
import { createEngine } from '../../support/engine';
import { OpenAiBatch } from '../../support/engine/nodes';
import { stored } from './binaryStorage';
import { longestStretch } from './longestStretch';
import { extraMemory, heldMemory } from './memory';

const TEXT = 'What somebody has written about a film, with "quotes", commas and '.repeat(2);

/** A CSV of so many rows of some 270 bytes, as a stream. */
function* csv(rows: number) {
	let text = 'id;note;title\r\n';
	for (let row = 0; row < rows; row++) {
		text += `film-${row};"${TEXT.replaceAll('"', '""')}\n${row}";${TEXT.replaceAll('"', '')}\r\n`;
		if (text.length < 65_536) continue;
		yield Buffer.from(text);
		text = '';
	}
	yield Buffer.from(text);
}

async function item(rows: number): Promise<INodeExecutionData> {
	const names = { fileName: 'films.csv', mimeType: 'text/csv' };
	return {
		json: {},
		binary: { data: await stored('filesystem-v2', Readable.from(csv(rows)), names) },
	};
}

/**
 * Submits a file of rows in a process of its own, and measures how much memory it takes for that,
 * and for how long it is busy without a break.
 */
export async function submitRows(
	credential: { url: string; apiKey: string },
	rows: number,
	options: IDataObject = {},
) {
	const engine = await createEngine({
		nodes: { node: OpenAiBatch },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential },
	});
	const submit = async (input: INodeExecutionData, executionId: string) => {
		const { error, items: output } = await engine.node(
			'node',
			{
				operation: 'submit',
				requestSource: 'rowsFile',
				prompt: 'Which genre is {title}? {note}',
				customId: '{id}',
				options,
			} as never,
			[input],
			{ executionId: [rows, executionId, JSON.stringify(options)].join(' ') },
		);
		if (error) throw error;
		return output('Node').map(({ json }) => json);
	};
	await submit(await item(1_000), 'warm up');
	const input = await item(rows);
	let longestMs = 0;
	let seconds = 0;
	const extra = await extraMemory(async () => {
		const start = performance.now();
		longestMs = await longestStretch(async () => await submit(input, 'extra'));
		seconds = (performance.now() - start) / 1000;
	});
	let batches: Awaited<ReturnType<typeof submit>> = [];
	const held = await heldMemory(async () => (batches = await submit(input, 'held')));
	return { batches, held, extra, seconds, longestMs };
}

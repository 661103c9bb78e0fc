import { measure } from '../node/meter';
import type { Api } from './api';
import { download } from './api';

interface ResultLine {
	custom_id: string;
	response: { body: { choices: Array<{ message: { content: string } }>; usage: object } };
}

interface Result {
	custom_id: string;
	content: string;
	usage: object;
	request?: object;
}

/** Calls `take` with every line, parsed. */
async function eachLine(api: Api, fileId: string, take: (line: never) => void): Promise<void> {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of await download(api, fileId)) {
		const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
		rest = lines.pop()!;
		for (const line of lines) take(JSON.parse(line) as never);
	}
	if (rest !== '') take(JSON.parse(rest) as never);
}

export interface ResultFiles {
	api: Api;
	outputFileId: string;
	/** To join the original request to each result. */
	inputFileId?: string;
}

/** Reads the results of a batch by custom id, and does nothing else. */
export async function results({ api, outputFileId, inputFileId }: ResultFiles) {
	const end = await measure();
	const found = new Map<string, Result>();
	await eachLine(api, outputFileId, ({ custom_id, response: { body } }: ResultLine) => {
		const { content } = body.choices[0].message;
		found.set(custom_id, { custom_id, content, usage: body.usage });
	});
	if (inputFileId) {
		await eachLine(api, inputFileId, (line: { custom_id: string; body: object }) => {
			found.get(line.custom_id)!.request = line.body;
		});
	}
	const items = [...found.values()];
	const measured = await end();
	return { ...measured, items: items.length, lastItem: items.at(-1) };
}

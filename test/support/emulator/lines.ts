import { createReadStream } from 'node:fs';

const NEWLINE = 10;

/**
 * The lines of a file, split on `\n` bytes only, without their line ends. Memory holds one chunk
 * and one line; between two chunks other work gets its turn.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
	let rest: Buffer[] = [];
	for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
		let start = 0;
		for (;;) {
			const end = chunk.indexOf(NEWLINE, start);
			if (end < 0) break;
			const tail = chunk.subarray(start, end);
			yield (rest.length === 0 ? tail : Buffer.concat([...rest, tail])).toString('utf8');
			rest = [];
			start = end + 1;
		}
		if (start < chunk.length) rest.push(chunk.subarray(start));
	}
	if (rest.length > 0) yield Buffer.concat(rest).toString('utf8');
}

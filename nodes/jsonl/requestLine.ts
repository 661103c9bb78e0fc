import type { JsonObject } from './json';

/** One line of a batch input file. */
export interface RequestLine {
	custom_id: string;
	method: string;
	url: string;
	body: JsonObject;
}

/** A request that JSON cannot express: it is circular, has a BigInt, has no body, … */
export class RequestSerializationError extends Error {
	constructor(
		readonly customId: string,
		reason: string,
	) {
		super(`The request '${customId}' cannot be written as JSON: ${reason}`);
		this.name = 'RequestSerializationError';
	}
}

/**
 * One request as a line of JSONL, without the line break; its size in the file is
 * `Buffer.byteLength(line) + 1`. The keys have the API's own order, and other keys of the object
 * are left out. Own keys of the body such as `__proto__` are kept.
 *
 * @throws RequestSerializationError
 */
export function serializeRequest(line: RequestLine): string {
	const { custom_id, method, url, body } = line;
	let reason = 'its body is not an object.';
	try {
		const text = JSON.stringify({ custom_id, method, url, body });
		// JSON leaves out a body that it cannot express, such as a function.
		if (text.endsWith('}}')) return text;
	} catch (error) {
		reason = (error as Error).message;
	}
	throw new RequestSerializationError(String(custom_id), reason);
}

import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { pause } from '../../openai/http/pause';

/**
 * The most bytes that n8n (2.41) can read out of PostgreSQL: it gets them as text of two digits a
 * byte behind `\x`, and Node's texts end at 536,870,888 characters. n8n stores up to twice as much,
 * and then waits for ever for a read that broke its connection. SQLite has no such limit.
 */
export const MOST_FROM_POSTGRES = 268_435_443;

const FROM_DATABASE = 'database:';

/** Far more than a database that does answer takes for 512 MiB. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * Opens a file in n8n's binary storage.
 *
 * @param id n8n's id of the stored file, as `database:…` or `filesystem-v2:…`
 * @param bytes its size
 * @throws {NodeOperationError} when the file lies in a database that does not give it out
 */
export async function openStored(
	context: IExecuteFunctions,
	id: string,
	bytes: number,
): Promise<AsyncIterable<Uint8Array>> {
	const opening = context.helpers.getBinaryStream(id) as Promise<AsyncIterable<Uint8Array>>;
	if (!id.startsWith(FROM_DATABASE) || bytes <= MOST_FROM_POSTGRES) return await opening;
	const opened = new AbortController();
	const late = pause(ANSWER_WITHIN_MS, opened.signal).then(() => undefined);
	const stream = await Promise.race([opening, late]).finally(() => opened.abort());
	if (stream) return stream;
	throw new NodeOperationError(
		context.getNode(),
		'n8n cannot read files of 256 MiB and more out of PostgreSQL: use its storage in S3, or cut the file into several',
	);
}

import type { OpenAiClient, OpenedBody } from './client';
import type { Fault, Result } from './fault';
import { connectionFault } from './fault';
import { waitBeforeRetry } from './retry';
import { apiPath } from './url';

/** A transfer in which nothing arrives for this long is given up and begun again. */
const IDLE_LIMIT_MS = 60_000;

/** How often a download is begun again without a single new byte before it is given up. */
const MAX_FRUITLESS_TRIES = 4;

/**
 * The content of a file, streamed. Complete or an error: what ends before its Content-Length, or
 * before `expectedBytes`, is fetched again and continued behind the bytes already delivered, so a
 * reader never sees a shorter file nor a byte twice.
 *
 * @param expectedBytes the file's `bytes`, where known
 * @throws {NodeApiError} when the file cannot be read to its end
 */
export async function* downloadFile(
	client: OpenAiClient,
	fileId: string,
	expectedBytes?: number | null,
): AsyncGenerator<Uint8Array> {
	let delivered = 0;
	for (let fruitless = 0; ; fruitless++) {
		const opened = await client.open({ method: 'GET', path: apiPath('files', fileId, 'content') });
		if (!opened.ok) throw client.error(opened.fault, `File ${fileId} could not be downloaded`);
		const body = readOn(client, opened.value, delivered, expectedBytes ?? undefined);
		// Not for-await: the generator's return value says how the attempt ended.
		for (let step = await body.next(); ; step = await body.next()) {
			if (step.done) {
				if (step.value.ok) return;
				const { fault } = step.value;
				if (fault.kind === 'cancelled' || fruitless >= MAX_FRUITLESS_TRIES) {
					throw client.error(fault, `File ${fileId} could not be downloaded`);
				}
				break;
			}
			delivered += step.value.byteLength;
			fruitless = 0;
			yield step.value;
		}
		await client.pause(waitBeforeRetry(fruitless + 1, {}));
	}
}

/** Reads one attempt from byte `skip` on, and says whether the file was there to its end. */
async function* readOn(
	client: OpenAiClient,
	{ headers, body, guard }: OpenedBody,
	skip: number,
	expectedBytes: number | undefined,
): AsyncGenerator<Uint8Array, Result<void>> {
	const announced = Number(headers['content-length']);
	let received = 0;
	guard.touch(IDLE_LIMIT_MS);
	try {
		for await (const chunk of body) {
			// While the reader is busy with it, the server is not to blame.
			guard.hold();
			const fresh = chunk.subarray(Math.max(0, skip - received));
			received += chunk.byteLength;
			if (fresh.byteLength > 0) yield fresh;
			guard.touch();
		}
	} catch (error) {
		return { ok: false, fault: brokenOff(client, error, guard.stalled) };
	} finally {
		guard.stop();
	}
	const wanted = Math.max(Number.isFinite(announced) ? announced : 0, expectedBytes ?? 0);
	if (received >= wanted) return { ok: true, value: undefined };
	const message = `It ended after ${received} of ${wanted} bytes`;
	return { ok: false, fault: { kind: 'connection', message, mayHaveExecuted: true } };
}

function brokenOff(client: OpenAiClient, error: unknown, stalled: boolean): Fault {
	const fault = connectionFault(error);
	if (client.cancelSignal?.aborted) {
		return { ...fault, kind: 'cancelled', message: 'The execution was cancelled' };
	}
	return stalled ? { ...fault, kind: 'stalled', message: 'The server stopped sending' } : fault;
}

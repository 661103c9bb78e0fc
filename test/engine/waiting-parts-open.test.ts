import type { IDataObject } from 'n8n-workflow';
import { productForEachTest } from './product';
import { ASK_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForEachTest();
const LIMIT = { maxRequestsPerBatch: 2, maxEnqueuedTokens: 1 };
const rowsOf = (name: string, count: number) =>
	Array.from({ length: count }, (_, row) => ({ id: `${name}-${row}`, text: 'some content' }));
const submit = async (name: string, parts: number, options: IDataObject = {}, more = {}) =>
	await product.json(
		'batch',
		'submit',
		{ ...ASK_TEXT, options: { ...LIMIT, ...options } } as never,
		rowsOf(name, 2 * parts),
		more,
	);
const submitWaiting = async (options: IDataObject = {}) =>
	await product.json('batch', 'submitWaiting', { options } as never);
const { batches } = { batches: () => product.emulator.ledger.batches };
/** Both send their creates before either has its answer. */
async function twoAtOnce(other: () => Promise<IDataObject[]> = async () => await submitWaiting()) {
	const { ledger } = product.emulator;
	let arrived = 0;
	let release = () => {};
	const both = new Promise<void>((resolve) => (release = resolve));
	ledger.onRequest = ({ method, path }, stage) => {
		if (method !== 'POST' || !path.endsWith('/batches') || stage !== 'arrived' || ++arrived > 2) return;
		if (arrived === 2) release();
		return both;
	};
	const results = await Promise.all([submitWaiting(), other()]);
	ledger.onRequest = () => {};
	return results;
}
const spent = /^(failed|cancelling|cancelled)$/;
const standing = (part: number) =>
	batches().filter(
		({ status, metadata }) =>
			!spent.test(status) && metadata!.submission_part.startsWith(`${part}/`),
	);
const fail = async (id: string) => {
	await product.emulator.step(id, 'in_progress').catch(() => undefined);
	expect(product.emulator.batch(id).status).toBe('failed');
};
const nextFailsAtLimit = () =>
	product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 1 });

it('1 a part whose duplicate was given up, and which then failed at the limit, waits again', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	product.emulator.control.batches({ match: () => true, fate: 'token_limit', times: 2 });
	await twoAtOnce();
	const [part] = standing(2);
	await fail(part.id);
	await product.emulator.advance(1_000);
	console.log(batches().map(({ id, status, created_at }) => [id, status, created_at]));
	const next = await submitWaiting();
	expect(next.map(({ part: number }) => number)).toEqual([2]);
});

it('10 Submit and Submit Waiting Parts at once return the same batch', async () => {
	const [first] = await submit('a', 2, { submissionKey: 'k' }, { executionId: 'one' });
	await product.finish(String(first.id));
	await product.emulator.advance(1_000);
	const [waiting, submitted] = await twoAtOnce(
		async () => await submit('a', 2, { submissionKey: 'k' }, { executionId: 'two' }),
	);
	console.log(batches().map(({ id, status, created_at }) => [id, status, created_at]));
	console.log(waiting.map(({ id }) => id), submitted.map(({ id }) => id));
	expect(standing(2)).toHaveLength(1);
	expect(submitted[1].id).toBe(standing(2)[0].id);
	expect(waiting[0].id).toBe(standing(2)[0].id);
});

it('10b Submit and Submit Waiting Parts at once return the same batch, without a key', async () => {
	const [first] = await submit('a', 2, {}, { executionId: 'one' });
	await product.finish(String(first.id));
	await product.emulator.advance(1_000);
	const [waiting, submitted] = await twoAtOnce(
		async () => await submit('a', 2, {}, { executionId: 'one' }),
	);
	console.log(batches().map(({ id, status, created_at }) => [id, status, created_at]));
	console.log(waiting.map(({ id }) => id), submitted.map(({ id }) => id));
	expect(standing(2)).toHaveLength(1);
	expect(submitted[1].id).toBe(standing(2)[0].id);
	expect(waiting[0].id).toBe(standing(2)[0].id);
});

it('2 Retry On Fail counts what this execution has created, though the list does not show it', async () => {
	const [measured] = await submit('m', 2);
	await product.finish(String(measured.id));
	await submitWaiting({ maxEnqueuedTokens: 1e6 });
	for (const { id } of batches().slice(1)) await product.finish(id);
	const tokens = Number(batches()[0].metadata!.submission_tokens.split(' ')[0]);
	product.emulator.faults.listDelay(60_000);
	let creates = 0;
	product.emulator.ledger.onRequest = ({ method, path }, stage) => {
		if (stage !== 'arrived' || method !== 'POST' || !path.endsWith('/files')) return;
		if (++creates === 2) {
			product.emulator.faults.next({ method: 'POST', path: '/files', fault: { type: 'status', status: 403 } });
		}
	};
	const result = await product.run(
		'batch',
		'submit',
		{ ...ASK_TEXT, options: { maxRequestsPerBatch: 2, maxEnqueuedTokens: tokens } } as never,
		rowsOf('b', 6),
		{ retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
	);
	console.log(result.items('Node').map(({ json }) => json.status), result.error?.message);
	const live = batches().filter(({ metadata, status }) => metadata!.submission_part.endsWith('/3') && !spent.test(status));
	expect(live).toHaveLength(1);
});

it('3 what one run creates of a submission counts once for the next submission', async () => {
	const [a] = await submit('a', 2);
	const tokens = Number(batches()[0].metadata!.submission_tokens.split(' ')[0]);
	const [b] = await submit('b', 1);
	expect([a.status, b.status]).toEqual(['validating', 'waiting']);
	await product.finish(String(a.id));
	const next = await submitWaiting({ maxEnqueuedTokens: 2 * tokens });
	expect(next.map(({ status }) => status)).toEqual(['validating', 'validating']);
});

it('4a Submit Waiting does not repeat what Retry Unfinished has created', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	nextFailsAtLimit();
	const [second] = await submitWaiting();
	await fail(String(second.id));
	await product.json('batch', 'retry', { batchId: second.id as string });
	await product.finish(batches().at(-1)!.id);
	await submitWaiting();
	expect(standing(2)).toHaveLength(1);
});

it('4b Retry Unfinished does not repeat what Submit Waiting has created', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	nextFailsAtLimit();
	const [second] = await submitWaiting();
	await fail(String(second.id));
	await submitWaiting();
	await product.run('batch', 'retry', { batchId: second.id as string });
	expect(standing(2)).toHaveLength(1);
});

it('5 a server that drops metadata', async () => {
	product.emulator.speak('vllm');
	const first = await submit('a', 2);
	console.log(first);
	await submitWaiting();
	await submitWaiting();
	console.log(batches().map(({ id, status, input_file_id }) => [id, status, input_file_id]));
});

it.each(['litellm', 'litellm-vertex', 'litellm-bedrock', 'zhipu', 'siliconflow', 'alibaba', 'bella', 'azure', 'groq', 'doubleword', 'nebius', 'novita', 'maritaca', 'deepinfra', 'azure-iso'])('6 the server %s', async (name) => {
	product.emulator.speak(name as never);
	const first = await product.run('batch', 'submit', { ...ASK_TEXT, options: LIMIT } as never, rowsOf('a', 4));
	const next = await product.run('batch', 'submitWaiting', { options: {} } as never);
	console.log(name, first.error?.message, first.items('Node').map(({ json }) => json.status), next.error?.message, next.items('Node').map(({ json }) => json.status), batches().length);
});

it('9 two of one part that nobody has settled are settled by the next run', async () => {
	const [first] = await submit('a', 2);
	await product.finish(String(first.id));
	product.emulator.faults.listLag(1);
	const [second] = await submitWaiting();
	const { input_file_id, endpoint, completion_window, metadata } = product.emulator.batch(String(second.id));
	await fetch(`${product.emulator.url}/batches`, {
		method: 'POST',
		headers: { authorization: `Bearer ${product.emulator.apiKey}`, 'content-type': 'application/json' },
		body: JSON.stringify({ input_file_id, endpoint, completion_window, metadata }),
	});
	product.emulator.faults.listLag(0);
	expect(standing(2)).toHaveLength(2);
	await submitWaiting();
	await submitWaiting();
	expect(standing(2)).toHaveLength(1);
});

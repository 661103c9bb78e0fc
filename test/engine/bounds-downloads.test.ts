import type { IDataObject } from 'n8n-workflow';
import { answerLine, addHistory } from './batches';
import { productForTests } from './product';
import type { Fault } from '../support/emulator';
import { startClientNode } from './support/clientNode';
import type { Answer } from './support/scriptedServer';
import { answer, serverForTests } from './support/scriptedServer';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();
const server = serverForTests();

const strike = (fault: Fault, times = 1) =>
	product.emulator.faults.next({ path: /content$/, times, fault });

const batch = () => {
	const output = ['a', 'b', 'c'].map((id) => answerLine(id));
	return addHistory(product, { input: ['{}'], output });
};

const customIds = async (batchId: string) =>
	(await product.json('batch', 'getResults', { batchId })).map(({ custom_id }) => custom_id);

const json = { 'content-type': 'application/json' };
const ELSE = '{"id": "something else"';

describe('an answer that is not the file', () => {
	it.each<[string, Fault]>([
		['a short text', { type: 'status', status: 200, headers: json, body: ELSE }],
		[
			'a page',
			{ type: 'status', status: 200, headers: { 'content-type': 'text/html' }, body: '{}' },
		],
		['nothing', { type: 'truncate', bytes: 0, keepContentLength: false }],
	])('is requested again, and does not become a part of the file: %s', async (_name, fault) => {
		strike(fault, 2);
		expect(await customIds(batch().id)).toEqual(['a', 'b', 'c']);
	});

	it('is shown in the words of the API when it is an error', async () => {
		const error = { message: 'The vault is locked.', type: 'x', param: null, code: null };
		strike({ type: 'status', status: 200, headers: json, body: { error } }, 9);
		const { error: thrown, items } = await product.run('batch', 'getResults', {
			batchId: batch().id,
		});
		expect(thrown?.message).toMatch(/could not be downloaded: The vault is locked\.$/);
		expect(items('Node')).toEqual([]);
	});

	it.each<[string, IDataObject]>([
		['an error', { error: { message: 'The vault is locked.', type: 'x' } }],
		['something else', { ok: true, host: 'proxy-1' }],
		['an empty object', {}],
	])('is no line of a file that the server does not describe: %s', async (_name, body) => {
		const { id } = batch();
		product.emulator.faults.next({
			path: /files\/[^/]+$/,
			fault: { type: 'status', status: 405 },
		});
		strike({ type: 'status', status: 200, headers: json, body });
		expect(await customIds(id)).toEqual(['a', 'b', 'c']);
	});

	it('is shorter than what had come of it before, where nobody knows the length', async () => {
		const node = await startClientNode({ apiKey: 'sk-client', url: server.url });
		const line = '{"custom_id":"a"}\n';
		const whole = answer(200, line.repeat(5_000));
		const cut: Answer = (_request, response) =>
			void response.write(line.repeat(3_000), () => response.socket?.destroySoon());
		const download = async () =>
			await node.run(async (client) => {
				let text = '';
				for await (const chunk of client.download('file-1', { isOfLines: true })) {
					text += String(chunk);
				}
				return text;
			});
		server.script(cut, answer(200, line.repeat(100)), answer(200, ''), whole);
		expect(await download()).toBe(line.repeat(5_000));
	});

	it('is noticed when it came first, without a length, and was interrupted', async () => {
		const node = await startClientNode({ apiKey: 'sk-client', url: server.url });
		const content = '{"right":"content"}\n'.repeat(2_000);
		const whole = answer(200, content);
		const cut =
			(start: string): Answer =>
			(_request, response) =>
				void response.write(start, () => response.socket?.destroySoon());
		const download = async () =>
			await node.run(async (client) => {
				let text = '';
				for await (const chunk of client.download('file-1')) text += String(chunk);
				return text;
			});
		server.script(cut(content.slice(0, 20_000)), cut('{"another":"content"}'.repeat(1_000)), whole);
		expect(await download()).toBe(content);
		server.script(cut('{"another":"content"}'.repeat(1_000)), ...Array<Answer>(9).fill(whole));
		await expect(download()).rejects.toThrow('had another content than before');
		expect(server.seen).toHaveLength(5);
	});
});

import { requestLine, startWithClient, submit } from './client';

describe('the ledger', () => {
	it('knows every request as it came over the wire, without the key', async () => {
		const { emulator, client } = await startWithClient({ now: 1_790_000_000_000 });
		const batch = await submit(client, [requestLine('a')], { metadata: { a: 'b' } });
		const [posted, created] = emulator.ledger.requests;
		expect(posted).toMatchObject({
			method: 'POST',
			path: '/v1/files',
			status: 200,
			at: 1_790_000_000_000,
			form: expect.arrayContaining([{ name: 'purpose', value: 'batch' }]),
		});
		expect(posted.bytes).toBeGreaterThan(requestLine('a').length);
		expect(created).toMatchObject({
			path: '/v1/batches',
			headers: { authorization: 'Bearer ***', 'content-type': 'application/json' },
			body: { endpoint: '/v1/chat/completions', metadata: { a: 'b' } },
			status: 200,
		});
		expect(created.text).toBe(JSON.stringify(created.body));
		expect(created.bytes).toBe(created.text!.length);
		expect(JSON.stringify(emulator.ledger.requests)).not.toContain(emulator.apiKey);

		expect(emulator.ledger.batches.map(({ id }) => id)).toEqual([batch.id]);
		expect(emulator.ledger.uploads.map(({ id }) => id)).toEqual([batch.input_file_id]);
		expect(emulator.file(batch.input_file_id).text()).toBe(`${requestLine('a')}\n`);
		emulator.ledger.clear();
		expect(emulator.ledger.calls('POST', '/batches')).toEqual([]);
		await emulator.close();
	});
});
